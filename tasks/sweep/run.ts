/**
 * Running the cells of a sweep, one after another.
 *
 * @module
 */

import { join } from "node:path";
import {
  describeEnvironment,
  findRun,
  readRun,
  RunFolder,
  type Summary,
  writeAtomic,
} from "../../core/mod.ts";
import { INTERRUPTED } from "../interruption.ts";
import { pluginRecord } from "../plugins.ts";
import type { Recipe, RecipeContext } from "../recipe.ts";
import { writeReport } from "../reports/mod.ts";
import { sweepReport } from "../reports/sweep.ts";
import type { TextSink } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import type { Cell } from "./cells.ts";
import type { CellResult } from "./results.ts";
import { areStudies, studyCsv } from "./study_csv.ts";
import { sweepTable } from "./table.ts";

/** What a sweep runs. */
export interface Sweep {
  /** Name of the command or recipe, for its folder and its report. */
  readonly name: string;
  /** Settings that all runs share; a sweep is resumed with the same ones only. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Runs each cell. */
  readonly recipe: Recipe;
  /** The runs. */
  readonly cells: readonly Cell[];
  /** Folder of the sweep. */
  readonly out: string;
  /** Whether finished runs in the folder count and unfinished ones are gone on with. */
  readonly resume: boolean;
  /** What a person types to go on. */
  readonly command: string;
  /** More runs, which the results of those before decide; default none. */
  readonly more?: (results: readonly CellResult[]) => readonly Cell[];
  /** Draws the table of all results; default {@linkcode sweepTable}. */
  readonly table?: (results: readonly CellResult[]) => string;
  /** Registry name of the kind of report; default that of sweeps. */
  readonly report?: string;
}

/**
 * Runs every cell, then prints the table and writes the report; of recipes that train nothing, writes
 * table.csv. A run that diverges is a result.
 *
 * @returns Exit code: 0 when all is done, 130 when interrupted.
 */
export async function runSweep(sweep: Sweep, context: RecipeContext): Promise<number> {
  const { sink } = context;
  using folder = await RunFolder.open(sweep.out, {
    recipe: sweep.name,
    settings: sweep.settings,
    seed: 0,
    backend: String(sweep.settings.backend ?? "auto"),
    report: sweep.report ?? sweepReport.name,
    environment: describeEnvironment(),
    ...pluginRecord(),
  }, {
    resume: sweep.resume && "if-present",
    mayChange: ["backend", "threads", "data", "offline"],
  });
  if (sweep.resume) await compareFinished(sweep, context);
  const results: CellResult[] = [];
  const given = distinct(sweep.cells);
  let cells = given;
  for (let i = 0; i < cells.length; i++) {
    sink.write(`\n[${i + 1}/${cells.length}] ${cells[i]!.folder}\n`);
    const result = await runCell(sweep, cells[i]!, context);
    if (!result) {
      sink.write(`\nInterrupted. Go on with the same options and\n  ${sweep.command} --resume\n`);
      return INTERRUPTED;
    }
    results.push(result);
    await folder.writeSummary({ recipe: sweep.name, cells: results });
    if (i + 1 === given.length) cells = distinct([...cells, ...sweep.more?.(results) ?? []]);
  }
  if (areStudies(results)) {
    const path = join(sweep.out, "table.csv");
    await writeAtomic(path, studyCsv(results));
    sink.write(`\nTable of ${results.length} runs: ${path}\n`);
    return 0;
  }
  sink.write(`\n${(sweep.table ?? sweepTable)(results)}\n`);
  sink.write(`\nReport: ${await writeReport(sweep.out)}\n`);
  return 0;
}

/** A value that is given twice is one run. */
function distinct(cells: readonly Cell[]): Cell[] {
  return [...new Map(cells.map((cell) => [cell.folder, cell])).values()];
}

/** The result of one run; undefined when it was interrupted. */
async function runCell(
  { recipe, out, resume }: Sweep,
  { folder, values, args }: Cell,
  context: RecipeContext,
): Promise<CellResult | undefined> {
  const path = join(out, folder);
  const before = resume ? await findRun(path) : undefined;
  if (before?.summary) {
    context.sink.write("  finished before\n");
    return { folder, values, summary: lean(before.summary) };
  }
  const more = [`--out=${path}`, ...(before ? ["--resume"] : [])];
  try {
    if (await recipe.run([...args, ...more], context) !== 0) return undefined;
  } catch (error) {
    if (!(error instanceof UsageError) || !/^Training diverged/.test(error.message)) throw error;
    context.sink.write(`${error.message}\n`);
    return { folder, values, failure: error.message };
  }
  const { summary } = await readRun(path);
  return { folder, values, ...(summary ? { summary: lean(summary) } : {}) };
}

/**
 * Makes sure that runs which ended before had the settings, the data and the weights that the
 * others will have. In silence: they are not run again.
 *
 * @throws {Error} When one had not.
 */
async function compareFinished(
  { recipe, cells, out }: Sweep,
  context: RecipeContext,
): Promise<void> {
  const silent = { ...context, sink: SILENCE, trustFinished: true };
  for (const { folder, args } of cells) {
    const path = join(out, folder);
    if ((await findRun(path))?.summary) {
      await recipe.run([...args, `--out=${path}`, "--resume"], silent);
    }
  }
}

const SILENCE: TextSink = { isTerminal: false, color: false, columns: () => 80, write: () => {} };

/** Without what is large and of no use beside others. */
function lean({ confusion: _, classNames: _names, ...summary }: Summary): Summary {
  return summary as Summary;
}
