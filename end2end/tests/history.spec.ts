// The Sync History: found, paged, chosen, by mouse and by keyboard, with everything in the URL.

import type { Page } from "@playwright/test";

import { type Joined, joined, live, statusTab } from "../support/organisation";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

async function withOrders(page: Page, count: number): Promise<Joined> {
  const organisation = await joined(page);
  await sandbox.make("shopify", "orders", organisation.shop, { count });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText(`Prepare of Orders is done: ${count} records.`)).toBeVisible({ timeout: 30_000 });
  await page.goto(`/o/${organisation.slug}/history?entity=order`);
  await live(page);
  return organisation;
}

const names = (page: Page) => page.locator("[data-record-link]").allInnerTexts();

test("120 orders are paged, filtered and found, and the back button goes back", async ({ page }) => {
  const { slug } = await withOrders(page, 120);
  await expect(statusTab(page, "Prepared", "120")).toBeVisible();
  await expect(page.locator("[data-row]")).toHaveCount(50);
  const first = await names(page);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page).toHaveURL(/after=/);
  await expect(page.locator("[data-record-link]").first()).not.toHaveText(first[0] ?? "");
  const second = await names(page);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page.locator("[data-row]")).toHaveCount(20);
  const third = await names(page);
  expect(new Set([...first, ...second, ...third]).size).toBe(120);
  await expect(page.getByRole("link", { name: "Older" })).toBeHidden();
  await page.getByRole("link", { name: "Newer" }).click();
  await expect(page.locator("[data-row]")).toHaveCount(50);
  expect(await names(page)).toEqual(second);
  await page.goBack();
  await expect(page.locator("[data-row]")).toHaveCount(20);

  // Text, from the keyboard.
  await page.goto(`/o/${slug}/history`);
  await live(page);
  await page.keyboard.press("/");
  const search = page.getByLabel("Search ids and descriptions");
  await expect(search).toBeFocused();
  const wanted = second[7] ?? "";
  await search.fill(wanted);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/q=/);
  await expect(page.locator("[data-record-link]").first()).toHaveText(wanted);
  await expect(page.locator("[data-row]")).toHaveCount(1);
  await page.reload();
  await expect(search).toHaveValue(wanted);
  await expect(page.locator("[data-row]")).toHaveCount(1);
  await live(page);
  await search.fill("no such order");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.getByRole("link", { name: "Show every record" }).click();
  await expect(page.locator("[data-row]")).toHaveCount(50);
  await expect(search).toHaveValue("");
  await page.getByLabel("Entity", { exact: true }).selectOption("Customers");
  await expect(page).toHaveURL(/entity=customer/);
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.goBack();
  await expect(page.getByLabel("Entity", { exact: true })).toHaveValue("");
  await expect(page.locator("[data-row]")).toHaveCount(50);
});

test("chosen records are skipped and set as prepared, by keyboard and by mouse", async ({ page }) => {
  await withOrders(page, 6);
  const links = page.locator("[data-record-link]");
  await expect(links).toHaveCount(6);
  await page.keyboard.press("j");
  await expect(links.nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press("x");
  const bar = page.getByRole("group", { name: "Selected records" });
  await expect(bar).toContainText("1 record selected");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(bar).toContainText("2 records selected");
  await bar.getByRole("button", { name: "Skip" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("2 records skipped.");
  await expect(statusTab(page, "Skipped", "2")).toBeVisible();
  await expect(statusTab(page, "Prepared", "4")).toBeVisible();

  await statusTab(page, "Skipped", "2").click();
  await expect(page).toHaveURL(/status=skipped/);
  await expect(links).toHaveCount(2);
  await page.getByLabel("Select every record on this page").check();
  await bar.getByRole("button", { name: "Set as prepared" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("2 records set as prepared.");
  await page.goto(page.url().replace("&status=skipped", ""));
  await live(page);
  await expect(statusTab(page, "Prepared", "6")).toBeVisible();

  // The drawer: Enter opens, Esc closes, the back button undoes both.
  await page.keyboard.press("j");
  const name = await links.nth(0).innerText();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Record" });
  await expect(drawer).toContainText(name);
  await expect(page).toHaveURL(/record=/);
  await expect(drawer.getByText("Not tried yet.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(page).not.toHaveURL(/record=/);
  await page.goBack();
  await expect(drawer).toBeVisible();
});

test("everything that matches can be chosen, with its count before", async ({ page }) => {
  await withOrders(page, 60);
  await page.getByLabel("Select every record on this page").check();
  const bar = page.getByRole("group", { name: "Selected records" });
  await expect(bar).toContainText("50 records selected");
  await bar.getByRole("button", { name: "Select all that match" }).click();
  await expect(bar).toContainText("Everything that matches is selected: 60 records");
  await bar.getByRole("button", { name: "Skip" }).click();
  const question = page.getByRole("dialog", { name: "Everything that matches" });
  await expect(question).toContainText("Skip 60 records?");
  await question.getByRole("button", { name: "Skip 60 records" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("60 records skipped.");
  await expect(statusTab(page, "Skipped", "60")).toBeVisible();
});
