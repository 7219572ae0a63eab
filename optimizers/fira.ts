import type { Algebra } from "../core/mod.ts";
import { forMatrices } from "./base_rule.ts";
import { choiceDefaults, choiceLimits, type ChoiceSettings } from "./choice.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";
import {
  growthFactor,
  growthLimits,
  projectionLimits,
  type ProjectionSettings,
  rescaled,
} from "./projection.ts";
import { type SubspaceState, type SubspaceStep, subspaceStep } from "./subspace.ts";

/** Settings of {@linkcode fira}. */
export type FiraSettings = ProjectionSettings & ChoiceSettings & {
  /** What has a factor of its own: each "column" of the long side, or the "matrix". */
  readonly scaling: string;
  /** Most that the residual may grow by in a step, γ; 0: as it likes. */
  readonly growth: number;
  /** Which algorithm: the "published" one, or that of the "released" code. */
  readonly variant: string;
};

/** State of a matrix. */
type FiraState<M> = SubspaceState<M> & {
  /** Norm of the last residual; 0 where it was nothing but round-off. */
  readonly residual: number;
};

/**
 * Fira (Chen et al., arXiv 2410.01623): GaLore, and along what its projection leaves out the plain
 * gradient, as much longer or shorter as the base rule made the projected one. N = ψ(R), column by
 * column S = (G − P R) ‖N‖ / ‖R‖, no longer than γ times the last one, W ← (1 − ηλ) W − η α (P N + S).
 *
 * This is the published algorithm; the released code, for comparison, takes α P R from G and leaves
 * S without α: with α < 1 a part of what is projected returns in S. A residual that is nothing but
 * round-off, as of full rank or of a layer without gradient, limits none.
 *
 * State: r s + 1 and what the base rule keeps of r×l; the choice of the subspace is that of GaLore.
 */
export const fira: Optimizer<FiraSettings> = defineOptimizer({
  name: "fira",
  description: "GaLore with the rest of the gradient, scaled as the projected part (Fira)",
  defaults: {
    rank: 128,
    every: 200,
    scale: 0.25,
    ...choiceDefaults,
    scaling: "column",
    growth: 1.01,
    variant: "published",
    base: "adam",
    weightDecay: 0,
  },
  limits: {
    ...projectionLimits,
    ...choiceLimits,
    scaling: {
      oneOf: ["column", "matrix"],
      description: "what has a factor of its own: each column of the long side, or the matrix",
    },
    growth: growthLimits,
    variant: {
      oneOf: ["published", "released"],
      description: "the published algorithm, or that of the released code, whose residual is " +
        "G - scale P R and not scaled",
    },
  },
  rule(s, makeBase) {
    const base = makeBase();
    // Share of the projection that the residual lacks, and the residual's own length.
    const [missing, length] = s.variant === "released" ? [s.scale, 1] : [1, s.scale];
    return forMatrices(base, async (a, x, flow, { rate, decay }, state = {}) => {
      const before = state as Partial<FiraState<typeof x>>;
      const step = await subspaceStep(a, base, s, flow, before);
      if (!step) return { value: a.scale(1 - rate * decay, x) };
      const rest = await scaledResidual(a, step, flow, s.scaling, missing);
      const size = await a.norm(rest);
      const factor = growthFactor(size, before.residual ?? 0, s.growth);
      const along = step.lift(step.direction);
      const isRoundOff = size <= 64 * a.epsilon * await a.norm(along);
      const direction = a.lincomb(s.scale, along, length * factor, rest);
      return {
        value: a.lincomb(1 - rate * decay, x, rate, direction),
        state: { ...step.state, residual: isRoundOff ? 0 : factor * size },
      };
    });
  },
});

/**
 * What the projection leaves out, by as much as the base rule scaled what it kept.
 *
 * @param missing Share of the projection that it leaves out.
 */
async function scaledResidual<M>(
  a: Algebra<M>,
  { side, low, direction, lift }: SubspaceStep<M>,
  flow: M,
  scaling: string,
  missing: number,
): Promise<M> {
  const rest = a.lincomb(1, flow, -missing, lift(low));
  const whole = scaling === "matrix";
  return await rescaled(a, side, rest, { after: direction, before: low, whole });
}
