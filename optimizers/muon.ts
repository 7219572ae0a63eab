import type { Algebra, RuleState } from "../core/mod.ts";
import { forMatrices, vectorLimits, type VectorSettings } from "./base_rule.ts";
import { accumulate, countOf, decayLimits, momentLimits, moments } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode muon}. */
export type MuonSettings = VectorSettings & {
  /** Decay of the momentum, β. */
  readonly momentum: number;
  /** Whether the step looks ahead along the momentum. */
  readonly nesterov: boolean;
  /** How directions are made orthogonal: "newton-schulz", or "polar" by a singular value decomposition. */
  readonly orthogonaliser: string;
  /** Newton-Schulz iterations. */
  readonly steps: number;
  /** Length of the step: "spectral" is √max(1, n/m) of m×n, "rms" 0.2 √max(m, n), as long as Adam's. */
  readonly scale: string;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** Coefficients of x, x³ and x⁵: an odd polynomial of the singular values. */
export type Quintic = readonly [linear: number, cubic: number, quintic: number];

/** Steep at zero: singular values come near to 1 in few iterations, and stay near, not at, it. */
const STEEP: Quintic = [3.4445, -4.775, 2.0315];

/**
 * Muon (Jordan et al. 2024): momentum, made orthogonal, is the direction of matrices: the steepest
 * in the spectral norm. M ← β M + (1 − β) G, W ← (1 − ηλ) W − η c O with O near to the polar factor
 * of (1 − β) G + β M, or of M. Vectors are left to a base rule.
 */
export const muon: Optimizer<MuonSettings> = defineOptimizer({
  name: "muon",
  description: "orthogonalised momentum for matrices (Muon), a base rule for vectors",
  defaults: {
    momentum: 0.95,
    nesterov: true,
    orthogonaliser: "newton-schulz",
    steps: 5,
    scale: "spectral",
    base: "adam",
    baseRate: 0.015, // 3e-4 beside 0.02, as published
    weightDecay: 0,
  },
  limits: {
    momentum: momentLimits("decay of the momentum, β"),
    nesterov: { description: "look ahead along the momentum" },
    orthogonaliser: {
      oneOf: ["newton-schulz", "polar"],
      description: "how directions are made orthogonal",
    },
    steps: { integer: true, min: 1, description: "Newton-Schulz iterations" },
    scale: {
      oneOf: ["spectral", "rms"],
      description: "length of a step: by the spectral norm, or as long as Adam's",
    },
    ...vectorLimits,
    weightDecay: decayLimits,
  },
  rule(s, base) {
    const smooth = <M>(a: Algebra<M>, flow: M, state: RuleState<M> | undefined) => {
      const first = accumulate(a, s.momentum, 1 - s.momentum, flow, state);
      const ahead = s.nesterov ? a.lincomb(1 - s.momentum, flow, s.momentum, first) : first;
      return { first, ahead };
    };
    return {
      ...moments,
      direction: (a, flow, state) => smooth(a, flow, state).ahead,
      ...forMatrices(base(), async (a, x, flow, { rate, decay }, state) => {
        const { first, ahead } = smooth(a, flow, state);
        const o = s.orthogonaliser === "polar"
          ? await polar(a, ahead)
          : newtonSchulz(a, a.scale(1 / (await a.norm(ahead) + 1e-7), ahead), s.steps);
        const length = rate * scaleOf(s.scale, a.rows(x), a.cols(x));
        return {
          value: a.lincomb(1 - rate * decay, x, length, o),
          state: { count: countOf(state), first },
        };
      }, s.baseRate),
    };
  },
});

function scaleOf(kind: string, rows: number, cols: number): number {
  return kind === "rms"
    ? 0.2 * Math.sqrt(Math.max(rows, cols))
    : Math.sqrt(Math.max(1, cols / rows));
}

/**
 * The matrix with the same singular vectors whose singular values went through the polynomial
 * `steps` times, from products alone: 3 s² l + s³ flops each for sides s ≤ l where symmetric ones take half,
 * 4 s² l + 2 s³ elsewhere.
 *
 * @param x Of spectral norm ≤ 1.
 * @param coefficients With [1.5, −0.5, 0] the values converge to 1 from (0, √3); by default they do
 * not, but get from 0.01 to between 0.7 and 1.2 in 5 iterations.
 */
export function newtonSchulz<M>(
  a: Algebra<M>,
  x: M,
  steps: number,
  [linear, cubic, quintic]: Quintic = STEEP,
): M {
  const wide = a.rows(x) <= a.cols(x);
  const side = wide ? { transposeRight: true } : { transposeLeft: true };
  const tidy = <T>(f: () => T): T => a.tidy ? a.tidy(f) : f();
  return tidy(() => {
    let y = x;
    for (let i = 0; i < steps; i++) {
      y = tidy(() => {
        const gram = a.multiply(y, y, side);
        // The transpose changes nothing but shows that the product is symmetric: half of the work.
        const b = a.lincomb(cubic, gram, quintic, a.multiply(gram, gram, side));
        return a.lincomb(linear, y, 1, wide ? a.multiply(b, y) : a.multiply(y, b));
      });
    }
    return y;
  });
}

/** U Vᵀ of the SVD, without the directions in which the matrix vanishes. */
async function polar<M>(a: Algebra<M>, x: M): Promise<M> {
  const { p, sigma, q } = await a.svd(x);
  const floor = a.epsilon * Math.max(a.rows(x), a.cols(x)) * sigma[0]!;
  const rank = sigma.filter((value) => value > floor).length;
  if (rank === 0) return a.zerosLike(x);
  return a.multiply(a.columns(p, 0, rank), a.columns(q, 0, rank), { transposeRight: true });
}
