// An organisation in the journeys: its addresses, and a shop and an ERP of its own in the sandbox.

import { expect, type Page } from "@playwright/test";

import { newcomer, signUp } from "./people";
import { sandbox, sandboxUrl } from "./sandbox";

/** A shop and an ERP account that nobody else uses. */
export interface World {
  shop: string;
  erp: string;
  password: string;
}

export interface Joined extends World {
  slug: string;
  /** The page of the sync of orders. */
  orders: string;
}

/** The organisation in the page's address. */
export function slugOf(page: Page): string {
  const slug = new URL(page.url()).pathname.split("/")[2];
  if (!slug) {
    throw new Error(`${page.url()} is no page of an organisation`);
  }
  return slug;
}

/** Waits until the page lives and its stream is open. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator(".strip .live")).toHaveText("Live");
}

/** Loses the browser's session, as somebody does who clears the cookies. The page is left first: its stream would be refused, and say so. */
export async function forget(page: Page): Promise<void> {
  await live(page);
  await page.goto("about:blank");
  await page.context().clearCookies();
}

/** An empty shop and an empty ERP in the sandbox. */
export async function makeWorld(): Promise<World> {
  const mark = newcomer().organisation.replace("Teahouse ", "");
  const world = { shop: `shop-${mark}`, erp: `erp-${mark}`, password: `Kettle-${mark}` };
  await sandbox.makeAccounts({ shop_token: world.shop, erp_user: world.erp, erp_password: world.password, erp_company: "" });
  return world;
}

/** What is typed into the connection form for the shop. */
export function shopFields(world: World): Record<string, string> {
  return { "Shop address": `${sandboxUrl()}/shopify/teahouse`, "API version": "2026-10", "Admin API access token": world.shop };
}

/** What is typed into the connection form for the ERP. */
export function erpFields(world: World): Record<string, string> {
  return {
    "Instance address": `${sandboxUrl()}/acumatica/teahouse`,
    "Endpoint version": "24.200.001",
    "User name": world.erp,
    Password: world.password,
    "Base currency": "EUR",
  };
}

/** Fills fields by their labels. */
export async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
}

/** A new connection by its form; ends on its page. */
export async function connect(page: Page, slug: string, vendor: "shopify" | "acumatica", name: string, fields: Record<string, string>): Promise<void> {
  await page.goto(`/o/${slug}/connections/new?vendor=${vendor}`);
  await live(page);
  await fill(page, { Name: name, ...fields });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/\/connections\/[0-9a-f-]{36}/);
}

/** Somebody new, with a shop, an ERP and a sync of orders (and of what they need) between them; ends on the sync's page. */
export async function joined(page: Page): Promise<Joined> {
  await signUp(page);
  const slug = slugOf(page);
  const world = await makeWorld();
  await connect(page, slug, "shopify", "Web shop", shopFields(world));
  await connect(page, slug, "acumatica", "Books", erpFields(world));
  await page.goto(`/o/${slug}/syncs/new`);
  await live(page);
  await page.getByRole("button", { name: "Create sync" }).click();
  await expect(page).toHaveURL(/\/syncs\/[0-9a-f-]{36}/);
  return { ...world, slug, orders: new URL(page.url()).pathname };
}

/** The demo with one click; ends on the Overview while the orders are on their way. */
export async function tryDemo(page: Page): Promise<string> {
  await signUp(page);
  await live(page);
  await page.getByRole("button", { name: "Try with sandbox data" }).click();
  return slugOf(page);
}

/** The tab of a status, which also counts its records. */
export function statusTab(page: Page, status: string, count: string) {
  return page.getByRole("navigation", { name: "By status" }).getByRole("link", { name: `${status} ${count}`, exact: true });
}
