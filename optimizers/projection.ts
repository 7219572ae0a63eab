/**
 * Settings and lengths of rules that project gradients: what GaLore, Fira and APOLLO share.
 *
 * @module
 */

import type { Algebra, SettingLimits } from "../core/mod.ts";
import { decayLimits } from "./moments.ts";
import type { Side } from "./sides.ts";

/** Settings of rules that project gradients. */
export type ProjectionSettings = {
  /** Rank of the projection, or the short side of a matrix that has less. */
  readonly rank: number;
  /** Steps between two choices of the subspace. */
  readonly every: number;
  /** Length of the step, α. */
  readonly scale: number;
  /** Optimizer of the projected gradients, and of vectors. */
  readonly base: string;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** Limits of {@linkcode ProjectionSettings}. */
export const projectionLimits: Record<keyof ProjectionSettings, SettingLimits> = {
  rank: { integer: true, min: 1, description: "rank of the projection" },
  every: { integer: true, min: 1, description: "steps between two choices of the subspace" },
  scale: { min: 0, description: "length of the step, α" },
  base: { description: "optimizer of the projected gradients, and of vectors" },
  weightDecay: decayLimits,
};

/**
 * X times ‖after‖ / ‖before‖, as a whole or vector by vector along the side; 0 where the norm before
 * vanishes.
 */
export async function rescaled<M>(
  a: Algebra<M>,
  side: Side<M>,
  x: M,
  { after, before, whole }: { readonly after: M; readonly before: M; readonly whole: boolean },
): Promise<M> {
  if (whole) return a.scale(ratio(await a.norm(after), await a.norm(before)), x);
  const [above, below] = [await side.norms(after), await side.norms(before)];
  return side.weighted(x, above.map((norm, i) => ratio(norm, below[i]!)));
}

function ratio(above: number, below: number): number {
  return below > 0 ? above / below : 0;
}

/**
 * The factor that keeps a norm from growing faster than `growth` a step.
 *
 * @param before The last norm; where it is 0, and where `growth` is 0, there is no limit.
 */
export function growthFactor(norm: number, before: number, growth: number): number {
  return before > 0 && growth > 0 ? Math.min(1, growth * before / norm) : 1;
}

/** Limits of the growth of a norm. */
export const growthLimits: SettingLimits = {
  min: 0,
  description: "most that a step's length may grow by, as a factor; 0: as it likes",
};
