// `cargo xtask test` starts the stack and sets the addresses; this only says how its journeys are played.

import { defineConfig } from "@playwright/test";

/** Chromium's own errands would leave the machine, and its sandbox does not start as root. */
const QUIET_CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  testDir: "tests",
  outputDir: process.env.PLAYWRIGHT_OUTPUT ?? "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 120_000,
  globalTimeout: 40 * 60_000,
  // A machine that builds beside the journeys is slow, not wrong.
  expect: { timeout: 20_000 },
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? "test-results/journeys.json" }]],
  // Journeys that kill the server, which is everybody's, are called `….alone.spec.ts` and wait for the others.
  projects: [
    { name: "journeys", testIgnore: "**/*.alone.spec.ts" },
    { name: "alone", testMatch: "**/*.alone.spec.ts", dependencies: ["journeys"], fullyParallel: false },
  ],
  use: {
    baseURL: process.env.SYNCLINE_URL ?? "http://localhost:3000",
    browserName: "chromium",
    headless: true,
    locale: "en-GB",
    timezoneId: "Europe/Vienna",
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET_CHROMIUM },
  },
});
