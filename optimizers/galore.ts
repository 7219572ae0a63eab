import { forMatrices } from "./base_rule.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";
import { projectionLimits, type ProjectionSettings, subspaceStep } from "./projection.ts";

/** Settings of {@linkcode galore}. */
export type GaloreSettings = ProjectionSettings;

/**
 * GaLore (Zhao et al.: ICML 2024): the base rule sees the gradient projected on its leading singular
 * vectors, so that its moments have r l instead of s l numbers for sides s ≤ l. R = Pᵀ G for m ≤ n,
 * W ← (1 − ηλ) W − η α P ψ(R) where the base rule steps by −η ψ; the other side for m > n.
 *
 * State: r s + r l and what the base rule keeps of r×l.
 */
export const galore: Optimizer<GaloreSettings> = defineOptimizer({
  name: "galore",
  description: "a base rule on gradients projected on their leading singular vectors (GaLore)",
  defaults: { rank: 128, every: 200, scale: 0.25, base: "adam", weightDecay: 0 },
  limits: projectionLimits,
  rule(s, makeBase) {
    const base = makeBase();
    return forMatrices(base, async (a, x, flow, { rate, decay }, before = {}) => {
      const step = await subspaceStep(a, base, s, flow, before);
      if (!step) return { value: a.scale(1 - rate * decay, x) };
      const { side, direction, state } = step;
      const back = side.lift(state.basis, direction);
      return { value: a.lincomb(1 - rate * decay, x, rate * s.scale, back), state };
    });
  },
});
