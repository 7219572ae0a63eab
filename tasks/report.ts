/**
 * The command `report`.
 *
 * @module
 */

import { writeReport } from "./reports/mod.ts";
import { textSink } from "./terminal/sink.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Rebuilds report.html of one or more run folders and prints where it is.
 *
 * @param args The folders.
 * @returns Exit code 0.
 * @throws {UsageError} When no folder is named.
 * @throws {Error} "Cannot read …" when one holds no readable run.
 */
export async function report(args: string[]): Promise<number> {
  if (args.length === 0 || args.some((arg) => arg.startsWith("-"))) {
    throw new UsageError(
      "Cannot build a report: expected the folder of a run, as in report runs/a",
    );
  }
  const sink = textSink();
  for (const folder of args) sink.write(`${await writeReport(folder)}\n`);
  return 0;
}
