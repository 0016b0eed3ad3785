// Do the two systems agree? A difference that somebody made is found, shown by its field, and repaired by one click.

import { look } from "../support/look";
import { joined, live } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("a difference is found, named and repaired, and then both sides agree", async ({ page }) => {
  test.setTimeout(120_000);
  const { slug, shop, erp, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 3 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 3 records.")).toBeVisible();
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText("Process of Orders is done: 3 records.")).toBeVisible({ timeout: 40_000 });

  await page.goto(`${orders}/agreement`);
  await live(page);
  await expect(page.getByText("Never compared yet")).toBeVisible();
  await page.getByRole("button", { name: "Reconcile now" }).click();
  await expect(page.getByText("100.00 %")).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText("Everything that was compared agrees.")).toBeVisible();

  const { records } = await sandbox.list("acumatica", "SalesOrder", erp);
  await sandbox.edit("acumatica", "SalesOrder", erp, String(records[0].OrderNbr), { Description: "Somebody typed over this" });
  await page.getByRole("button", { name: "Reconcile now" }).click();
  const list = page.getByRole("region", { name: "What does not agree" });
  await expect(list.getByText("Somebody typed over this")).toBeVisible({ timeout: 40_000 });
  await expect(list.getByText("note", { exact: true })).toBeVisible();
  await look(page, "sync-agreement");

  await page.goto(`/o/${slug}`);
  await expect(page.getByText("1 order does not agree in both systems.")).toBeVisible();
  await page.getByText("1 order does not agree in both systems.").click();
  await live(page);
  await page.getByRole("link", { name: "Repair all 1" }).click();
  await page.getByRole("button", { name: "Repair 1 record" }).click();
  await expect(page.getByText("1 record is synchronised again.")).toBeVisible();
  await expect(page.getByText("Process of Orders is done: 1 record.")).toBeVisible({ timeout: 40_000 });
  await page.getByRole("button", { name: "Reconcile now" }).click();
  await expect(page.getByText("100.00 %")).toBeVisible({ timeout: 40_000 });
});

test("the parts of a sync's page, with something in each", async ({ page }) => {
  test.setTimeout(240_000);
  const { shop, orders } = await joined(page);
  await page.goto(`${orders}/agreement`);
  await live(page);
  await look(page, "sync-agreement-empty");
  await sandbox.make("shopify", "orders", shop, { count: 4 });
  await page.goto(orders);
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 4 records.")).toBeVisible();
  await page.getByText("More runs").click();
  await look(page, "sync-more");
  await page.goto(`${orders}/dry-run`);
  await live(page);
  await page.getByRole("button", { name: "Dry run now" }).click();
  await expect(page.getByRole("region", { name: "What would happen" }).getByRole("row")).toHaveCount(5, { timeout: 40_000 });
  await look(page, "sync-dry-run");
  await page.goto(`${orders}/settings`);
  await live(page);
  await look(page, "sync-settings");
  await page.goto(`${orders}/filter`);
  await live(page);
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.getByRole("button", { name: "Add a group" }).click();
  await look(page, "sync-filter");
});
