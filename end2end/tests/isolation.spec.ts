// What belongs to another organisation is not there.

import { joined, slugOf } from "../support/organisation";
import { signUp } from "../support/people";
import { expect, test } from "../support/test";

test("another organisation's screens, records and stream are not found", async ({ page, browser, watch, expectedComplaints }) => {
  expectedComplaints.push(/status of 404/);
  const { slug, orders } = await joined(page);
  await page.goto(`/o/${slug}/connections`);
  const connection = new URL((await page.getByRole("link", { name: "Books" }).getAttribute("href")) ?? "", page.url()).pathname;
  const other = await browser.newContext();
  watch(other);
  const stranger = await other.newPage();
  await signUp(stranger);
  const own = slugOf(stranger);

  const theirs = ["", "/history", "/history?status=failed", "/syncs", "/syncs/new", "/connections", "/connections/new", "/schedules", "/activity"];
  for (const path of [...theirs.map((screen) => `/o/${slug}${screen}`), orders, connection]) {
    const answer = await stranger.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(stranger.getByRole("heading", { name: "Not found" }).first()).toBeVisible();
    expect(await stranger.content()).not.toContain("Web shop");
  }
  // Their ids below one's own organisation.
  for (const path of [orders.replace(slug, own), connection.replace(slug, own)]) {
    const answer = await stranger.goto(path);
    expect(answer?.status(), path).toBe(404);
    expect(await stranger.content()).not.toContain("Books");
  }
  expect((await stranger.request.get(`/o/${slug}/events`)).status()).toBe(404);

  const origin = new URL(page.url()).origin;
  const headers = { origin, accept: "application/json" };
  const sync = orders.split("/").pop() ?? "";
  for (const organisation of [slug, own]) {
    const form = { slug: organisation, sync, phase: "process" };
    const answer = await stranger.request.post("/api/run-start", { form, headers });
    expect(answer.status(), await answer.text()).toBe(404);
  }
  expect((await page.request.post("/api/run-start", { form: { slug, sync, phase: "process" } })).status(), "from another site").toBe(403);
  await other.close();
});
