// Syncs: made from two connections, started, seen running, paused.

import { connect, erpFields, joined, live, makeWorld, shopFields, slugOf } from "../support/organisation";
import { signUp } from "../support/people";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("a sync is made from two connections, and brings those that it needs", async ({ page }) => {
  await signUp(page);
  const slug = slugOf(page);
  await page.goto(`/o/${slug}/syncs/new`);
  await expect(page.getByRole("heading", { name: "Two connections come first" })).toBeVisible();
  const world = await makeWorld();
  await connect(page, slug, "shopify", "Web shop", shopFields(world));
  await connect(page, slug, "acumatica", "Books", erpFields(world));
  await page.goto(`/o/${slug}/syncs/new`);
  await live(page);
  await expect(page.getByLabel("From", { exact: true })).toContainText("Web shop (Shopify)");
  await expect(page.getByLabel("To", { exact: true })).not.toContainText("Web shop");
  await page.getByLabel("What", { exact: true }).selectOption("Customers");
  await expect(page.getByText("This also makes a sync of")).toBeHidden();
  await page.getByLabel("What", { exact: true }).selectOption("Orders");
  await expect(page.getByText("This also makes a sync of")).toBeVisible();
  await page.getByRole("button", { name: "Create sync" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Orders" })).toBeVisible();
  await expect(page.getByRole("region", { name: "List of schedules" })).toContainText("Prepare");
  await page.goto(`/o/${slug}/syncs`);
  for (const name of ["Orders", "Customers", "Products"]) {
    await expect(page.getByRole("rowheader", { name, exact: true })).toBeVisible();
  }
  await page.goto(`/o/${slug}/syncs/new`);
  await live(page);
  await expect(page.getByText("There is such a sync already: Orders")).toBeVisible();
});

test("a second click shows the run that is there", async ({ page }) => {
  const { slug, shop, erp, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 4 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 4 records.")).toBeVisible();
  await sandbox.setFault("acumatica", { account: erp, kind: "latency", share: 1, ms: 1500 });
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.locator(".active-runs").getByText("Process of Orders")).toBeVisible();
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText(/Process is under way already, started by .*It does not run twice/)).toBeVisible();
  await expect(page.locator(".active-runs").getByText("Process of Orders")).toHaveCount(1);
  // Another tab shows the same run, and its progress.
  const other = await page.context().newPage();
  await other.goto(`/o/${slug}/syncs`);
  await expect(other.getByRole("row").filter({ has: other.getByRole("link", { name: "Orders", exact: true }) }).getByRole("progressbar")).toBeVisible();
  await other.close();
  await sandbox.clearFaults("acumatica", erp);
  await page.bringToFront();
  await expect(page.getByText("Process of Orders is done: 4 records.")).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText("Process is under way already")).toBeHidden();

  const runs = page.getByRole("region", { name: "List of runs" });
  await expect(runs.getByRole("row").filter({ hasText: "Process" })).toHaveCount(1);
  expect(new URL(page.url()).pathname).toBe(orders);
});

test("a paused sync starts nothing until it is resumed", async ({ page }) => {
  await joined(page);
  await live(page);
  await page.locator(".page-actions").getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("This sync is paused")).toBeVisible();
  await expect(page.getByRole("button", { name: "Process now" })).toBeDisabled();
  await page.locator(".page-actions").getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("This sync is paused")).toBeHidden();
  await expect(page.getByRole("button", { name: "Process now" })).toBeEnabled();
});
