// A system whose fields change stops a sync that wants to be asked, names the fields, and goes on when somebody has seen them.

import { look } from "../support/look";
import { joined, live } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("changed fields stop a sync until they are acknowledged", async ({ page }) => {
  test.setTimeout(120_000);
  const { slug, shop, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 1 });
  await page.goto(`${orders}/settings`);
  await live(page);
  await page.getByLabel("A system's fields change").selectOption("Stop and ask me");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText(/Saved\./)).toBeVisible();
  const prepare = async () => {
    await page.goto(orders);
    await live(page);
    await page.getByText("More runs").click();
    await page.getByRole("button", { name: "Full prepare", exact: true }).click();
  };
  await prepare();
  await expect(page.getByText("Full prepare of Orders is done: 1 record.")).toBeVisible({ timeout: 30_000 });
  await sandbox.changeFields("shopify", shop, { entity: "Order", add: "loyaltyTier", kind: "String" });
  await prepare();
  const fields = page.getByRole("region", { name: "Changed fields" });
  await expect(fields).toContainText("loyaltyTier", { timeout: 30_000 });
  await expect(page.getByRole("button", { name: "Process now" })).toBeVisible();
  await look(page, "sync-drift");
  await page.goto(`/o/${slug}`);
  await expect(page.getByText(/Orders wait for a decision/)).toBeVisible();
  await page.getByText(/Orders wait for a decision/).click();
  await live(page);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await expect(page.getByText("The sync goes on with the fields as they are now.")).toBeVisible();
  await expect(fields).toBeHidden();
  await expect(page.getByText("Acknowledged the changed fields of orders.")).toBeHidden();
  await page.goto(`/o/${slug}/activity?by=people`);
  await expect(page.getByText("Acknowledged the changed fields of orders. The sync goes on.")).toBeVisible();
});
