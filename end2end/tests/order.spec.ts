// The main job: somebody makes an order in the shop and sees it arrive in the ERP.

import { joined, live } from "../support/organisation";
import { sandbox, sandboxUrl } from "../support/sandbox";
import { expect, test } from "../support/test";

test("an order that a person makes in the shop arrives in the ERP", async ({ page }) => {
  const organisation = await joined(page);
  await sandbox.make("shopify", "products", organisation.shop, { count: 3 });
  await sandbox.make("shopify", "customers", organisation.shop, { count: 2 });
  const { shop, erp, password } = organisation;

  // In the shop's back office, as a person would.
  const back = await page.context().newPage();
  await back.goto(`${sandboxUrl()}/enter?${new URLSearchParams({ shop, erp, password })}`);
  await back.getByRole("link", { name: "Add order" }).click();
  await back.getByLabel("Customer", { exact: true }).selectOption({ index: 1 });
  await back.getByLabel("Note", { exact: true }).fill("Leave it with the neighbour");
  await back.getByLabel("Item of line 1").selectOption({ index: 1 });
  await back.getByLabel("Quantity of line 1").fill("2");
  await back.getByRole("button", { name: "Save" }).click();
  await expect(back.getByText("Saved.")).toBeVisible();
  const name = (await back.getByRole("heading", { level: 1 }).innerText()).replace("Order ", "");

  // The History is open in another tab and is not touched.
  const history = await page.context().newPage();
  await history.goto(`/o/${organisation.slug}/history?entity=order`);
  await live(history);
  await expect(history.getByRole("heading", { name: /No records yet|Nothing matches/ })).toBeVisible();

  await page.bringToFront();
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 1 record.")).toBeVisible();
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.getByText("Process of Orders is done: 1 record.")).toBeVisible({ timeout: 20_000 });

  const row = history.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("Processed");
  await expect(row).toContainText("Inserted in the destination");

  // And in the ERP's back office.
  await back.goto(`${sandboxUrl()}/erp/orders`);
  await expect(back.getByText("1 in all")).toBeVisible();
  await back.getByRole("rowheader").getByRole("link").click();
  await expect(back.getByLabel("Quantity of line 1")).toHaveValue(/^2/);
});
