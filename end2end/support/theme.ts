// Light and dark, as the system asks for it.

import type { Page } from "@playwright/test";

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/**
 * Does something with the page in a theme, and gives it the light one back. Motion is reduced meanwhile, so that no colour is caught half-way through its
 * transition.
 */
export async function inTheme(page: Page, theme: Theme, work: () => Promise<void>): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  try {
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))));
    await work();
  } finally {
    await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  }
}
