/**
 * What reports take from the files of a run: recipes write what they like, people change it, so it
 * is checked.
 *
 * @module
 */

import { join } from "node:path";
import { aRecord, checked, type Expectation, optional, type RunData } from "../../core/io/mod.ts";

/**
 * A part of summary.json.
 *
 * @param key Its name.
 * @returns The part; undefined where the run has no result or none with this part.
 * @throws {Error} "Cannot read DIR/summary.json: expected …" when it is something else.
 */
export function resultOf<T>(
  run: RunData,
  key: string,
  expectation: Expectation<T>,
): T | undefined {
  const whole = aRecord<Record<string, T>>({ [key]: optional(expectation) });
  return checked(whole, run.summary ?? {}, join(run.path, "summary.json"))[key];
}

/**
 * The settings of a run, as its recipe had them.
 *
 * @throws {Error} "Cannot read the settings in DIR/config.json: expected …" when some are missing or
 * of another type.
 */
export function settingsOf<T>(
  { config, path }: Pick<RunData, "config" | "path">,
  expectation: Expectation<T>,
): T {
  return checked(expectation, config.settings, `the settings in ${join(path, "config.json")}`);
}
