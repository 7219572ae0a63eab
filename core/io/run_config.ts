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
  /** Data set with the SHA-256 of its content, in hex. */
  readonly dataset?: { readonly name: string; readonly sha256: string };
  /** Machine and versions, see `describeEnvironment()`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whatever else a recipe keeps. */
  readonly [extra: string]: unknown;
}

/** What config.json must hold. */
export const runConfig: Expectation<RunConfig> = aRecord<RunConfig>({
  recipe: aText,
  settings: byName(anything),
  seed: aNumber,
  backend: aText,
  report: optional(aText),
  dataset: optional(aRecord<{ name: string; sha256: string }>({ name: aText, sha256: aText })),
  environment: optional(byName(aText)),
});

/**
 * Lists the settings in which a resumed run differs from the one it goes on with.
 *
 * @param before Configuration in the folder.
 * @param now Configuration asked for.
 * @param mayChange Settings that may differ, such as the number of epochs.
 * @returns One text per difference, such as `rank (16, now 32)`; empty when they agree.
 */
export function differences(
  before: RunConfig,
  now: RunConfig,
  mayChange: readonly string[] = [],
): string[] {
  const shared = pairs(before, now, ["recipe", "seed"]);
  const keys = new Set([...Object.keys(before.settings), ...Object.keys(now.settings)]);
  const settings = pairs(before.settings, now.settings, [...keys]);
  const found = [...shared, ...settings]
    .filter(([key, a, b]) => a !== b && !mayChange.includes(key))
    .map(([key, a, b]) => `${key} (${a}, now ${b})`);
  return [...new Set(found)];
}

function pairs(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): [key: string, a: string, b: string][] {
  return keys.map((key) => [key, toJson(a[key]) ?? "absent", toJson(b[key]) ?? "absent"]);
}
