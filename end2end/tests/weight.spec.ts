// What a first visit weighs over the wire, everything included. The bar is in the design; whoever has to raise it looks first at what made the wasm grow.

import { brotliCompressSync } from "node:zlib";

import type { Page } from "@playwright/test";

import { live, tryDemo } from "../support/organisation";
import { expect, test } from "../support/test";

/** Bytes: document, stylesheet, script, wasm, font, icon. */
const FIRST_LOAD = 500_000;

/** Loads `address` with an empty cache; answers the bytes of each file. The document counts as a proxy would send it. */
async function weigh(page: Page, address: string): Promise<Record<string, number>> {
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.setCacheDisabled", { cacheDisabled: true });
  const names = new Map<string, string>();
  const bytes: Record<string, number> = {};
  network.on("Network.responseReceived", ({ requestId, response, type }) => {
    if (type !== "EventSource") {
      names.set(requestId, new URL(response.url).pathname);
    }
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const name = names.get(requestId);
    if (name) {
      bytes[name] = (bytes[name] ?? 0) + encodedDataLength;
    }
  });
  const document = await page.goto(address);
  await page.waitForLoadState("load");
  await expect.poll(() => Object.keys(bytes).some((name) => name.endsWith(".wasm"))).toBe(true);
  bytes[new URL(page.url()).pathname] = brotliCompressSync((await document?.body()) ?? Buffer.of()).length;
  await network.detach();
  return bytes;
}

test("a first visit weighs no more than the bar, signed in or not", async ({ page }) => {
  test.setTimeout(120_000);
  const weights = [await weigh(page, "/signup")];
  const slug = await tryDemo(page);
  await live(page);
  await expect(page.getByRole("article").first()).toBeVisible();
  weights.push(await weigh(page, `/o/${slug}`));
  for (const bytes of weights) {
    const sum = Object.values(bytes).reduce((all, one) => all + one, 0);
    test.info().annotations.push({ type: "weight", description: `${sum} bytes: ${JSON.stringify(bytes)}` });
    expect(Object.keys(bytes).length, "document, stylesheet, script, wasm and font").toBeGreaterThanOrEqual(5);
    expect(sum, JSON.stringify(bytes)).toBeLessThanOrEqual(FIRST_LOAD);
  }
});
