// Playwright's `test`, which also fails a journey in which a page complained: an uncaught error, or an error in the console (a broken hydration, a
// violation of the content security policy, an asset that is not there).

import { type BrowserContext, expect, test as base } from "@playwright/test";

/** What a page may complain about in a journey that provokes it. */
type Expected = RegExp[];

interface Watching {
  /** Complaints that this journey provokes. Push to it. */
  expectedComplaints: Expected;
  /** Has the pages of another browser watched as those of `page` are. */
  watch: (context: BrowserContext) => void;
}

/** The browser itself notes every answer that is no success; forms answer bad input so, and the page says it beside the field. */
const REFUSED_INPUT = /^Failed to load resource: the server responded with a status of 4\d\d .*\/api\//;

export const test = base.extend<Watching>({
  expectedComplaints: async ({}, use) => {
    await use([REFUSED_INPUT]);
  },
  watch: [
    async ({ context, expectedComplaints }, use) => {
      const complaints: string[] = [];
      const watch = (watched: BrowserContext) => {
        watched.on("weberror", (error) => complaints.push(`uncaught: ${error.error().message}`));
        watched.on("console", (message) => {
          if (message.type() === "error") {
            complaints.push(`${message.text()} ${message.location().url}`);
          }
        });
      };
      watch(context);
      await use(watch);
      const unexpected = complaints.filter((complaint) => !expectedComplaints.some((expected) => expected.test(complaint)));
      expect(unexpected, "what the pages complained about").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
