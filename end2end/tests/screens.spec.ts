// Every screen: axe finds nothing in either theme, the page does not complain, and nothing runs out at the side of a narrow window. With SHOTS=1 its
// pictures are put into end2end/shots.

import type { Page } from "@playwright/test";

import { look } from "../support/look";
import { joined, live, slugOf, tryDemo } from "../support/organisation";
import { signUp } from "../support/people";
import { sandbox } from "../support/sandbox";
import { expect, test } from "../support/test";

test("the screens before signing in", async ({ page, expectedComplaints }) => {
  test.setTimeout(120_000);
  expectedComplaints.push(/status of 404/);
  await page.goto("/signup");
  await page.getByLabel("Password", { exact: true }).fill("four words would be better");
  await expect(page.getByText(/^Strength:/)).toBeVisible();
  await look(page, "signup");
  await page.getByLabel("E-mail", { exact: true }).fill("not an address");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText(/Not an e-mail address/)).toBeVisible();
  await look(page, "signup-wrong");
  await page.goto("/signin");
  await look(page, "signin");
  await page.goto("/no/such/page");
  await look(page, "not-found");
});

test("the screens of an organisation that has nothing yet", async ({ page }) => {
  test.setTimeout(120_000);
  await signUp(page);
  const slug = slugOf(page);
  for (const screen of ["", "syncs", "syncs/new", "history", "schedules", "connections", "connections/new", "activity", "settings"]) {
    await page.goto(`/o/${slug}/${screen}`.replace(/\/$/, ""));
    await live(page);
    await look(page, `empty-${screen.replace("/", "-") || "overview"}`);
  }
});

async function withDemo(page: Page): Promise<string> {
  const slug = await tryDemo(page);
  // What stays on the screen: a toast is gone after some seconds.
  const orders = page.getByRole("article").filter({ has: page.getByRole("link", { name: "Orders", exact: true }) });
  await expect(orders.getByRole("link", { name: "39 Processed" })).toBeVisible({ timeout: 60_000 });
  return slug;
}

test("the screens of an organisation in the middle of its work", async ({ page }) => {
  test.setTimeout(240_000);
  const slug = await withDemo(page);
  for (const screen of ["", "syncs", "history", "schedules", "connections", "activity", "settings"]) {
    await page.goto(`/o/${slug}/${screen}`.replace(/\/$/, ""));
    await live(page);
    await look(page, screen || "overview");
  }
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Go to" })).toBeVisible();
  await look(page, "palette");
});

test("a sync's and the history's details", async ({ page, expectedComplaints }) => {
  test.setTimeout(240_000);
  expectedComplaints.push(/status of 404/);
  const slug = await withDemo(page);
  await page.goto(`/o/${slug}/syncs`);
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Orders" })).toBeVisible();
  await live(page);
  await look(page, "sync");
  await page.getByRole("link", { name: "Delete" }).click();
  await expect(page.getByRole("dialog", { name: "Delete this sync?" })).toBeVisible();
  await look(page, "sync-delete");
  await page.goto(`/o/${slug}/syncs/00000000-0000-0000-0000-000000000000`);
  await look(page, "sync-not-found");

  await page.goto(`/o/${slug}/history?status=failed`);
  await live(page);
  await page.getByRole("rowheader").getByRole("link").click();
  await expect(page.getByTestId("record-error")).toBeVisible();
  await page.getByText("Request", { exact: true }).first().click();
  await look(page, "history-drawer");
  await page.goto(`/o/${slug}/history?entity=customer`);
  await live(page);
  await page.getByLabel("Select every record on this page").check();
  await look(page, "history-selected");
  await page.goto(`/o/${slug}/history?q=nothing-like-it`);
  await look(page, "history-nothing");
});

test("a connection's details", async ({ page }) => {
  test.setTimeout(240_000);
  const slug = await withDemo(page);
  await page.goto(`/o/${slug}/connections`);
  await live(page);
  await page.getByRole("link", { name: "Sandbox ERP" }).click();
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByText(/^Reached /)).toBeVisible({ timeout: 20_000 });
  await look(page, "connection");
  await page.getByRole("link", { name: "Delete" }).click();
  await expect(page.getByRole("dialog", { name: "Delete this connection?" })).toBeVisible();
  await look(page, "connection-delete");
  await page.goto(`/o/${slug}/connections/new?vendor=shopify`);
  await live(page);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await look(page, "connection-wrong");
  await page.goto(`/o/${slug}/syncs/new`);
  await live(page);
  await look(page, "sync-new");
});

test("the screens while something runs", async ({ page }) => {
  test.setTimeout(120_000);
  const { shop, erp, slug } = await joined(page);
  await sandbox.make("shopify", "orders", shop, { count: 8 });
  await live(page);
  await page.getByRole("button", { name: "Prepare now" }).click();
  await expect(page.getByText("Prepare of Orders is done: 8 records.")).toBeVisible();
  await sandbox.setFault("acumatica", { account: erp, kind: "latency", share: 1, ms: 20_000 });
  await page.getByRole("button", { name: "Process now" }).click();
  await expect(page.locator(".active-runs").getByText("Process of Orders")).toBeVisible();
  await look(page, "sync-running");
  await page.goto(`/o/${slug}`);
  await live(page);
  await expect(page.getByRole("heading", { name: "Running now" })).toBeVisible();
  await look(page, "overview-running");
  await sandbox.clearFaults("acumatica", erp);
});
