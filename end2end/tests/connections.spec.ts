// Connections: by form, tested, kept secret, paused, deleted.

import type { Page } from "@playwright/test";

import { connect, erpFields, fill, joined, live, makeWorld, shopFields, slugOf } from "../support/organisation";
import { signUp } from "../support/people";
import { sandboxUrl } from "../support/sandbox";
import { expect, test } from "../support/test";

async function outcome(page: Page, fields: Record<string, string>, words: RegExp): Promise<void> {
  await fill(page, fields);
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.locator(".test-result")).toContainText(words, { timeout: 20_000 });
}

test("a shop's test says what it reached or what is wrong", async ({ page }) => {
  await signUp(page);
  const world = await makeWorld();
  const right = shopFields(world);
  await page.goto(`/o/${slugOf(page)}/connections/new?vendor=shopify`);
  await live(page);
  await fill(page, { Name: "Web shop" });
  await outcome(page, right, /Reached /);
  await outcome(page, { "Admin API access token": "shpat_wrong" }, /refused the credentials/);
  await outcome(page, { ...right, "API version": "1999-01" }, /does not know this API version/);
  await expect(page.getByLabel("API version", { exact: true })).toHaveAccessibleDescription(/does not know this API version/);
  await outcome(page, { ...right, "Shop address": "https://no-such-shop.invalid" }, /No system has this address/);
  await outcome(page, { "Shop address": "https://10.0.0.1" }, /not one that Syncline calls|private or reserved network/);
  await outcome(page, { "Shop address": "https://169.254.169.254/latest" }, /not one that Syncline calls|private or reserved network/);
  await outcome(page, { "Shop address": `${sandboxUrl()}/_control/stats` }, /not one that Syncline calls|control interface/);
  await outcome(page, { "Shop address": "https://127.0.0.1:4" }, /not one that Syncline calls|private or reserved network/);
  await outcome(page, right, /Reached /);
});

test("an ERP's test says what it reached or what is wrong", async ({ page }) => {
  await signUp(page);
  const world = await makeWorld();
  const right = erpFields(world);
  await page.goto(`/o/${slugOf(page)}/connections/new?vendor=acumatica`);
  await live(page);
  await fill(page, { Name: "Books" });
  await outcome(page, right, /Reached /);
  await outcome(page, { Password: "Not-the-password" }, /refused the credentials/);
  await outcome(page, { ...right, "Endpoint version": "17.200.001" }, /has no endpoint Default of this version/);
  await expect(page.getByLabel("Endpoint version", { exact: true })).toHaveAccessibleDescription(/has no endpoint Default of this version/);
});

test("what was saved is never shown again, can be edited and paused", async ({ page }) => {
  await signUp(page);
  const slug = slugOf(page);
  const world = await makeWorld();
  await connect(page, slug, "shopify", "Web shop", shopFields(world));
  await connect(page, slug, "acumatica", "Books", erpFields(world));
  await page.reload();
  await live(page);
  expect(await page.content()).not.toContain(world.password);
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/Stored\. Leave it empty to keep it/);

  await fill(page, { Name: "The books" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "The books" })).toBeVisible();
  await outcome(page, {}, /Reached /);

  // Another address would get the old password: it has to be typed again.
  await fill(page, { "Instance address": "https://erp.example.com" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/Type the secret again/);

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".facts").getByText("Paused", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.locator(".facts").getByText("Active", { exact: true })).toBeVisible();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Connections" }).click();
  await expect(page.getByRole("row").filter({ hasText: "The books" })).toContainText("Acumatica");
  await expect(page.getByRole("row").filter({ hasText: "Web shop" })).toContainText("Shopify");
});

test("fields that cannot be taken say so beside themselves", async ({ page }) => {
  await signUp(page);
  await page.goto(`/o/${slugOf(page)}/connections/new?vendor=shopify`);
  await live(page);
  await fill(page, { Name: "Web shop", "Shop address": "not an address" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Shop address", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Admin API access token", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Web shop");
  await expect(page.getByLabel("Shop address", { exact: true })).toBeFocused();
});

test("the question before deleting spells out what goes with it", async ({ page }) => {
  const { slug } = await joined(page);
  await page.goto(`/o/${slug}/connections`);
  await live(page);
  await page.getByRole("link", { name: "Books" }).click();
  await page.getByRole("link", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this connection?" });
  for (const sync of ["Orders", "Customers", "Products"]) {
    await expect(dialog.getByRole("listitem").filter({ hasText: sync })).toContainText("the sync, its schedules and the history of 0 records");
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.getByRole("link", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete connection" }).click();
  await expect(page).toHaveURL(/\/connections$/);
  await expect(page.getByRole("row").filter({ hasText: "Web shop" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "Books" })).toBeHidden();
  await page.goto(`/o/${slug}/syncs`);
  await expect(page.getByRole("heading", { name: "No syncs yet" })).toBeVisible();
});
