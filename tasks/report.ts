/**
 * The command `report`.
 *
 * @module
 */

import { readRun, reports } from "../core/io/mod.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins, requirePluginsOf } from "./plugins.ts";
import { reportOf, writeReport } from "./reports/mod.ts";
import { textSink } from "./terminal/sink.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode report} with their defaults. */
const defaults = {
  kind: "", // that of the run
};

/**
 * Rebuilds report.html of one or more run folders and prints where it is.
 *
 * @param args The folders; `--kind NAME` for another kind of report than that of the run, `--plugin
 * FILE`.
 * @returns Exit code 0.
 * @throws {UsageError} When no folder is named, or the kind of report is not there.
 * @throws {Error} "Cannot read …" when one holds no readable run.
 */
export async function report(args: readonly string[]): Promise<number> {
  const rest = await loadPlugins(args);
  const firstOption = rest.findIndex((arg) => arg.startsWith("-"));
  const folders = firstOption < 0 ? rest : rest.slice(0, firstOption);
  if (folders.length === 0) {
    throw new UsageError(
      "Cannot build a report: expected the folder of a run, as in report runs/a",
    );
  }
  const { kind } = parseOptions(rest.slice(folders.length), defaults, {
    kind: { oneOf: ["", ...reports.names()] },
  });
  const sink = textSink();
  for (const folder of folders) {
    const name = kind || reportOf(await readRun(folder));
    if (!reports.has(name)) await requirePluginsOf(`build the report of ${folder}`, folder);
    sink.write(`${await writeReport(folder, name)}\n`);
  }
  return 0;
}
