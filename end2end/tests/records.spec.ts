// One record, by hand: compared, edited, replayed, linked, deleted from the history; and the list's columns and its file.

import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { axe } from "../support/axe";
import { type Joined, joined, live, statusTab } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { shot } from "../support/shot";
import { expect, test } from "../support/test";

async function look(page: Page, name: string): Promise<void> {
  await axe(page);
  if (process.env.SHOTS) {
    await shot(page, name);
  }
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 800 });
  const { content, window } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, window: innerWidth }));
  expect(content, `${name} is wider than a narrow window`).toBeLessThanOrEqual(window);
  if (before) {
    await page.setViewportSize(before);
  }
}

async function synced(page: Page, count: number): Promise<Joined> {
  const organisation = await joined(page);
  await sandbox.make("shopify", "orders", organisation.shop, { count });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText(`Prepare of Orders is done: ${count} ${count === 1 ? "record" : "records"}.`)).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText(/Process of Orders is done/)).toBeVisible({ timeout: 60_000 });
  return organisation;
}

const drawer = (page: Page) => page.getByRole("dialog", { name: "Record" });

async function openFirst(page: Page, slug: string, entity: string): Promise<string> {
  await page.goto(`/o/${slug}/history?entity=${entity}`);
  await live(page);
  const link = page.locator("[data-record-link]").first();
  const name = await link.innerText();
  await link.click();
  await expect(drawer(page)).toContainText(name);
  return name;
}

test("both sides of a record are read and compared, and an edit waits with its author's name", async ({ page }) => {
  test.setTimeout(180_000);
  const { slug, erp } = await synced(page, 2);
  await openFirst(page, slug, "customer");
  await look(page, "record-overview");
  const customers = await sandbox.list("acumatica", "Customer", erp);
  const list = Array.isArray(customers) ? customers : customers.records;
  for (const customer of list) {
    await sandbox.edit("acumatica", "Customer", erp, customer.CustomerID ?? customer.id, { CustomerName: "Somebody Else" });
  }
  const parts = drawer(page).getByRole("navigation", { name: "Parts of the record" });
  await parts.getByRole("link", { name: "Both sides" }).click();
  await drawer(page).getByRole("button", { name: "Compare now" }).click();
  await expect(drawer(page).getByRole("region", { name: "Both sides", exact: true })).toContainText("Somebody Else", { timeout: 30_000 });
  await expect(page).toHaveURL(/run=/);
  await look(page, "record-sides");

  await parts.getByRole("link", { name: "Edit" }).click();
  const name = drawer(page).getByLabel("Name", { exact: true });
  await expect(name).toBeVisible();
  await drawer(page).getByLabel("E-mail", { exact: true }).fill("nobody");
  await drawer(page).getByRole("button", { name: "Save and write it" }).click();
  await expect(drawer(page).getByLabel("E-mail", { exact: true })).toHaveAccessibleDescription(/e-mail address/);
  await look(page, "record-edit");
  await page.reload();
  await live(page);
  await drawer(page).getByLabel("E-mail", { exact: true }).fill("ada@example.org");
  await name.fill("Ada Lovelace");
  await drawer(page).getByRole("button", { name: "Save and write it" }).click();
  await expect(drawer(page).getByText(/^Edited by owner-/)).toBeVisible();
  await expect(drawer(page)).toContainText("Ada Lovelace");
  await look(page, "record-edited");

  await parts.getByRole("link", { name: "Versions" }).click();
  await drawer(page).getByRole("button", { name: "Replay from version 1" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("That version is on its way.");
});

test("an order's lines are edited, and a wrong amount is said beside its field", async ({ page }) => {
  test.setTimeout(180_000);
  const { slug } = await synced(page, 1);
  await openFirst(page, slug, "order");
  await drawer(page).getByRole("link", { name: "Edit" }).click();
  await drawer(page).getByLabel("Total", { exact: true }).fill("1,5");
  await drawer(page).getByRole("button", { name: "Save and write it" }).click();
  await expect(drawer(page).getByLabel("Total", { exact: true })).toHaveAccessibleDescription(/Type an amount/);
  await look(page, "record-edit-order");
});

test("a record is looked for at the other side, skipped, taken back and deleted from the history", async ({ page }) => {
  test.setTimeout(180_000);
  const { slug } = await synced(page, 2);
  const name = await openFirst(page, slug, "customer");
  await drawer(page).getByRole("link", { name: "Link", exact: true }).click();
  const search = async (text: string) => {
    await drawer(page).getByLabel("Key or id").fill(text);
    await drawer(page).getByRole("button", { name: "Search" }).click();
  };
  await search("nobody@nowhere.example");
  await expect(drawer(page)).toContainText("Nothing there has it.", { timeout: 30_000 });
  await search(name.split(" · ").at(-1) ?? "");
  await expect(drawer(page)).toContainText("It is linked to this one already.", { timeout: 30_000 });
  await look(page, "record-link");

  await page.goto(`/o/${slug}/history?entity=customer`);
  await live(page);
  const bar = page.getByRole("group", { name: "Selected records" });
  await page.getByLabel(`Select ${name}`).check();
  await bar.getByRole("button", { name: "Set as prepared" }).click();
  await expect(statusTab(page, "Prepared", "1")).toBeVisible();
  await page.getByLabel(`Select ${name}`).check();
  await bar.getByRole("button", { name: "Skip" }).click();
  await expect(statusTab(page, "Skipped", "1")).toBeVisible();
  await page.getByRole("region", { name: "Notifications" }).getByRole("button", { name: "Undo" }).last().click();
  await expect(statusTab(page, "Prepared", "1")).toBeVisible();
  await page.getByLabel(`Select ${name}`).check();
  await bar.getByText("Delete…").click();
  await look(page, "history-delete");
  await bar.getByRole("button", { name: "Delete from history" }).click();
  await expect(page.getByRole("link", { name })).toBeHidden();
});

test("the list has the columns that somebody chose, and its file has every row", async ({ page }) => {
  test.setTimeout(180_000);
  const { slug } = await synced(page, 2);
  await page.goto(`/o/${slug}/history?entity=order`);
  await live(page);
  await page.getByText("Columns", { exact: true }).click();
  await look(page, "history-columns");
  await page.getByRole("checkbox", { name: "Last error" }).uncheck();
  await expect(page).toHaveURL(/columns=/);
  await expect(page.getByRole("columnheader", { name: "Last error" })).toBeHidden();
  await expect(page.getByRole("columnheader", { name: "Status" })).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  const text = await readFile(await download.path(), "utf8");
  const lines = text.trim().split("\r\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("Record,Sync,Status");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: true });

  test("a record is compared and edited by plain forms", async ({ page, browser }) => {
    test.setTimeout(180_000);
    const { slug } = await synced(page, 1);
    await openFirst(page, slug, "customer");
    const address = page.url();
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
    const still = await plain.newPage();
    await still.goto(`${address}&part=sides`);
    await still.getByRole("button", { name: "Compare now" }).click();
    await expect(still.getByText(/in the destination's terms\.$/)).toBeVisible({ timeout: 30_000 });
    await still.goto(`${address}&part=edit`);
    await still.getByLabel("E-mail", { exact: true }).fill("nobody");
    await still.getByRole("button", { name: "Save and write it" }).click();
    await expect(still.getByLabel("E-mail", { exact: true })).toHaveValue("nobody");
    await expect(still.getByLabel("E-mail", { exact: true })).toHaveAccessibleDescription(/e-mail address/);
    await still.goto(`${address}&part=edit`);
    await still.getByLabel("Phone", { exact: true }).fill("+43 1 000");
    await still.getByRole("button", { name: "Save and write it" }).click();
    await expect(still.getByText("Saved. It is written now.")).toBeVisible();
    await plain.close();
  });
});
