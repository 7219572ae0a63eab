/**
 * What a recipe is: a job with defaults that anybody can override on the command line.
 *
 * @module
 */

import { type Plugin, Registry } from "../core/mod.ts";
import {
  describeOptions,
  gridOf,
  type OptionDefaults,
  type OptionGrid,
  type OptionSchema,
  type OptionValue,
  type ParsedOptions,
  parseOptions,
} from "./options.ts";
import type { Processes } from "./processes.ts";
import type { CellResult } from "./sweep/results.ts";
import type { TextSink } from "./terminal/mod.ts";

/** What every recipe is given. */
export interface RecipeContext {
  /** Where people read. */
  readonly sink: TextSink;
  /** Aborts when the person presses Ctrl-C, or the system asks to end. */
  readonly signal: AbortSignal;
  /**
   * Whether a run that is resumed and had ended before is taken as it is, once settings, data and
   * weights are found to be those that it began with; default false: it is measured again.
   */
  readonly trustFinished?: boolean;
  /** The processes that run the recipe together; absent: one. */
  readonly processes?: Processes;
}

/** A recipe as the command line runs it. */
export interface Recipe extends Plugin {
  /** Whether several processes can run it together; default false. */
  readonly parallel?: boolean;
  /** Every option by name with default, limits and explanation. */
  readonly options: Readonly<Record<string, string>>;
  /** Draws the table of a sweep; absent: as for recipes that train one network. */
  readonly sweepTable?: (results: readonly CellResult[]) => string;
  /**
   * Reads options, every one that there is.
   *
   * @param args Options as typed.
   * @throws {UsageError} When an option is wrong.
   */
  read(args: readonly string[]): Readonly<Record<string, OptionValue>>;
  /** Takes the lists out of options, for a sweep. */
  grid(args: readonly string[]): OptionGrid;
  /**
   * Runs the recipe.
   *
   * @param args Options as typed.
   * @returns Exit code.
   * @throws {UsageError} When an option is wrong; nothing has been written then.
   */
  run(args: readonly string[], context: RecipeContext): Promise<number>;
}

/** A recipe as its author writes it. */
export interface RecipeDefinition<T extends OptionDefaults<T>> extends Plugin {
  /** Every option with its default. */
  readonly defaults: T;
  /** Limits and explanations; a function where choices come from tables that plugins add to. */
  readonly schema: OptionSchema<T> | (() => OptionSchema<T>);
  /** Whether several processes can run it together, as all that train by `classify` do. */
  readonly parallel?: boolean;
  /** Draws the table of a sweep; default: of the one network that each run trains. */
  readonly sweepTable?: (results: readonly CellResult[]) => string;
  /** The job. */
  readonly job: (options: ParsedOptions<T>, context: RecipeContext) => Promise<number>;
}

/** Recipes by name. */
export const recipes: Registry<Recipe> = new Registry("recipe");

/**
 * Registers a recipe.
 *
 * @param definition Defaults, their rules and the job.
 */
export function recipe<T extends OptionDefaults<T>>(definition: RecipeDefinition<T>): Recipe {
  const { name, description, defaults, schema, job, parallel = false, sweepTable } = definition;
  const rules = () => typeof schema === "function" ? schema() : schema;
  return recipes.add({
    name,
    description,
    parallel,
    ...(sweepTable ? { sweepTable } : {}),
    get options() {
      return describeOptions(defaults, rules());
    },
    read: (args) => parseOptions(args, defaults, rules()),
    grid: (args) => gridOf(args, defaults, rules()),
    run: (args, context) => job(parseOptions(args, defaults, rules()), context),
  });
}
