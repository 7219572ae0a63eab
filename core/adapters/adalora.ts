import type { Algebra } from "../algebra/mod.ts";
import { gram } from "../geometry/matrices.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, Settling } from "./adapter.ts";
import { allocated, type Budget, budgetLimits, remembered } from "./budget.ts";
import {
  columnSums,
  inverseRoot,
  normal,
  rankLimits,
  rowSums,
  scalar,
  scaledBy,
  tripletFactors,
  tripletFlows,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode adalora}. */
export type AdaloraSettings = Budget & {
  /** Numerator of the scale. */
  alpha: number;
  /** Weight of the regulariser that keeps the factors orthonormal. */
  orthogonality: number;
  /** Adapted matrices of the network, over which that is a mean. */
  matrices: number;
};

/**
 * (α/r) U diag(e) Vᵀ, of whose triplets those with little influence on the loss are set to zero, until
 * the whole network has a given number of them (Zhang et al., "AdaLoRA: Adaptive Budget Allocation for
 * Parameter-Efficient Fine-Tuning", arXiv 2303.10512). The scale is that of the rank at the start for
 * ever. Masked triplets keep their gradient and may come back before the last phase. The regulariser
 * is in the flows and not in the loss that is reported.
 *
 * Ranks are allocated where the trainer counts steps; else they stay as they are.
 */
export const adalora: Tuned<Adapter, AdaloraSettings> = tunable(adapters, {
  name: "adalora",
  description: "U diag(e) Vᵀ with a budget of ranks over the whole network",
  defaults: {
    rank: 12,
    target: 8,
    alpha: 8,
    before: 0,
    after: 0,
    every: 1,
    beta1: 0.85,
    beta2: 0.85,
    orthogonality: 0.5,
    matrices: 1,
  },
  limits: {
    ...budgetLimits,
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale" },
    orthogonality: { min: 0, description: "weight of ‖UᵀU − I‖ and ‖VᵀV − I‖, their mean" },
    matrices: { integer: true, min: 1, description: "adapted matrices of the network" },
  },
  make(settings) {
    const { rank, alpha, orthogonality, matrices } = settings;
    return {
      attach: (a, w, { random }) =>
        Promise.resolve({
          base: w,
          trained: {
            u: normal(a, random.fork("u"), [a.rows(w), rank], 0.02),
            v: normal(a, random.fork("v"), [a.cols(w), rank], 0.02),
            e: a.zeros(1, rank),
          },
          frozen: { scale: scalar(a, alpha / (rank + 1e-5)) },
          numbers: { rank },
        }),
      factors: tripletFactors,
      flows: (a, t, evidence) => {
        const own = tripletFlows(a, t, evidence);
        if (orthogonality === 0) return own;
        const weight = orthogonality / (2 * matrices);
        const pulled = (name: "u" | "v") =>
          a.lincomb(1, own[name]!, -weight, skewness(a, t[name]!));
        return { ...own, u: pulled("u"), v: pulled("v") };
      },
      settle: (a, step) => Promise.resolve({ at: scored(a, step, settings) }),
      allocate: (a, all, moment) => allocated(a, all, moment, settings),
      fitted: (shapes) => ({ matrices: shapes.length }),
      undecayed: ["e"],
      trainables: ([inputs, outputs]) => rank * (inputs + outputs + 1),
    };
  },
});

/** ∇ ‖XᵀX − I‖ = 2 X (XᵀX − I) / ‖XᵀX − I‖; zero where columns are orthonormal. */
function skewness<M>(a: Algebra<M>, x: M): M {
  const gap = a.lincomb(1, gram(a, x, x), -1, a.identity(a.cols(x)));
  const square = columnSums(a, rowSums(a, a.square(gap)));
  return scaledBy(a, inverseRoot(a, square), a.scale(2, a.multiply(x, gap)));
}

/** What has moved, with the importance of all entries brought up to date. */
function scored<M>(a: Algebra<M>, step: Settling<M>, settings: AdaloraSettings) {
  return { ...step.after, memory: remembered(a, step, settings) };
}
