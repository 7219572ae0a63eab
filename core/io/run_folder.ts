/**
 * The folder of a run: config.json, metrics.jsonl, checkpoint.safetensors, summary.json and, for
 * the dense twin, the same in `baseline/`.
 *
 * @module
 */

import { join } from "node:path";
import { writeAtomic } from "./atomic.ts";
import { checked, type Expectation } from "./expectation.ts";
import { makeFolder, readText, reasonOf, unlessMissing } from "./files.ts";
import { fromJson, toJson } from "./json.ts";
import { appendMetric, type MetricLine, readMetrics, truncateMetrics } from "./metrics.ts";
import { readRecord, writeRecord } from "./record.ts";
import { differences, type RunConfig, runConfig } from "./run_config.ts";
import { anySummary, type Summary } from "./summary.ts";

/** Names of what a run folder holds. */
const FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  summary: "summary.json",
  report: "report.html",
  baseline: "baseline",
} as const;

/** Options of {@linkcode RunFolder.open}. */
export interface RunFolderOptions {
  /**
   * Whether to go on with the run that the folder holds; default false. With "if-present" a
   * folder without a run begins a new one.
   */
  readonly resume?: boolean | "if-present";
  /** Settings that may differ from the ones the run began with; default none. */
  readonly mayChange?: readonly string[];
}

/** A finished or unfinished run as its folder tells it. */
export interface RunData {
  /** The folder. */
  readonly path: string;
  /** What it was started with. */
  readonly config: RunConfig;
  /** What was measured, in the order of the steps. */
  readonly metrics: readonly MetricLine[];
  /** The result; absent when the run has not ended. */
  readonly summary?: Summary;
  /** The dense twin; absent when there is none. */
  readonly baseline?: RunData;
}

/** A folder that a run writes into. Every file is replaced in one step or appended line by line. */
export class RunFolder {
  /** Path of the folder. */
  readonly path: string;
  /** What the run was started with. */
  readonly config: RunConfig;

  private constructor(path: string, config: RunConfig) {
    this.path = path;
    this.config = config;
  }

  /**
   * Makes the folder and writes its config.json, or goes on with the run that it holds.
   *
   * @param path The folder; it and its parents are made when missing.
   * @param config Everything the run is started with.
   * @param options Whether to resume.
   * @returns The folder, ready for writing.
   * @throws {Error} When it holds another run, or when there is none to resume, or when the
   * settings differ from those of the run to resume; nothing is changed then.
   */
  static async open(
    path: string,
    config: RunConfig,
    options: RunFolderOptions = {},
  ): Promise<RunFolder> {
    const found = await occupied(path);
    if (found === undefined || !options.resume) {
      if (options.resume === true) throw nothingToResume(path);
      if (found !== undefined) throw taken(path, found);
    } else {
      await refuseOtherRun(path, config, options.mayChange);
    }
    await makeFolder(path);
    await writeAtomic(join(path, FILES.config), toJson(config, 2) + "\n");
    return new RunFolder(path, config);
  }

  /** Path of the sub-folder for the dense twin of this run. */
  get baselinePath(): string {
    return join(this.path, FILES.baseline);
  }

  /** Adds a line to metrics.jsonl. */
  appendMetric(line: MetricLine): void {
    appendMetric(join(this.path, FILES.metrics), line);
  }

  /** Drops the lines of metrics.jsonl after a step; a resumed run does so before it goes on. */
  async keepMetricsThrough(step: number): Promise<void> {
    await truncateMetrics(join(this.path, FILES.metrics), step);
  }

  /**
   * Replaces the checkpoint by a nested record of plain values and typed arrays.
   *
   * @returns Path of the file.
   * @throws {TypeError} When the record holds something else; the message names its path.
   */
  async saveCheckpoint(record: object): Promise<string> {
    const path = join(this.path, FILES.checkpoint);
    await writeRecord(path, record);
    return path;
  }

  /**
   * Reads the checkpoint.
   *
   * @returns The record, or undefined when none was saved yet.
   * @throws {Error} When the file is damaged.
   */
  async loadCheckpoint(): Promise<Record<string, unknown> | undefined> {
    return await unlessMissing(() => readRecord(join(this.path, FILES.checkpoint)));
  }

  /** Writes summary.json. */
  async writeSummary(summary: Summary): Promise<void> {
    await writeAtomic(join(this.path, FILES.summary), toJson(summary, 2) + "\n");
  }
}

/**
 * Reads a run folder, with the one of its dense twin when there is one.
 *
 * @param path The folder.
 * @returns What its files say.
 * @throws {Error} When it holds no run, or a damaged one.
 */
export async function readRun(path: string): Promise<RunData> {
  const run = await findRun(path);
  if (run) return run;
  throw new Error(`Cannot read a run from ${path}: expected a ${FILES.config}, found none`);
}

/**
 * Reads a run folder as {@linkcode readRun} does.
 *
 * @param path The folder.
 * @returns What its files say; undefined when it holds no run.
 * @throws {Error} When it holds a damaged run.
 */
export async function findRun(path: string): Promise<RunData | undefined> {
  const config = await readConfig(path);
  if (!config) return undefined;
  const metrics = await readMetrics(join(path, FILES.metrics));
  const summary = await readJson(join(path, FILES.summary), anySummary);
  const baseline = await findRun(join(path, FILES.baseline));
  return { path, config, metrics, ...(summary && { summary }), ...(baseline && { baseline }) };
}

/**
 * Writes the report of a run into its folder.
 *
 * @param path The folder.
 * @param html The page.
 * @returns Path of the file.
 */
export async function saveReport(path: string, html: string): Promise<string> {
  const file = join(path, FILES.report);
  await writeAtomic(file, html);
  return file;
}

/** Name of the first artefact in the folder; undefined when a new run would overwrite nothing. */
async function occupied(path: string): Promise<string | undefined> {
  for (const name of Object.values(FILES)) {
    if (await exists(path, name)) return name;
  }
  return undefined;
}

async function exists(path: string, name: string): Promise<boolean> {
  try {
    return await unlessMissing(() => Deno.lstat(join(path, name))) !== undefined;
  } catch (error) {
    throw new Error(`Cannot use ${path} as the folder of a run: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function nothingToResume(path: string): Error {
  return new Error(
    `Cannot resume a run in ${path}: expected a ${FILES.config} there, found none; ` +
      `check --out, or leave --resume out to start anew`,
  );
}

function taken(path: string, found: string): Error {
  return new Error(
    `Cannot start a run in ${path}: it holds ${found} of another run; ` +
      `choose another --out, or go on with that run by --resume`,
  );
}

async function refuseOtherRun(
  path: string,
  config: RunConfig,
  mayChange: readonly string[] | undefined,
): Promise<void> {
  const before = await readConfig(path);
  if (!before) throw nothingToResume(path);
  const found = differences(before, config, mayChange);
  if (found.length === 0) return;
  throw new Error(
    `Cannot resume the run in ${path}: expected the settings it began with, ` +
      `got other values of ${found.join(", ")}`,
  );
}

async function readConfig(path: string): Promise<RunConfig | undefined> {
  return await readJson(join(path, FILES.config), runConfig);
}

async function readJson<T>(file: string, expectation: Expectation<T>): Promise<T | undefined> {
  const text = await unlessMissing(() => readText(file));
  return text === undefined ? undefined : checked(expectation, fromJson(text, file), file);
}
