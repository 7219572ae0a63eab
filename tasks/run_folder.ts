/**
 * Opening the folder of a run where people read along.
 *
 * @module
 */

import {
  describeEnvironment,
  type RunConfig,
  RunFolder,
  type RunFolderOptions,
  type TrainResult,
} from "../core/mod.ts";
import { INTERRUPTED } from "./interruption.ts";
import { writeReport } from "./reports/mod.ts";
import { pluginRecord } from "./plugins.ts";
import type { RecipeContext } from "./recipe.ts";
import { runPath } from "./run_path.ts";
import { formatDuration, type TextSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** {@linkcode RunFolder.open}, with its warnings written to a sink. */
export async function openRunFolder(
  sink: TextSink,
  path: string,
  config: RunConfig,
  options: RunFolderOptions = {},
): Promise<RunFolder> {
  const folder = await RunFolder.open(path, config, options);
  for (const text of folder.warnings) sink.write(`Warning: ${text}\n`);
  return folder;
}

/** A study of several parts, each of which is saved when it is finished. */
export interface Study extends Pick<RunConfig, "recipe" | "seed" | "backend"> {
  /** Registry name of its kind of report. */
  readonly report: string;
  /** Its options. */
  readonly settings: {
    /** Folder, empty for one of this moment. */
    readonly out: string;
    /** Whether to go on with what is there. */
    readonly resume: boolean;
  };
}

/**
 * Opens the folder of a study.
 *
 * @throws {UsageError} When it shall be resumed and no folder is named.
 * @throws {Error} As {@linkcode RunFolder.open} does.
 */
export async function openStudy(sink: TextSink, study: Study): Promise<RunFolder> {
  const { out, resume } = study.settings;
  if (resume && out === "") {
    throw new UsageError("Cannot resume: name the folder of the study with --out DIR");
  }
  const config = {
    ...study,
    settings: { ...study.settings },
    environment: describeEnvironment(),
    ...pluginRecord(),
  };
  const options = { resume, mayChange: ["out", "resume", "threads"] };
  return await openRunFolder(sink, runPath(out, study.recipe), config, options);
}

/**
 * Keeps the folder of a study that was asked to stop and says how to go on.
 *
 * @returns Exit code.
 */
export function interrupted(folder: RunFolder, write: (text: string) => void): number {
  folder.keep();
  write(
    "\nInterrupted; finished parts are saved. Go on with the same options and\n" +
      `  deno task train ${folder.config.recipe} --out ${folder.path} --resume\n`,
  );
  return INTERRUPTED;
}

/**
 * Writes the summary of a study and its report, and says where that is.
 *
 * @param found What the study came to.
 * @param line Writes a line.
 * @returns Exit code.
 */
export async function finishStudy(
  folder: RunFolder,
  found: { readonly seconds: number; readonly [part: string]: unknown },
  line: (text: string) => void,
): Promise<number> {
  const { recipe, seed, backend } = folder.config;
  await folder.writeSummary({ recipe, seed, backend, ...found });
  line(`Report after ${formatDuration(found.seconds)}: ${await writeReport(folder.path)}`);
  return 0;
}

/**
 * Says how a training run that came to no result ended, and how to go on.
 *
 * @param path Its folder.
 * @param recipe Registry name of the recipe.
 * @returns Exit code.
 * @throws {UsageError} When it diverged.
 */
export function stopped(
  { reason, message, state }: TrainResult,
  path: string,
  recipe: string,
  { sink }: Pick<RecipeContext, "sink">,
): number {
  if (reason === "diverged") throw new UsageError(message ?? "Training diverged");
  sink.write(
    `\nInterrupted after step ${state.step}; the checkpoint is saved. Go on with the same ` +
      `options and\n  deno task train ${recipe} --out ${path} --resume\n`,
  );
  return INTERRUPTED;
}
