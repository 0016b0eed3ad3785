// The demo: a newcomer with one click, and an order that the ERP rejects.

import { live, statusTab, tryDemo } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("a newcomer tries the sandbox, sees orders arrive, and mends the one that the ERP rejects", async ({ page }) => {
  test.setTimeout(120_000);
  const slug = await tryDemo(page);

  // It is under way before the eyes, and ends by itself.
  await expect(page.getByRole("progressbar").first()).toBeVisible();
  const orders = page.getByRole("article").filter({ has: page.getByRole("link", { name: "Orders", exact: true }) });
  await expect(orders.getByRole("link", { name: "39 Processed" })).toBeVisible({ timeout: 60_000 });
  await expect(orders.getByRole("link", { name: "1 Failed" })).toBeVisible();
  // Many runs end at about this time; the one with a failure is not pushed away by those that went well.
  await expect(page.getByText(/Process of Orders is done: \d+ of \d+ records failed\./)).toBeVisible();
  await expect(page.getByRole("heading", { name: "First steps" })).toBeHidden();

  // The vendor's own words, the field and the next try.
  // Stock levels may still wait for their products, which is no failure.
  await page.goto("/history?status=failed");
  await expect(page).toHaveURL(new RegExp(`/o/${slug}/history\\?status=failed`));
  await live(page);
  const row = page.getByRole("row").filter({ hasText: "Failed" });
  await expect(row).toHaveCount(1);
  await row.getByRole("rowheader").getByRole("link").click();
  const drawer = page.getByRole("dialog", { name: "Record" });
  const problem = drawer.getByTestId("record-error");
  await expect(problem).toContainText(/inactive|not active/i);
  await expect(problem).toContainText("Field: ");
  // The first pause is half a minute at most, and may be a second: it may have been tried again already.
  await expect(problem).toContainText(/\d (try|tries) failed\. Next try: /);
  await expect(drawer.getByText("Attempt 1", { exact: true })).toBeVisible();

  // The other half of the demo: the item is made active there.
  const back = await page.context().newPage();
  await page.goto(`/o/${slug}`);
  const link = await page.getByRole("link", { name: "its shop and ERP" }).getAttribute("href");
  await page.goBack();
  await back.goto(link ?? "");
  await back.goto(new URL("/erp/items?q=TEA-EARL-100", back.url()).href);
  await back.getByRole("link", { name: "TEA-EARL-100" }).click();
  await back.getByRole("button", { name: "Activate", exact: true }).click();
  await expect(back.getByText("The item is active.")).toBeVisible();
  await back.close();

  await live(page);
  const tries = await drawer.getByText(/^Attempt \d+$/).count();
  await drawer.getByRole("button", { name: "Retry" }).click();
  await expect(drawer.getByText("1 record will be tried again now.")).toBeVisible();
  const last = `Attempt ${tries + 1}`;
  await expect(drawer.getByText(last, { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(drawer.locator(".facts").getByText("Processed", { exact: true })).toBeVisible();
  const second = drawer.getByRole("listitem").filter({ hasText: last });
  await second.getByText("Request", { exact: true }).click();
  await expect(second.getByLabel("Request", { exact: true })).toContainText("TEA-EARL-100");
  await second.getByText("Response", { exact: true }).click();
  await expect(second.getByLabel("Response", { exact: true })).toContainText("OrderNbr");
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(statusTab(page, "Failed", "0")).toBeVisible();

  const account = new URL(link ?? "").searchParams.get("erp") ?? "";
  const { writes } = await sandbox.stats("acumatica", account);
  expect(writes.SalesOrder).toMatchObject({ records: 40, max_per_record: 1 });
});
