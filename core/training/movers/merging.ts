import { checkInteger } from "../../checks.ts";
import type { Mover } from "../mover.ts";
import { byRule } from "./rule.ts";

/** Settings of {@linkcode merging}. */
export interface MergingOptions {
  /** Steps from one merge to the next. */
  readonly period: number;
  /** Steps over which the rate comes back after a merge. */
  readonly warmup: number;
}

/**
 * An increment by the optimizer rule, merged into its base every so many steps and begun anew from
 * zero without moments, at a rate that grows back (ReLoRA: Lialin et al., arXiv 2307.05695). After
 * k merges the weight has moved by rank k r at most.
 */
export function merging({ period, warmup }: MergingOptions): Mover {
  checkInteger("merge increments", "period", period);
  checkInteger("merge increments", "warmup", warmup, { least: 0 });
  return {
    ...byRule,
    name: "merging",
    description: `an increment by the optimizer rule, merged and begun anew every ${period} steps`,
    moves: (representation) => byRule.moves(representation) && representation.merged !== undefined,

    async *update(weight) {
      const { representation, spec, state: before, motion } = weight;
      const count = (before.count ?? 0) as number;
      const since = count % period;
      const share = count < period || warmup === 0 ? 1 : Math.min(1, (since + 1) / warmup);
      const own = { ...motion, rate: motion.rate * share };
      const { state } = yield* byRule.update({ ...weight, motion: own });
      if (since + 1 < period) return { state: { ...state, count: count + 1 } };
      const merge = (count + 1) / period;
      const merged = await representation.merged!(motion.method, spec, state, merge);
      return { state: { ...merged, count: count + 1 } };
    },
  };
}
