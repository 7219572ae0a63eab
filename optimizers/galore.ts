import { movesFactors } from "../core/mod.ts";
import { forMatrices } from "./base_rule.ts";
import { choiceDefaults, choiceLimits, type ChoiceSettings } from "./choice.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";
import { projectionLimits, type ProjectionSettings } from "./projection.ts";
import { SIDES } from "./sides.ts";
import { BOTH, subspaceStep } from "./subspace.ts";

/** Settings of {@linkcode galore}. */
export type GaloreSettings = ProjectionSettings & ChoiceSettings & {
  /** Side that is projected: "short", "long", "left" or "right"; "full": both. */
  readonly side: string;
  /** Whether moments are carried into a new subspace; else they keep their coordinates. */
  readonly carry: boolean;
};

/**
 * GaLore (Zhao et al.: ICML 2024): the base rule sees the gradient projected on its leading singular
 * vectors, so that its moments have r l instead of s l numbers for sides s ≤ l. R = Pᵀ G for m ≤ n,
 * W ← (1 − ηλ) W − η α P ψ(R) where the base rule steps by −η ψ; the other side for m > n.
 * On both sides R = Pᵀ G Q and W goes along P ψ(R) Qᵀ.
 *
 * With `carry`, moments follow into a new subspace as in LDAdam (arXiv 2410.16103); as published they
 * keep the coordinates of the old one. An SVD costs more than all else: a `power` step, P from
 * G Gᵀ P₀, costs as much as another step, and where one subspace follows another closely, `lazy`
 * chooses half as often, again and again. That is what of Q-GaLore (arXiv 2407.08296) can be had in
 * float32: its integers of 4 and 8 bits save the bytes that a number takes, and engines have none.
 *
 * State: r s and what the base rule keeps of r×l, for the side s that is projected; of both sides
 * r (m + n) and what it keeps of r×r. Up to 7 more with `lazy`.
 *
 * @throws {RangeError} On creation, when moments are to be carried that the base rule cannot carry.
 */
export const galore: Optimizer<GaloreSettings> = defineOptimizer({
  name: "galore",
  description: "a base rule on gradients projected on their leading singular vectors (GaLore)",
  defaults: {
    rank: 128,
    every: 200,
    scale: 0.25,
    side: "short",
    ...choiceDefaults,
    carry: false,
    base: "adam",
    weightDecay: 0,
  },
  limits: {
    ...projectionLimits,
    ...choiceLimits,
    side: { oneOf: [...SIDES, BOTH], description: "side that is projected; full: both" },
    carry: { description: "carry moments into a new subspace; else they keep their coordinates" },
  },
  rule(s, makeBase) {
    const base = makeBase();
    if (s.carry && !movesFactors(base)) {
      throw new RangeError(
        `Cannot carry the moments of "${base.name}" in optimizer "galore": expected a base that ` +
          `carries its state into other bases, such as "adam"`,
      );
    }
    return forMatrices(base, async (a, x, flow, { rate, decay }, before = {}) => {
      const step = await subspaceStep(a, base, s, flow, before);
      if (!step) return { value: a.scale(1 - rate * decay, x) };
      const back = step.lift(step.direction);
      return { value: a.lincomb(1 - rate * decay, x, rate * s.scale, back), state: step.state };
    });
  },
});
