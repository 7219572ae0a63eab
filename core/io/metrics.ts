/**
 * metrics.jsonl: one JSON line per logged step or epoch.
 *
 * @module
 */

import { fromJson, toJson } from "./json.ts";
import { writeAtomic } from "./atomic.ts";

/** What was measured at one moment of a run. Accuracies are fractions in [0, 1]. */
export interface MetricLine {
  /** Steps done. */
  readonly step: number;
  /** Epochs begun, counted from 1; 0 before training. */
  readonly epoch: number;
  /** Training loss, mean since the last line. */
  readonly loss: number;
  /** Step size in use. */
  readonly learningRate?: number;
  /** Loss on the test set. */
  readonly testLoss?: number;
  /** Share of the test set that is classified correctly. */
  readonly testAccuracy?: number;
  /** Share of the training examples since the last line that were classified correctly. */
  readonly trainAccuracy?: number;
  /** Rank of each low-rank parameter by name. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** Singular values of each low-rank parameter by name, descending. */
  readonly singularValues?: Readonly<Record<string, readonly number[]>>;
  /** Frobenius norm that the last truncation discarded, by parameter name. */
  readonly discarded?: Readonly<Record<string, number>>;
  /** Seconds per step, mean since the last line. */
  readonly secondsPerStep?: number;
}

/**
 * Adds one line to a metrics file, with a single write.
 *
 * @param path The file; made when it is missing.
 * @param line What was measured.
 */
export function appendMetric(path: string, line: MetricLine): void {
  Deno.writeTextFileSync(path, `${toJson(line)}\n`, { append: true });
}

/**
 * Reads a metrics file. A last line without its line break was cut off by a crash and is left out.
 *
 * @param path The file; an absent one counts as empty.
 * @returns Lines in the order of the file.
 * @throws {Error} When a finished line is damaged; the message names it.
 */
export async function readMetrics(path: string): Promise<MetricLine[]> {
  const text = await readOrEmpty(path);
  const finished = text.split("\n").slice(0, -1);
  return finished.map((line, i) => parseLine(line, `${path} line ${i + 1}`));
}

/**
 * Drops what was logged after a step, in one atomic replacement: a resumed run repeats it.
 *
 * @param path The file; an absent one stays absent.
 * @param step The last step to keep.
 */
export async function truncateMetrics(path: string, step: number): Promise<void> {
  if (await readOrEmpty(path) === "") return;
  const kept = (await readMetrics(path)).filter((line) => line.step <= step);
  await writeAtomic(path, kept.map((line) => `${toJson(line)}\n`).join(""));
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function parseLine(text: string, source: string): MetricLine {
  const line = fromJson(text, source) as Partial<MetricLine> | null;
  for (const key of ["step", "epoch", "loss"] as const) {
    if (typeof line?.[key] !== "number") {
      throw new Error(`Cannot read ${source}: expected a number "${key}", got ${line?.[key]}`);
    }
  }
  return line as MetricLine;
}
