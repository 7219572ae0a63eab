import type { Algebra } from "../core/mod.ts";
import { forMatrices, vectorLimits, type VectorSettings } from "./base_rule.ts";
import { eigenvectors, gramsWithin, sideLimits } from "./eigenbasis.ts";
import { countOf, decayLimits } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode shampoo}. */
export type ShampooSettings = VectorSettings & {
  /** Steps between two computations of the roots. */
  readonly every: number;
  /** What sums start from, on the diagonal. */
  readonly epsilon: number;
  /** Longest side that has a preconditioner. */
  readonly maxSide: number;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** One side of a matrix. */
type SideState<M> = {
  /** ε I + Σ G Gᵀ, or ε I + Σ Gᵀ G. */
  readonly sum: M;
  /** Its inverse root, where that is used more than once. */
  readonly root?: M;
};

/** State of a matrix, without the sides that are too long. */
type ShampooState<M> = {
  /** Updates taken. */
  readonly count: number;
  /** m×m. */
  readonly left?: SideState<M>;
  /** n×n. */
  readonly right?: SideState<M>;
};

/**
 * Shampoo (Gupta, Koren, Singer: ICML 2018): L ← L + G Gᵀ, R ← R + Gᵀ G,
 * W ← (1 − ηλ) W − η L^−¼ G R^−¼. Where one side is too long, the other one has the root −½.
 *
 * State: m² + n², and as much again where roots are used more than once.
 */
export const shampoo: Optimizer<ShampooSettings> = defineOptimizer({
  name: "shampoo",
  description: "gradients between inverse roots of their sums of squares (Shampoo)",
  defaults: {
    every: 1,
    epsilon: 1e-4,
    maxSide: 2048,
    base: "adam",
    baseRate: 0.01,
    weightDecay: 0,
  },
  limits: {
    ...vectorLimits,
    every: { integer: true, min: 1, description: "steps between two computations of the roots" },
    epsilon: { above: 0, description: "what sums start from, on the diagonal" },
    maxSide: sideLimits,
    weightDecay: decayLimits,
  },
  rule(s, makeBase) {
    return forMatrices(makeBase(), async (a, x, flow, { rate, decay }, state) => {
      const count = countOf(state);
      const before = (state ?? {}) as Partial<ShampooState<typeof x>>;
      const grams = gramsWithin(a, flow, s.maxSide);
      const exponent = -1 / (2 * Object.keys(grams).length);
      let direction = flow;
      const kept: Record<string, SideState<typeof x>> = {};
      for (const [name, gram] of Object.entries(grams)) {
        const old = before[name as "left" | "right"];
        const sum = a.lincomb(1, old?.sum ?? a.scale(s.epsilon, a.identity(a.rows(gram))), 1, gram);
        const isDue = (count - 1) % s.every === 0;
        const root = isDue ? await power(a, sum, exponent) : old!.root!;
        direction = name === "left" ? a.multiply(root, direction) : a.multiply(direction, root);
        kept[name] = s.every > 1 ? { sum, root } : { sum };
      }
      return {
        value: a.lincomb(1 - rate * decay, x, rate, direction),
        state: { count, ...kept },
      };
    }, s.baseRate);
  },
});

/** A power of a positive definite matrix; eigenvalues below round-off count as that. */
async function power<M>(a: Algebra<M>, c: M, exponent: number): Promise<M> {
  const { p, sigma } = await eigenvectors(a, c);
  const floor = a.epsilon * sigma[0]!;
  const powers = sigma.map((value) => Math.max(value, floor) ** exponent);
  return a.multiply(a.weighted(p, { columns: powers }), p, { transposeRight: true });
}
