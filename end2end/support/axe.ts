// What a screen must pass for people who do not see it as drawn.

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

import { inTheme, THEMES } from "./theme";

/** Asserts that axe finds nothing on the page as it is now, in the light and in the dark theme. */
export async function axe(page: Page): Promise<void> {
  for (const theme of THEMES) {
    await inTheme(page, theme, async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(" ")}: ${failureSummary}`),
      );
      expect(found, `axe on ${page.url()}, ${theme}`).toEqual([]);
    });
  }
}
