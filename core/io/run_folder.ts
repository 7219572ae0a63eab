/**
 * The folder of a run: config.json, metrics.jsonl, checkpoint.safetensors, summary.json and, for
 * the dense twin, the same in `baseline/`.
 *
 * @module
 */

import { join } from "node:path";
import { removeAbandoned, writeAtomic } from "./atomic.ts";
import { checked, type Expectation } from "./expectation.ts";
import { makeFolder, readText, unlessMissing } from "./files.ts";
import { fromJson, toJson } from "./json.ts";
import { type FolderLock, LOCK_FILE, lockFolder } from "./lock.ts";
import { appendMetric, type MetricLine, readMetrics, truncateMetrics } from "./metrics.ts";
import { readRecord, writeRecord } from "./record.ts";
import {
  dataDifferences,
  differences,
  identityDifferences,
  roundingChanges,
  type RunConfig,
  runConfig,
} from "./run_config.ts";
import { anySummary, type Summary, trainingSummary } from "./summary.ts";
import { EventLog } from "./tensorboard/event_log.ts";

/** Names of what a run folder holds. */
const FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  fixed: "fixed.safetensors",
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
  /** Whether event files for TensorBoard tell of every line of metrics.jsonl; default false. */
  readonly tensorboard?: boolean;
}

/** What {@linkcode RunFolder.open} found and did. */
interface Opened {
  readonly warnings: readonly string[];
  readonly made?: readonly string[];
  readonly events?: EventLog;
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

/** A checkpoint as files hold it. */
export interface Checkpoint {
  /** The state of the run. */
  readonly record: Readonly<Record<string, unknown>>;
  /** What stands still in it, which the record refers to; absent where nothing does. */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/**
 * A folder that one run writes into. Every file is replaced in one step or appended line by line.
 * Nobody else can open it until it is disposed or the process ends, however it ends.
 */
export class RunFolder implements Disposable {
  /** Path of the folder. */
  readonly path: string;
  /** What the run was started with. */
  readonly config: RunConfig;
  /** What a person should know, in one sentence each: another number of threads, no locks. */
  readonly warnings: readonly string[];
  readonly #lock: FolderLock;
  readonly #events: EventLog | undefined;
  /** Folders that were made for a new run, the innermost first; undefined where it is kept. */
  #made: readonly string[] | undefined;

  private constructor(path: string, config: RunConfig, lock: FolderLock, opened: Opened) {
    this.path = path;
    this.config = config;
    this.warnings = opened.warnings;
    this.#lock = lock;
    this.#events = opened.events;
    this.#made = opened.made;
  }

  /**
   * Makes the folder and writes its config.json, or goes on with the run that it holds. Temporary
   * files that a killed process left there are removed.
   *
   * @param path The folder; it and its parents are made when missing.
   * @param config Everything the run is started with.
   * @param options Whether to resume.
   * @returns The folder, ready for writing.
   * @throws {Error} When it holds another run, or when there is none to resume, or when settings,
   * data or weights differ from those of the run to resume, or when somebody else is writing there;
   * nothing is changed then.
   */
  static async open(
    path: string,
    config: RunConfig,
    options: RunFolderOptions = {},
  ): Promise<RunFolder> {
    const made = await makeFolder(path);
    using undo = new DisposableStack();
    undo.defer(() => removeEmpty(made));
    const lock = undo.use(await lockFolder(path));
    const before = options.resume ? await readConfig(path) : undefined;
    if (before) refuseOtherRun(path, before, config, options.mayChange);
    else refuseOccupied(path, options.resume === true);
    const events = options.tensorboard ? await eventLog(path) : undefined;
    await removeAbandoned(path);
    await writeAtomic(join(path, FILES.config), toJson(config, 2) + "\n");
    undo.move(); // nothing is undone from here on
    const warnings = [...lock.warnings, ...(before ? roundingWarnings(before, config) : [])];
    return new RunFolder(path, config, lock, {
      warnings,
      ...(before ? {} : { made }),
      ...(events && { events }),
    });
  }

  /** Keeps the folder of a new run though nothing may come of it but its settings. */
  keep(): void {
    this.#made = undefined;
  }

  /**
   * Lets others write. The folder of a new run in which nothing was done is taken back unless
   * {@linkcode RunFolder.keep} was called: a run that could not start leaves nothing.
   */
  [Symbol.dispose](): void {
    const undone = isIdle(namesIn(this.path)) ? this.#made : undefined;
    if (undone) Deno.removeSync(join(this.path, FILES.config));
    this.#lock[Symbol.dispose]();
    removeEmpty(undone ?? []);
  }

  /** Path of the sub-folder for the dense twin of this run. */
  get baselinePath(): string {
    return join(this.path, FILES.baseline);
  }

  /** Adds a line to metrics.jsonl, and to the event file where there is to be one. */
  appendMetric(line: MetricLine): void {
    appendMetric(join(this.path, FILES.metrics), line);
    this.#events?.append(line);
  }

  /** Drops the lines of metrics.jsonl after a step; a resumed run does so before it goes on. */
  async keepMetricsThrough(step: number): Promise<void> {
    await truncateMetrics(join(this.path, FILES.metrics), step);
  }

  /**
   * Replaces the checkpoint by a nested record of plain values and typed arrays.
   *
   * @param checkpoint The record; with what stands still in the run where that is to be written,
   * which is once.
   * @returns Path of the file.
   * @throws {TypeError} When a record holds something else; the message names its path.
   */
  async saveCheckpoint({ record, fixed }: Checkpoint): Promise<string> {
    const path = join(this.path, FILES.checkpoint);
    if (fixed) await writeRecord(join(this.path, FILES.fixed), fixed);
    await writeRecord(path, record);
    return path;
  }

  /**
   * Reads the checkpoint.
   *
   * @returns What was saved, or undefined when nothing was yet.
   * @throws {Error} When a file is damaged.
   */
  async loadCheckpoint(): Promise<Checkpoint | undefined> {
    return await unlessMissing(() => readCheckpoint(this.path));
  }

  /**
   * Reads summary.json of a run that trained a network.
   *
   * @returns The result, or undefined when the run has not ended.
   * @throws {Error} When the file is damaged.
   */
  async loadSummary(): Promise<Summary | undefined> {
    return await readJson(join(this.path, FILES.summary), trainingSummary);
  }

  /** Writes summary.json, a {@linkcode Summary} or what else a recipe comes to. */
  async writeSummary(summary: object): Promise<void> {
    await writeAtomic(join(this.path, FILES.summary), toJson(summary, 2) + "\n");
  }
}

/**
 * Reads the checkpoint in the folder of a run.
 *
 * @throws {Error} When there is none, or a damaged one.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const record = await readRecord(join(folder, FILES.checkpoint));
  const fixed = await unlessMissing(() => readRecord(join(folder, FILES.fixed)));
  return { record, ...(fixed ? { fixed } : {}) };
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

/** Removes folders from the innermost on, as far as they are empty. */
function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders) Deno.removeSync(folder);
  } catch {
    // Somebody else uses it.
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return []; // It was removed meanwhile.
  }
}

/** Whether nothing was done in a folder but to write down what was to be done. */
function isIdle(names: readonly string[]): boolean {
  return names.includes(FILES.config) &&
    names.every((name) => name === FILES.config || name === LOCK_FILE);
}

function refuseOccupied(path: string, toResume: boolean): void {
  if (toResume) throw nothingToResume(path);
  const names = namesIn(path);
  const found = Object.values(FILES).find((name) => names.includes(name));
  if (found !== undefined && !isIdle(names)) throw taken(path, found);
}

async function eventLog(path: string): Promise<EventLog> {
  return new EventLog(path, await readMetrics(join(path, FILES.metrics)));
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

function refuseOtherRun(
  path: string,
  before: RunConfig,
  config: RunConfig,
  mayChange: readonly string[] | undefined,
): void {
  const settings = differences(before, config, mayChange);
  const identity = identityDifferences(before, config);
  if (settings.length + identity.length === 0) return;
  const [what, advice] = identity.length === 0 ? ["settings", ""] : [
    "data and weights",
    `; ${adviceFor(before, config)}, or start anew in another --out`,
  ];
  throw new Error(
    `Cannot resume the run in ${path}: expected the ${what} it began with, ` +
      `got other values of ${[...settings, ...identity].join(", ")}${advice}`,
  );
}

function adviceFor(before: RunConfig, { dataset }: RunConfig): string {
  return dataset && dataDifferences(before.dataset, dataset).length > 0
    ? "name the folder of those data by --data"
    : "give what it began with";
}

function roundingWarnings(before: RunConfig, config: RunConfig): string[] {
  const found = roundingChanges(before, config);
  if (found.length === 0) return [];
  return [
    `The run goes on with other values of ${found.join(", ")}: it agrees with one that was not ` +
    "interrupted but for rounding, no longer bit for bit",
  ];
}

async function readConfig(path: string): Promise<RunConfig | undefined> {
  return await readJson(join(path, FILES.config), runConfig);
}

async function readJson<T>(file: string, expectation: Expectation<T>): Promise<T | undefined> {
  const text = await unlessMissing(() => readText(file));
  return text === undefined ? undefined : checked(expectation, fromJson(text, file), file);
}
