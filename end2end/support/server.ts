// The server as an operator sees it.

import { readFile } from "node:fs/promises";

import { expect } from "@playwright/test";

import { setting } from "./people";

/**
 * Ends the server as a power cut would, and waits until `cargo xtask test` has started it again. It is everybody's server: journeys that do this are called
 * `….alone.spec.ts`, so that they are played when the others are done.
 */
export async function killServer(): Promise<void> {
  const file = setting("SYNCLINE_SERVER_PID_FILE");
  const before = await readFile(file, "utf8");
  process.kill(Number(before), "SIGKILL");
  await expect.poll(() => readFile(file, "utf8"), { timeout: 60_000 }).not.toBe(before);
}
