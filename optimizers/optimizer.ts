/**
 * What an optimizer is, and the table of all.
 *
 * @module
 */

import {
  checkedSettings,
  type Configurable,
  type OptimizerRule,
  Registry,
  type Settings,
  settingsUnder,
  type SettingValue,
} from "../core/mod.ts";

/** Settings of the rule that another one is based on. */
export type BaseSettings = { readonly [key: `base.${string}`]: SettingValue };

/**
 * An optimizer: makes rules of settings.
 *
 * @example A rule whose base rule has settings too
 * ```ts
 * import { type BaseSettings, type Optimizer, optimizers } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const galore: Optimizer = optimizers.get("galore");
 * const base: BaseSettings = { "base.beta2": 0.8 };
 * assertEquals(galore.create({ rank: 4, ...base }).name, "galore");
 * ```
 */
export interface Optimizer<S extends Settings = Settings> extends Configurable<S> {
  /**
   * Makes the rule.
   *
   * @param settings Overrides of the defaults; `base.` and a name for those of the base rule.
   * @throws {RangeError} When a setting is unknown or out of range.
   * @throws {TypeError} When a setting has the wrong type.
   */
  create(settings?: Partial<S> & BaseSettings): OptimizerRule;
}

/**
 * Optimizers by name.
 *
 * @example A rule with a setting
 * ```ts
 * import { optimizers } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(optimizers.get("adamw").create({ weightDecay: 0.1 }).weightDecay, 0.1);
 * ```
 */
export const optimizers: Registry<Optimizer> = new Registry("optimizer");

/** What is written down of an optimizer; {@linkcode defineOptimizer} adds the rest. */
export interface OptimizerDefinition<S extends Settings> {
  /** Registry name. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** Every setting with its default. */
  readonly defaults: S;
  /** Limits and explanations. */
  readonly limits: Required<Configurable<S>>["limits"];
  /**
   * The rule with given settings; `weightDecay` is that of the settings, or 0 where they have none.
   *
   * @param base The rule that the setting `base` names, made of the settings `base.…`.
   */
  rule(settings: S, base: () => OptimizerRule): Omit<OptimizerRule, "name" | "weightDecay">;
}

/** An optimizer whose settings are checked and listed by its defaults and limits. */
export function defineOptimizer<S extends Settings>(
  definition: OptimizerDefinition<S>,
): Optimizer<S> {
  const { name, description, defaults, limits } = definition;
  const optimizer: Optimizer<S> = {
    name,
    description,
    defaults,
    limits,
    create(given = {}) {
      const settings = checkedSettings<S>(optimizers, optimizer, given as Settings);
      const base = () => {
        const { base } = settings as Settings;
        return optimizers.get(String(base)).create(settingsUnder("base", settings));
      };
      const { weightDecay = 0 } = settings as { readonly weightDecay?: number };
      return { name, weightDecay, ...definition.rule(settings, base) };
    },
  };
  return optimizer;
}

/** A rule of a run: what it draws follows the seed of the run, unless a setting names another. */
export function seededRule(
  optimizer: Optimizer,
  seed: number,
  settings: Settings = {},
): OptimizerRule {
  return optimizer.create({ ..."seed" in optimizer.defaults ? { seed } : {}, ...settings });
}
