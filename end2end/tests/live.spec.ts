// The screen follows what happens on the server, also when it did not hear of it.

import { joined, live, statusTab } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("a tab that was cut off catches up by itself", async ({ page, browser, expectedComplaints, watch }) => {
  expectedComplaints.push(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED/);
  const { slug, shop, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 3 });
  const other = await browser.newContext({ storageState: await page.context().storageState() });
  watch(other);
  const cut = await other.newPage();
  await cut.goto(`/o/${slug}/history?entity=order`);
  await live(cut);
  // What would be lost in a reload.
  await cut.evaluate(() => Object.assign(window, { sameTab: true }));
  await other.setOffline(true);

  await page.goto(orders);
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 3 records.")).toBeVisible();
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText("Process of Orders is done: 3 records.")).toBeVisible({ timeout: 20_000 });

  await other.setOffline(false);
  await expect(statusTab(cut, "Processed", "3")).toBeVisible({ timeout: 20_000 });
  await expect(cut.locator("[data-row]").filter({ hasText: "Processed" })).toHaveCount(3);
  await live(cut);
  expect(await cut.evaluate(() => "sameTab" in window)).toBe(true);
  await other.close();
});

test("what one tab does, the other shows", async ({ page, browser, watch }) => {
  const { slug, shop } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 2 });
  const other = await browser.newContext({ storageState: await page.context().storageState() });
  watch(other);
  const second = await other.newPage();
  await second.goto(`/o/${slug}/history?entity=order`);
  await live(second);
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(statusTab(second, "Prepared", "2")).toBeVisible();
  const row = second.locator("[data-row]").first();
  await expect(row).toContainText("Prepared");
  const name = await row.getByRole("rowheader").innerText();
  await page.goto(`/o/${slug}/history?entity=order`);
  await live(page);
  await page.getByLabel(`Select ${name}`).check();
  await page.getByRole("group", { name: "Selected records" }).getByRole("button", { name: "Skip" }).click();
  await expect(second.locator("[data-row]").filter({ hasText: name })).toContainText("Skipped");
  await expect(statusTab(second, "Skipped", "1")).toBeVisible();
  await other.close();
});
