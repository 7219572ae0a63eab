/**
 * Moments of the gradient, as element-wise rules keep them.
 *
 * @module
 */

import type { Algebra, BasisChange, Memory, RuleState, SettingLimits } from "../core/mod.ts";

/** Moments of one variable. */
export type Moments<M> = {
  /** Updates taken. */
  readonly count: number;
  /** First moment (momentum), in the shape of the variable. */
  readonly first?: M;
  /** Second moment, in the shape of the variable. */
  readonly second?: M;
};

/** How moments follow a factor: the first is a tangent vector, the second are variances. */
export const moments: Memory = {
  tangent: "first",
  transport<M>(_a: Algebra<M>, state: RuleState<M>, change: BasisChange<M>) {
    const { count, first, second } = state as Moments<M>;
    return {
      count,
      ...(first === undefined ? {} : { first: change.carry(first) }),
      ...(second === undefined ? {} : { second: change.carrySquare(second) }),
    };
  },
};

/** β m + α flow, from zero moments at the start. */
export function accumulate<M>(
  a: Algebra<M>,
  beta: number,
  alpha: number,
  flow: M,
  state: RuleState<M> | undefined,
): M {
  const { first } = (state ?? {}) as Partial<Moments<M>>;
  return first === undefined ? a.scale(alpha, flow) : a.lincomb(beta, first, alpha, flow);
}

/** Updates taken with this one. */
export function countOf<M>(state: RuleState<M> | undefined): number {
  return ((state?.count ?? 0) as number) + 1;
}

/** Limits of a decay of moments. */
export function momentLimits(description: string): SettingLimits {
  return { min: 0, below: 1, description };
}

/** Limits of the decay of weights. */
export const decayLimits: SettingLimits = {
  min: 0,
  description: "decay of the weights per unit of step size, decoupled from the gradient",
};
