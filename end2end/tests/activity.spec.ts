// The timeline: narrowed by kind, sync, people and words, with everything in the URL.

import { joined, live } from "../support/organisation";
import { expect, test } from "../support/test";

test("the timeline is narrowed, keeps its filter over a reload, and follows what happens within it", async ({ page }) => {
  const { slug, orders } = await joined(page);
  const id = orders.split("/").at(-1) ?? "";
  await page.goto(`/o/${slug}/activity`);
  await live(page);
  const lines = page.getByRole("main").getByRole("listitem");
  const all = await lines.count();
  expect(all).toBeGreaterThan(2);
  await page.getByLabel("Sync", { exact: true }).selectOption("Orders");
  await expect(page).toHaveURL(new RegExp(`sync=${id}`));
  await expect.poll(() => lines.count()).toBeLessThan(all);
  await page.reload();
  await live(page);
  await expect(page.getByLabel("Sync", { exact: true })).toHaveValue(id);
  expect(await lines.count()).toBeLessThan(all);

  // What happens within the filter comes by itself.
  const other = await page.context().newPage();
  await other.goto(orders);
  await live(other);
  await other.locator(".page-actions").getByRole("button", { name: "Pause" }).click();
  await expect(other.getByText("This sync is paused")).toBeVisible();
  await other.close();
  await page.bringToFront();
  await expect(lines.filter({ hasText: /[Pp]aused/ })).toBeVisible();

  await page.getByLabel("Search words and people").fill("no such words");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/q=no/);
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(lines.first()).toBeVisible();
  await page.getByLabel("Who", { exact: true }).selectOption("People");
  await expect(page).toHaveURL(/by=people/);
  await expect(lines.filter({ hasText: /[Pp]aused/ })).toContainText("owner-");
});
