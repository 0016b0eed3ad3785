// The forms work without JavaScript.

import { erpFields, fill, makeWorld, shopFields, slugOf } from "../support/organisation";
import { newcomer, signUp } from "../support/people";
import { sandboxUrl } from "../support/sandbox";
import { expect, test } from "../support/test";

test.use({ javaScriptEnabled: false });

test("without JavaScript somebody signs up, is told what is wrong, and signs in", async ({ page }) => {
  const person = newcomer();
  await page.goto("/signup");
  await page.getByLabel("Organisation", { exact: true }).fill(person.organisation);
  await page.getByLabel("E-mail", { exact: true }).fill("not an address");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(/\/signup/);
  await expect(page.getByLabel("Organisation", { exact: true })).toHaveValue(person.organisation);
  await expect(page.getByLabel("E-mail", { exact: true })).toHaveValue("not an address");
  await expect(page.getByLabel("E-mail", { exact: true })).toHaveAccessibleDescription(/Not an e-mail address/);
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/Too short/);
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();

  await page.getByText(person.organisation).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/signin/);
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill("Not-the-password-9");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByLabel("E-mail", { exact: true })).toHaveValue(person.email);
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/password is wrong/);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("without JavaScript a connection is tested, mended and saved", async ({ page }) => {
  await signUp(page);
  const slug = slugOf(page);
  const world = await makeWorld();
  await page.goto(`/o/${slug}/connections/new?vendor=shopify`);
  await fill(page, { ...shopFields(world), Name: "Web shop", "Shop address": `${sandboxUrl()}/shopify/teahouse`, "API version": "1999-01" });
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByLabel("API version", { exact: true })).toHaveAccessibleDescription(/does not know this API version/, { timeout: 20_000 });
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Web shop");
  await expect(page.getByLabel("API version", { exact: true })).toHaveValue("1999-01");

  await fill(page, shopFields(world));
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByText(/^Reached /)).toBeVisible({ timeout: 20_000 });
  await fill(page, shopFields(world));
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  expect(await page.content()).not.toContain(world.shop);

  await page.goto(`/o/${slug}/connections/new?vendor=acumatica`);
  await fill(page, { ...erpFields(world), "Base currency": "" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Base currency", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("User name", { exact: true })).toHaveValue(world.erp);
});

test("without JavaScript the demo is tried and the history is filtered", async ({ page }) => {
  test.setTimeout(90_000);
  await signUp(page);
  const slug = slugOf(page);
  await page.getByRole("button", { name: "Try with sandbox data" }).click();
  await expect(page.getByText("its orders are on their way")).toBeVisible();
  await expect(async () => {
    await page.goto(`/o/${slug}/history?status=failed`);
    await expect(page.getByRole("row")).toHaveCount(2, { timeout: 100 });
  }).toPass({ timeout: 60_000 });
  await page.getByLabel("Search ids and descriptions").fill("no such thing");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/q=no\+such\+thing/);
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.goto(`/o/${slug}/history?status=failed`);
  await page.getByRole("rowheader").getByRole("link").click();
  const drawer = page.getByRole("dialog", { name: "Record" });
  await expect(drawer.getByTestId("record-error")).toBeVisible();
  await drawer.getByRole("button", { name: "Skip" }).click();
  await expect(page.getByText("1 record skipped.").first()).toBeVisible();
});
