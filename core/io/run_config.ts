/**
 * config.json: everything that a run was started with.
 *
 * @module
 */

import {
  aNumber,
  anything,
  aRecord,
  aText,
  byName,
  type Expectation,
  listOf,
  optional,
} from "./expectation.ts";
import { toJson } from "./json.ts";

/** Everything that a run was started with. */
export interface RunConfig {
  /** Registry name of the recipe. */
  readonly recipe: string;
  /** Options of the recipe by name, after overrides. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Seed of everything random. */
  readonly seed: number;
  /** Registry name of the backend. */
  readonly backend: string;
  /** Registry name of the kind of report; default "training". */
  readonly report?: string;
  /** What is learnt from. */
  readonly dataset?: DatasetIdentity;
  /** Form and shape of each weight by name, such as `low-rank 784×500`. */
  readonly weights?: Readonly<Record<string, string>>;
  /** Steps of the whole run. */
  readonly steps?: number;
  /** SHA-256 of the file with the weights that it starts from, in hex; absent for a random start. */
  readonly start?: string;
  /** Machine and versions, see `describeEnvironment()`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Files of plugins that were loaded beside the framework's own; absolute paths. */
  readonly plugins?: readonly string[];
  /** Whatever else a recipe keeps. */
  readonly [extra: string]: unknown;
}

/** What tells a data set from others. */
export interface DatasetIdentity {
  /** Registry name of its source. */
  readonly name: string;
  /** SHA-256 of its content, in hex. */
  readonly sha256: string;
  /** Training examples. */
  readonly train?: number;
  /** Test examples. */
  readonly test?: number;
}

/** What config.json must hold. */
export const runConfig: Expectation<RunConfig> = aRecord<RunConfig>({
  recipe: aText,
  settings: byName(anything),
  seed: aNumber,
  backend: aText,
  report: optional(aText),
  dataset: optional(
    aRecord<DatasetIdentity>({
      name: aText,
      sha256: aText,
      train: optional(aNumber),
      test: optional(aNumber),
    }),
  ),
  weights: optional(byName(aText)),
  steps: optional(aNumber),
  start: optional(aText),
  environment: optional(byName(aText)),
  plugins: optional(listOf(aText)),
});

/** Digits of a SHA-256 that are shown and compared; equal by chance once in 10^19 pairs. */
const SHOWN = 16;
/** Differences that are listed by name; the others are counted. */
const LISTED = 6;

/**
 * Lists the settings in which a resumed run differs from the one it goes on with.
 *
 * @param before Configuration in the folder.
 * @param now Configuration asked for.
 * @param mayChange Settings that may differ, such as the folder of the data.
 * @returns One text per difference, such as `rank (16, now 32)`; empty when they agree.
 */
export function differences(
  before: RunConfig,
  now: RunConfig,
  mayChange: readonly string[] = [],
): string[] {
  const keys = new Set([...Object.keys(before.settings), ...Object.keys(now.settings)]);
  const compared = [...keys].filter((key) => !mayChange.includes(key));
  return texts([
    ...pairs(before, now, ["recipe", "seed"]),
    ...pairs(before.settings, now.settings, compared),
  ]);
}

/**
 * Lists in which of data, steps, start and weights a resumed run differs from the one it goes on
 * with. What an older version did not record is not compared.
 *
 * @returns One text per difference, such as `steps (60, now 30)`; empty when they agree.
 */
export function identityDifferences(before: RunConfig, now: RunConfig): string[] {
  return texts([
    ...datasetPairs(before.dataset, now.dataset),
    ...recorded("steps", before.steps, now.steps),
    // A run that goes on does not need its start any more, so that may be gone.
    ...(now.start === undefined ? [] : recorded("start", before.start, now.start)),
    ...weightPairs(before.weights, now.weights),
  ]);
}

/** Says, as {@linkcode identityDifferences} does, whether data sets differ. */
export function dataDifferences(a: RunConfig["dataset"], b: DatasetIdentity): string[] {
  return texts(datasetPairs(a, b));
}

/** Lists, as {@linkcode identityDifferences} does, which weights differ. */
export function weightDifferences(
  a: RunConfig["weights"],
  b: NonNullable<RunConfig["weights"]>,
): string[] {
  return texts(weightPairs(a, b));
}

/**
 * Lists what changes results in their last bits only: a run that goes on so agrees with one that
 * was not interrupted but for rounding.
 *
 * @returns One text per difference, such as `threads (1, now 2)`.
 */
export function roundingChanges(before: RunConfig, now: RunConfig): string[] {
  const chosen = [
    ...pairs(before, now, ["backend"]),
    ...pairs(before.settings, now.settings, ["threads"]),
  ];
  const [a, b] = [before.environment ?? {}, now.environment ?? {}];
  const machine = ["system", "processor", "deno"].flatMap((key) => recorded(key, a[key], b[key]));
  const found = texts([...chosen, ...machine]);
  // What the backend says of itself names its threads: one of both is enough.
  return found.length > 0 ? found : texts(recorded("backend", a.backend, b.backend));
}

type Pair = readonly [key: string, a: string, b: string];

/** The pairs that differ, each once; the first ones where they are many. */
function texts(all: readonly Pair[]): string[] {
  const found = all.filter(([, a, b]) => a !== b).map(([key, a, b]) => `${key} (${a}, now ${b})`);
  const once = [...new Set(found)];
  const more = once.length - LISTED;
  return more <= 1 ? once : [...once.slice(0, LISTED), `${more} more`];
}

function pairs(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Pair[] {
  return keys.map((key) => [key, textOf(a[key]), textOf(b[key])]);
}

/** One pair, or none where the first is not known. */
function recorded(key: string, a: unknown, b: unknown): Pair[] {
  return a === undefined ? [] : [[key, String(a), b === undefined ? "absent" : String(b)]];
}

function textOf(value: unknown): string {
  return toJson(value) ?? "absent";
}

function datasetPairs(a: RunConfig["dataset"], b: RunConfig["dataset"]): Pair[] {
  const known = (x: RunConfig["dataset"]) => x && a?.train !== undefined ? counted(x) : "";
  const text = (x: RunConfig["dataset"]) =>
    x && `${x.name}${known(x)}, SHA-256 ${x.sha256.slice(0, SHOWN)}…`;
  return recorded("data", text(a), text(b));
}

function counted({ train, test }: DatasetIdentity): string {
  return ` of ${train} and ${test} examples`;
}

function weightPairs(a: RunConfig["weights"], b: RunConfig["weights"] = {}): Pair[] {
  if (!a) return [];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].map((name) => [`weight ${name}`, a[name] ?? "absent", b[name] ?? "absent"]);
}
