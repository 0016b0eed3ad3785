// Every address, loaded by the server and reloaded: the page comes to life, and says nothing in the console.

import type { Page } from "@playwright/test";

import { connect, erpFields, joined, live, makeWorld, shopFields, slugOf } from "../support/organisation";
import { signUp } from "../support/people";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

/** Opens and reloads each address; answers what the pages said. */
async function reloaded(page: Page, addresses: string[]): Promise<string[]> {
  const said: string[] = [];
  page.on("console", (message) => said.push(`${new URL(page.url()).pathname}${new URL(page.url()).search}: ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`${page.url()}: ${error.message}`));
  for (const address of addresses) {
    await page.goto(address);
    await live(page);
    await page.reload();
    await live(page);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  }
  return said;
}

test("every screen of an organisation comes to life when it is reloaded", async ({ page }) => {
  test.setTimeout(300_000);
  const { slug, shop, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 2 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 2 records.")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText(/Process of Orders is done/)).toBeVisible({ timeout: 60_000 });
  const sync = orders.split("/").at(-1) ?? "";
  await page.goto(`/o/${slug}/connections`);
  const connection = new URL((await page.getByRole("link", { name: "Books" }).getAttribute("href")) ?? "", page.url()).pathname;
  const here = (path: string) => `/o/${slug}${path}`;
  const said = await reloaded(page, [
    here(""),
    here("/syncs"),
    here("/syncs/new"),
    orders,
    `${orders}?delete=ask`,
    `${orders}/settings`,
    `${orders}/filter`,
    `${orders}/agreement`,
    `${orders}/dry-run`,
    here("/history"),
    here("/history?entity=order&status=processed"),
    here(`/history?sync=${sync}&q=nothing-like-it`),
    here("/history?columns=status,attempts,version"),
    here("/schedules"),
    here("/connections"),
    here("/connections/new"),
    here("/connections/new?vendor=shopify"),
    connection,
    `${connection}?delete=1`,
    here("/activity"),
    here(`/activity?kind=success&sync=${sync}&by=syncline&q=orders`),
    here("/settings"),
  ]);
  expect(said).toEqual([]);
});

test("every part of a record comes to life when it is reloaded", async ({ page }) => {
  test.setTimeout(300_000);
  const { slug, shop } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 1 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 1 record.")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText(/Process of Orders is done/)).toBeVisible({ timeout: 60_000 });
  await page.goto(`/o/${slug}/history?entity=customer`);
  await live(page);
  await page.locator("[data-record-link]").first().click();
  await expect(page).toHaveURL(/record=/);
  const record = page.url();
  await page.goto(`${record}&part=sides`);
  await live(page);
  await page.getByRole("button", { name: "Compare now" }).click();
  await expect(page).toHaveURL(/run=/);
  await expect(page.getByRole("dialog").getByText(/in the destination's terms\.$/)).toBeVisible({ timeout: 30_000 });
  const compared = page.url();
  const parts = ["versions", "versions&one=1&other=1", "versions&older=1", "sides", "edit", "link", "conflict", "no-such-part"];
  const said = await reloaded(page, [record, compared, ...parts.map((part) => `${record}&part=${part}`)]);
  expect(said).toEqual([]);
});

test("a connection's test and a filter's rows in the address come to life when they are reloaded", async ({ page }) => {
  await signUp(page);
  const slug = slugOf(page);
  const world = await makeWorld();
  await connect(page, slug, "shopify", "Web shop", shopFields(world));
  await live(page);
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByText(/^Reached /)).toBeVisible({ timeout: 30_000 });
  const tested = page.url();
  await connect(page, slug, "acumatica", "Books", erpFields(world));
  await page.goto(`/o/${slug}/syncs/new`);
  await live(page);
  await page.getByRole("button", { name: "Create sync" }).click();
  await expect(page).toHaveURL(/\/syncs\/[0-9a-f-]{36}/);
  const said = await reloaded(page, [tested, `/o/${slug}/syncs/new`, `${new URL(page.url()).pathname}/filter?do=add`]);
  expect(said).toEqual([]);
});
