// The server is killed in the middle of its work.

import { joined, live, statusTab } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { killServer } from "../support/server";
import { expect, test } from "../support/test";

const ORDERS = 400;

test("after a crash the work goes on by itself, nothing lost and nothing doubled", async ({ page, expectedComplaints }) => {
  test.setTimeout(360_000);
  expectedComplaints.push(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET/);
  const { slug, shop, erp } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: ORDERS });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText(`Prepare of Orders is done: ${ORDERS} records.`)).toBeVisible({ timeout: 40_000 });
  // A tab of its own stands open beforehand, so that the kill comes while most of the orders are not even begun: those that are under way at a crash
  // wait until their requests can no longer arrive, which is more than a minute, and only the others go on at once.
  const history = await page.context().newPage();
  await history.goto(`/o/${slug}/history?entity=order`);
  await live(history);
  await page.getByRole("button", { name: "Process now" }).click();
  const written = async () => (await sandbox.stats("acumatica", erp)).writes.SalesOrder?.records ?? 0;
  await expect.poll(written, { timeout: 60_000, intervals: [50] }).toBeGreaterThan(20);
  await killServer();
  const atTheCrash = await written();
  expect(atTheCrash, "killed in the middle").toBeLessThan(ORDERS / 2);

  // Within 30 seconds it goes on, and the page, which nobody reloads, shows it.
  await expect.poll(written, { timeout: 30_000 }).toBeGreaterThan(atTheCrash);
  await expect(statusTab(history, "Processed", String(ORDERS))).toBeVisible({ timeout: 180_000 });
  const { writes } = await sandbox.stats("acumatica", erp);
  expect(writes.SalesOrder).toMatchObject({ records: ORDERS, total: ORDERS, max_per_record: 1 });
  const { count } = await sandbox.list("acumatica", "SalesOrder", erp, 1);
  expect(count).toBe(ORDERS);
});
