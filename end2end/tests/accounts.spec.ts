// Coming in and going out.

import { demoPerson, newcomer, signIn, signUp } from "../support/people";
import { forget, live } from "../support/organisation";
import { expect, test } from "../support/test";

test("somebody signs up, signs out and signs in again", async ({ page }) => {
  const person = await signUp(page);
  await live(page);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.getByText(person.organisation).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/signin/);
  await page.goto("/history");
  await expect(page).toHaveURL(/\/signin\?next=/);
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/o\/[^/]+/);
});

test("what is wrong with a sign-up stands beside its field, and what was typed stays", async ({ page }) => {
  const known = await signUp(page);
  await forget(page);
  await page.goto("/signup");
  const organisation = page.getByLabel("Organisation", { exact: true });
  const email = page.getByLabel("E-mail", { exact: true });
  const password = page.getByLabel("Password", { exact: true });
  const create = page.getByRole("button", { name: "Create account" });

  await organisation.fill("Teahouse");
  await email.fill("nobody at example");
  await password.fill("password12");
  await create.click();
  await expect(email).toHaveAccessibleDescription(/Not an e-mail address/);
  await expect(password).toHaveAccessibleDescription(/Too easy to guess/);
  await expect(organisation).toHaveValue("Teahouse");
  await expect(email).toHaveValue("nobody at example");

  await email.fill(known.email);
  await password.fill(newcomer().password);
  await create.click();
  await expect(email).toHaveAccessibleDescription(/already|in use|taken/i);
  await expect(email).toHaveValue(known.email);
  await expect(organisation).toHaveValue("Teahouse");
});

test("a wrong password is refused in words that do not tell who has an account", async ({ page }) => {
  const person = await signUp(page);
  await forget(page);
  for (const email of [person.email, newcomer().email]) {
    await page.goto("/signin");
    await page.getByLabel("E-mail", { exact: true }).fill(email);
    await page.getByLabel("Password", { exact: true }).fill("Not-the-password-9");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/The e-mail address or the password is wrong/);
    await expect(page.getByLabel("E-mail", { exact: true })).toHaveValue(email);
  }
});

test("too many wrong passwords have to wait", async ({ page }) => {
  const person = newcomer();
  await page.goto("/signin");
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  const limited = page.getByText(/Too many attempts\. Try again in \d+ seconds/);
  await expect(async () => {
    await page.getByLabel("Password", { exact: true }).fill("Not-the-password-9");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(limited).toBeVisible({ timeout: 500 });
  }).toPass({ intervals: [0], timeout: 40_000 });
});

test("signing out everywhere ends the other browser's session too", async ({ page, browser, watch }) => {
  const person = await signUp(page);
  const other = await browser.newContext();
  watch(other);
  const elsewhere = await other.newPage();
  await signIn(elsewhere, person);
  await live(elsewhere);
  await page.goto("/settings");
  await live(page);
  await expect(page.getByRole("row").filter({ hasText: "Chrome on Linux" })).toHaveCount(2);
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page).toHaveURL(/\/signin/);
  await elsewhere.reload();
  await expect(elsewhere).toHaveURL(/\/signin/);
  await other.close();
});

test("the demo's person signs in and is offered the sandbox", async ({ page }) => {
  await signIn(page, demoPerson());
  await live(page);
  await expect(page.getByRole("heading", { name: "First steps" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try with sandbox data" })).toBeVisible();
});
