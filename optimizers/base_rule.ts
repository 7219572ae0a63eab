/**
 * The base rule of optimizers that are about matrices.
 *
 * @module
 */

import type { Algebra, OptimizerRule, RuleState, SettingLimits } from "../core/mod.ts";

/** Settings of rules that leave vectors to another one, at a rate of their own. */
export type VectorSettings = {
  /** Optimizer of vectors. */
  readonly base: string;
  /** Rate of vectors as a share of that of matrices. */
  readonly baseRate: number;
};

/** Limits of {@linkcode VectorSettings}. */
export const vectorLimits: Record<keyof VectorSettings, SettingLimits> = {
  base: { description: "optimizer of vectors" },
  baseRate: { min: 0, description: "rate of vectors as a share of that of matrices" },
};

/**
 * A rule that moves matrices by `update`, and vectors by the base rule.
 *
 * @param share Rate of vectors as a share of that of matrices; default 1.
 */
export function forMatrices(
  base: OptimizerRule,
  update: OptimizerRule["update"],
  share = 1,
): Pick<OptimizerRule, "matrices" | "update"> {
  return {
    matrices: true,
    update(a, x, flow, step, state) {
      if (!step.vector) return update(a, x, flow, step, state);
      return base.update(a, x, flow, { ...step, rate: step.rate * share }, state);
    },
  };
}

/** Where a rule goes along a flow, at a rate of 1 and without decay. */
export async function directionOf<M>(
  a: Algebra<M>,
  rule: OptimizerRule,
  flow: M,
  state: RuleState<M> | undefined,
): Promise<{ readonly value: M; readonly state?: RuleState<M> }> {
  return await rule.update(a, a.zerosLike(flow), flow, { rate: 1, decay: 0 }, state);
}
