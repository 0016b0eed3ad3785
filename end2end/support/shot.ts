// Pictures to look at: each screen light and dark, wide and narrow, in end2end/shots.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Page } from "@playwright/test";

import { inTheme, THEMES } from "./theme";

const FOLDER = fileURLToPath(new URL("../shots/", import.meta.url));
const WIDTHS = [1280, 360];

/** Takes the whole page's pictures as `shots/<name>-<theme>-<width>.png`. */
export async function shot(page: Page, name: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const before = page.viewportSize();
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await inTheme(page, theme, async () => {
        await page.screenshot({ path: `${FOLDER}${name}-${theme}-${width}.png`, fullPage: true });
      });
    }
  }
  if (before) {
    await page.setViewportSize(before);
  }
}
