// A sync's settings and filter: changed with and without JavaScript, by two people at once, with errors beside fields.

import { joined, live } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("settings are changed, wrong ones are refused beside their field, and the timeline names who did it", async ({ page }) => {
  const { slug, orders } = await joined(page);
  await page.goto(`${orders}/settings`);
  await live(page);
  await page.getByLabel("Tries", { exact: true }).fill("0");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText("Type a whole number from 1 to 50.")).toBeVisible();
  await expect(page.getByLabel("Tries", { exact: true })).toBeFocused();
  await page.getByLabel("Tries", { exact: true }).fill("9");
  await expect(page.getByLabel("Quiet time, in seconds")).toHaveValue("15");
  await page.getByLabel("Quiet time, in seconds").fill("30");
  await page.getByLabel("Longest wait, in seconds").fill("120");
  await page.getByLabel("A system's fields change").selectOption("Stop and ask me");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText(/Saved\. .*tries: “5” → “9”/)).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Tries", { exact: true })).toHaveValue("9");
  await expect(page.getByLabel("Quiet time, in seconds")).toHaveValue("30");
  await expect(page.getByLabel("Longest wait, in seconds")).toHaveValue("120");
  await page.goto(`/o/${slug}/activity`);
  await expect(page.getByText(/Settings of orders: .*“5” → “9”/)).toBeVisible();
});

test("what two tabs change at once is merged, and where both changed the second is asked", async ({ page }) => {
  const { orders } = await joined(page);
  await page.goto(`${orders}/settings`);
  await live(page);
  const other = await page.context().newPage();
  await other.goto(`${orders}/settings`);
  await live(other);
  await other.getByLabel("Tries", { exact: true }).fill("7");
  await other.getByRole("button", { name: "Save settings" }).click();
  await expect(other.getByText(/Saved\./)).toBeVisible();
  await other.close();
  await page.getByLabel("A system's fields change").selectOption("Stop and ask me");
  await page.getByLabel("Tries", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText("Meanwhile somebody else has chosen “7” here.")).toBeVisible();
  await expect(page.getByLabel("Tries", { exact: true })).toHaveValue("3");
  await page.getByLabel("Use mine where both changed").check();
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText(/tries: “7” → “3”/)).toBeVisible();
});

test("a filter is built row by row, tried, refused where it is wrong, and excludes records", async ({ page }) => {
  const { shop, orders } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 6 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 6 records.")).toBeVisible();
  await page.goto(`${orders}/filter`);
  await live(page);
  await expect(page.getByText("Matches 6 of the newest 6 records.")).toBeVisible();
  await page.getByRole("button", { name: "Add a condition" }).click();
  const conditions = page.getByRole("group", { name: "Conditions" });
  await conditions.getByLabel("Field").selectOption("Total");
  await conditions.getByLabel("Comparison").selectOption("is more than");
  await conditions.getByLabel("Value").fill("a lot");
  await page.getByRole("button", { name: "Save filter" }).click();
  await expect(conditions.getByText(/Condition 1: /)).toBeVisible();
  await conditions.getByLabel("Value").fill("999999.00");
  await conditions.getByLabel("Value").blur();
  await expect(page.getByText("Matches 0 of the newest 6 records.")).toBeVisible();
  await page.getByRole("button", { name: "Save filter" }).click();
  await expect(page.getByText(/Synchronised now: those of which total is more than 999999\.00/)).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("rows of a filter come and go by the page's own address, and it is saved", async ({ page, browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: true });
    const first = await context.newPage();
    const { orders } = await joined(first);
    await page.context().addCookies(await context.cookies());
    await context.close();
    await page.goto(`${orders}/filter`);
    await page.getByRole("button", { name: "Add a condition" }).click();
    await expect(page).toHaveURL(/do=add/);
    await page.getByLabel("Field").selectOption("Note");
    await page.getByLabel("Comparison").selectOption("contains");
    await page.getByLabel("Value").fill("gift");
    await page.getByRole("button", { name: "Save filter" }).click();
    await expect(page.getByText("Synchronised now: those of which note contains gift.")).toBeVisible();
    await page.getByRole("button", { name: "Remove condition 1" }).click();
    await page.getByRole("button", { name: "Save filter" }).click();
    await expect(page.getByText("Every record is synchronised.")).toBeVisible();
  });
});
