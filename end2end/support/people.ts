// People who use Syncline in the journeys.

import { expect, type Page } from "@playwright/test";

export interface Person {
  organisation: string;
  email: string;
  password: string;
}

let people = 0;

/** Somebody whom the database has never seen, also when journeys run beside each other. */
export function newcomer(): Person {
  people += 1;
  const mark = `${process.pid}-${Date.now().toString(36)}-${people}`;
  return { organisation: `Teahouse ${mark}`, email: `owner-${mark}@example.com`, password: `Harbour-${mark}-lantern` };
}

/** Signs somebody up through the form and waits until the organisation's first page is there. */
export async function signUp(page: Page, person: Person = newcomer()): Promise<Person> {
  await page.goto("/signup");
  await page.getByLabel("Organisation", { exact: true }).fill(person.organisation);
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(/\/o\/[^/]+/);
  return person;
}

export async function signIn(page: Page, person: Pick<Person, "email" | "password">): Promise<void> {
  await page.goto("/signin");
  await page.getByLabel("E-mail", { exact: true }).fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/o\/[^/]+/);
}

/** The person of the seeded demo. */
export function demoPerson(): Person {
  return {
    organisation: setting("SYNCLINE_DEMO_ORGANISATION"),
    email: setting("SYNCLINE_DEMO_EMAIL"),
    password: setting("SYNCLINE_DEMO_PASSWORD"),
  };
}

/** A value that `cargo xtask test` hands to the journeys. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; start the journeys with \`cargo xtask test --only e2e\``);
  }
  return value;
}
