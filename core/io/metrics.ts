/**
 * metrics.jsonl: one JSON line per logged step or epoch.
 *
 * @module
 */

import { writeAtomic } from "./atomic.ts";
import {
  aCount,
  aNumber,
  aRecord,
  byName,
  checked,
  type Expectation,
  listOf,
  optional,
} from "./expectation.ts";
import { readText, unlessMissing, unwritable } from "./files.ts";
import { fromJson, toJson } from "./json.ts";

/** Name of what was measured on the test examples, such as `testAccuracy`. */
export type TestKey = `test${string}`;

/** Under which name a measure stands: "accuracy" as `testAccuracy`, "a b" as `testAB`. */
export function testKey(measure: string): TestKey {
  return `test${measure.replace(/(?:^| )(.)/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** Measures by the names under which they stand in lines and summaries. */
export function testFields(values: Readonly<Record<string, number>>): Record<TestKey, number> {
  const named = Object.entries(values).map(([name, value]) => [testKey(name), value] as const);
  return Object.fromEntries(named);
}

/**
 * What was measured at one moment of a run. Shares, such as accuracy, are fractions in [0, 1].
 *
 * @example A line of metrics.jsonl with a measure
 * ```ts
 * import type { MetricLine, TestKey } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const key: TestKey = "testAccuracy";
 * const line: MetricLine = { step: 100, epoch: 1, loss: 0.3, testAccuracy: 0.9, ranks: { w: 4 } };
 * assertEquals(line[key], 0.9);
 * ```
 */
export interface MetricLine {
  /** Steps done. */
  readonly step: number;
  /** Epochs begun, counted from 1; 0 before training. */
  readonly epoch: number;
  /** Training loss: of one step, or, in lines with `test`, the mean since the last of those. */
  readonly loss: number;
  /** Step size in use. */
  readonly learningRate?: number;
  /** On the test examples: `testLoss`, and the task's measures, such as `testAccuracy`. */
  readonly [measured: TestKey]: number | undefined;
  /** Rank of each low-rank parameter by name. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** Singular values of each low-rank parameter by name, descending. */
  readonly singularValues?: Readonly<Record<string, readonly number[]>>;
  /** Frobenius norm that the last truncation discarded, by parameter name. */
  readonly discarded?: Readonly<Record<string, number>>;
  /** Seconds per step, mean since the last line. */
  readonly secondsPerStep?: number;
  /** Seconds of the run so far, where it was measured. */
  readonly seconds?: number;
  /** Bytes that a process told the others in a step, mean over the steps of this process. */
  readonly bytes?: number;
  /** The same for the network with whole matrices. */
  readonly denseBytes?: number;
  /** The round that the step was, of federated training. */
  readonly round?: {
    /** Bytes that were sent, in both directions. */
    readonly bytes: number;
    /** √ of the mean of ‖x_c − x̄‖² over clients. */
    readonly drift: number;
    /** Clients whose work is in the mean. */
    readonly clients: number;
    /** Numbers that a client holds. */
    readonly held: number;
  };
}

const metricLine: Expectation<MetricLine> = aRecord<MetricLine>({
  step: aCount,
  epoch: aCount,
  loss: aNumber,
  learningRate: optional(aNumber),
  testLoss: optional(aNumber),
  ranks: optional(byName(aCount)),
  singularValues: optional(byName(listOf(aNumber))),
  discarded: optional(byName(aNumber)),
  secondsPerStep: optional(aNumber),
  seconds: optional(aNumber),
  bytes: optional(aNumber),
  denseBytes: optional(aNumber),
  round: optional(aRecord<NonNullable<MetricLine["round"]>>({
    bytes: aNumber,
    drift: aNumber,
    clients: aCount,
    held: aNumber,
  })),
});

/**
 * Adds one line to a metrics file, with a single write.
 *
 * @param path The file; made when it is missing.
 * @param line What was measured.
 * @throws {Error} When the file cannot be written.
 */
export function appendMetric(path: string, line: MetricLine): void {
  try {
    Deno.writeTextFileSync(path, `${toJson(line)}\n`, { append: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Reads a metrics file. A last line without its line break was cut off by a crash and is left out.
 *
 * @param path The file; an absent one counts as empty.
 * @returns Lines in the order of the file.
 * @throws {Error} When a finished line is damaged; the message names it.
 */
export async function readMetrics(path: string): Promise<MetricLine[]> {
  const text = await unlessMissing(() => readText(path)) ?? "";
  const finished = text.split("\n").slice(0, -1);
  return finished.map((line, i) => {
    const source = `${path} line ${i + 1}`;
    return checked(metricLine, fromJson(line, source), source);
  });
}

/**
 * Drops what was logged after a step, in one atomic replacement: a resumed run repeats it. A file
 * that has nothing to drop is not touched.
 *
 * @param path The file; an absent one stays absent.
 * @param step The last step to keep.
 */
export async function truncateMetrics(path: string, step: number): Promise<void> {
  const before = await unlessMissing(() => readText(path));
  if (before === undefined) return;
  const kept = (await readMetrics(path)).filter((line) => line.step <= step);
  const after = kept.map((line) => `${toJson(line)}\n`).join("");
  if (after !== before) await writeAtomic(path, after);
}
