// Looking at a screen: axe finds nothing in either theme, and nothing runs out at the side of a narrow window.

import type { Page } from "@playwright/test";

import { axe } from "./axe";
import { shot } from "./shot";
import { expect } from "./test";

/** With SHOTS=1 its pictures are put into end2end/shots. */
export async function look(page: Page, name: string): Promise<void> {
  await axe(page);
  if (process.env.SHOTS) {
    await shot(page, name);
  }
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 800 });
  const { content, window } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, window: innerWidth }));
  expect(content, `${name} is wider than a narrow window`).toBeLessThanOrEqual(window);
  if (before) {
    await page.setViewportSize(before);
  }
}
