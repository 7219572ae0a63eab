/**
 * The job behind the classification recipes: a network with weights of any form, next to its dense
 * twin when asked for, from data to report.
 *
 * @module
 */

import { openJob, type Subject } from "./classification/job.ts";
import { type Outcome, runVariant } from "./classification/run.ts";
import { resultTable } from "./classification/table.ts";
import { type Variant, variantsOf } from "./classification/variant.ts";
import type { RecipeContext } from "./recipe.ts";
import { writeReport, writeReportAndPictures } from "./reports/mod.ts";
import { stopped } from "./run_folder.ts";
import { runPath } from "./run_path.ts";
import type { RunOptions, TrainingOptions } from "./settings.ts";

export type { Subject } from "./classification/job.ts";

/**
 * Trains a network on a data set.
 *
 * @param subject What is trained.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When an option is wrong, or the training diverged.
 */
export async function classify(
  subject: Subject,
  options: TrainingOptions,
  context: RecipeContext,
): Promise<number> {
  const path = runPath(options.out, subject.recipe);
  return await runVariants(subject, options, variantsOf(options, path), path, context);
}

/**
 * Trains variants one after another, prints their table and writes the report.
 *
 * @param path Folder of the run that was asked for.
 * @returns Exit code, as of {@linkcode classify}.
 */
export async function runVariants(
  subject: Subject,
  options: RunOptions,
  variants: readonly Variant[],
  path: string,
  context: RecipeContext,
): Promise<number> {
  const { sink } = context;
  const job = await openJob(subject, options, context);
  using _ = job.folders;
  const done: Outcome[] = [];
  for (const [i, variant] of variants.entries()) {
    // Of a run that is resumed, the first part is there; whether the others are depends.
    const outcome = await runVariant(job, variant, options.resume && (i === 0 || "if-present"));
    done.push(outcome);
    if (!outcome.summary) return stopped(outcome.result!, path, subject.recipe, context);
  }
  if (done.every(({ result }) => !result)) return 0;
  const rows = done.map(({ variant, summary }) => ({ label: variant.label, summary: summary! }));
  sink.write(`\n${resultTable(rows)}\n`);
  if (job.processes.comm.rank > 0) return 0;
  await writeReports(path, options, context);
  return 0;
}

/** The page and, where they are asked for, its figures for TensorBoard. */
async function writeReports(
  path: string,
  { tensorboard }: RunOptions,
  { sink }: RecipeContext,
): Promise<void> {
  if (!tensorboard) return sink.write(`\nReport: ${await writeReport(path)}\n`);
  const { path: page, missing } = await writeReportAndPictures(path);
  sink.write(`\nReport: ${page}\nTensorBoard: tensorboard --logdir ${path}\n`);
  if (missing) sink.write(`Warning: its figures are left out of TensorBoard: ${missing}\n`);
}
