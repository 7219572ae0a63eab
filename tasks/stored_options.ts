/**
 * The options of a run that is there, for those who go on from it.
 *
 * @module
 */

import { join } from "node:path";
import type { RunData } from "../core/mod.ts";
import {
  type OptionDefaults,
  type OptionSchema,
  type ParsedOptions,
  parseOptions,
} from "./options.ts";

/**
 * Reads the settings in config.json as if they were typed: what a person changed there is checked as
 * the command line is.
 *
 * @param defaults The options to take; those that the run does not have are as here.
 * @param schema Their limits.
 * @throws {Error} "Cannot read the settings in DIR/config.json: …" when one has the wrong type or
 * breaks its limits.
 */
export function storedOptions<T extends OptionDefaults<T>>(
  { path, config: { settings } }: Pick<RunData, "path" | "config">,
  defaults: T,
  schema: OptionSchema<T>,
): ParsedOptions<T> {
  const args = Object.keys(defaults)
    .filter((key) => settings[key] !== undefined)
    .map((key) => `--${key}=${settings[key]}`);
  try {
    return parseOptions(args, defaults, schema);
  } catch (error) {
    const why = (error as Error).message.replace(/^Cannot/, "cannot");
    const file = join(path, "config.json");
    throw new Error(`Cannot read the settings in ${file}: ${why}`, { cause: error });
  }
}
