// The sandbox's control API: making records, setting faults and counting what happened there.

import { setting } from "./people";

export type Vendor = "shopify" | "acumatica";

/** The two accounts that belong together: a shop and an ERP, empty or with the demo's data. */
export interface Accounts {
  shop_token: string;
  erp_user: string;
  erp_password: string;
  erp_company: string;
  demo?: boolean;
}

export interface Fault {
  account: string;
  kind: "latency" | "429" | "5xx" | "cut_after_write" | "malformed";
  /** The fault meets this many requests, or … */
  next?: number;
  /** … this share of them, between 0 and 1. */
  share?: number;
  ms?: number;
}

export interface Writes {
  /** How many records were written. */
  records: number;
  /** How many writes there were; more than records when one was written twice. */
  total: number;
  max_per_record: number;
}

export interface Stats {
  requests: number;
  throttled: number;
  sessions: { in_use: number; max_seen: number; limit: number };
  writes: Record<string, Writes>;
}

/** The sandbox's address, as connections are made to it. */
export function sandboxUrl(): string {
  return setting("SYNCLINE_SANDBOX_URL");
}

export const sandbox = {
  makeAccounts: (accounts: Accounts) => control("POST", "accounts", accounts),

  /** Makes so many plausible records, or the given ones. `account` is a shop's token or an ERP's user. */
  make: (vendor: Vendor, entity: string, account: string, what: { count: number } | { records: unknown[] }) =>
    control("POST", `${vendor}/${entity}?account=${encodeURIComponent(account)}`, what),

  edit: (vendor: Vendor, entity: string, account: string, id: string, fields: object) =>
    control("PATCH", `${vendor}/${entity}/${encodeURIComponent(id)}?account=${encodeURIComponent(account)}`, fields),

  list: (vendor: Vendor, entity: string, account: string, limit = 250) =>
    control("GET", `${vendor}/${entity}?account=${encodeURIComponent(account)}&limit=${limit}`),

  /** Changes the fields of an entity, as a vendor's release does. */
  changeFields: (vendor: Vendor, account: string, change: { entity: string; add?: string; remove?: string; kind?: string }) =>
    control("POST", `${vendor}/schema?account=${encodeURIComponent(account)}`, change),

  setFault: (vendor: Vendor, fault: Fault) => control("POST", `${vendor}/faults`, fault),

  clearFaults: (vendor: Vendor, account: string) => control("DELETE", `${vendor}/faults?account=${encodeURIComponent(account)}`),

  stats: (vendor: Vendor, account: string): Promise<Stats> => control("GET", `${vendor}/stats?account=${encodeURIComponent(account)}`),
};

async function control(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${sandboxUrl()}/_control/${path}`, {
    method,
    headers: { authorization: `Bearer ${setting("SYNCLINE_SANDBOX_TOKEN")}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`the sandbox answered ${method} ${path} with ${response.status}: ${text}`);
  }
  return text ? JSON.parse(text) : null;
}
