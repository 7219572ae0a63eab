import { type Algebra, truncateCore } from "../core/mod.ts";
import { forMatrices, vectorLimits, type VectorSettings } from "./base_rule.ts";
import { countOf, decayLimits, momentLimits } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode mofasgd}. */
export type MofasgdSettings = VectorSettings & {
  /** Rank of the momentum, or the short side of a matrix that has less. */
  readonly rank: number;
  /** Decay of the momentum, β. */
  readonly momentum: number;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** Momentum of a matrix as U diag(σ) Vᵀ. */
type Momentum<M> = {
  /** Left singular vectors, m×r. */
  readonly u: M;
  /** Singular values, 1×r. */
  readonly sigma: M;
  /** Right singular vectors, n×r. */
  readonly v: M;
};

/**
 * MoFaSGD (arXiv 2507.08091): momentum in factors, M = U Σ Vᵀ of rank r. M takes in the gradient
 * projected on the tangent space there, in bases augmented by G V and Gᵀ U, and is truncated;
 * W ← (1 − ηλ) W − η U Vᵀ. Of full rank it is Muon by the polar factor, without looking ahead.
 *
 * State: r (m + n + 1). Directions in which the momentum vanishes are left out of a step, which is
 * √r long otherwise.
 */
export const mofasgd: Optimizer<MofasgdSettings> = defineOptimizer({
  name: "mofasgd",
  description: "orthogonalised momentum of low rank, moved on its manifold (MoFaSGD)",
  defaults: { rank: 32, momentum: 0.95, base: "adam", baseRate: 0.1, weightDecay: 0 },
  limits: {
    ...vectorLimits,
    rank: { integer: true, min: 1, description: "rank of the momentum" },
    momentum: momentLimits("decay of the momentum, β"),
    weightDecay: decayLimits,
  },
  rule(s, makeBase) {
    return forMatrices(makeBase(), async (a, x, flow, { rate, decay }, state) => {
      const gamma = 1 - rate * decay;
      const before = state as (Momentum<typeof x> & { count: number }) | undefined;
      const { y, rank } = before
        ? await averaged(a, before, flow, s)
        : await leading(a, a.scale(1 - s.momentum, flow), s.rank);
      if (rank === 0) return { value: a.scale(gamma, x), ...(before ? { state: before } : {}) };
      const [u, v] = [a.columns(y.u, 0, rank), a.columns(y.v, 0, rank)];
      const direction = a.multiply(u, v, { transposeRight: true });
      return {
        value: a.lincomb(gamma, x, rate, direction),
        state: { count: countOf(state), ...y },
      };
    }, s.baseRate);
  },
});

/** A momentum, and how many of its directions are more than round-off. */
interface Truncated<M> {
  readonly y: Momentum<M>;
  readonly rank: number;
}

/** β M + (1 − β) P(G) with the tangent projection P at M, truncated: one core of at most 2r. */
async function averaged<M>(
  a: Algebra<M>,
  { u, sigma, v }: Momentum<M>,
  flow: M,
  { momentum: beta, rank }: MofasgdSettings,
): Promise<Truncated<M>> {
  const [gv, gu] = [a.multiply(flow, v), a.multiply(flow, u, { transposeLeft: true })];
  const [left, right] = [await a.complement(u, gv), await a.complement(v, gu)];
  const inner = a.multiply(u, gv, { transposeLeft: true });
  const square = a.lincomb(beta, a.diagonal(await a.read(sigma)), 1 - beta, inner);
  const beside = right && a.multiply(gu, right, { transposeLeft: true });
  const below = left && a.multiply(left, gv, { transposeLeft: true });
  const top = beside ? a.hstack([square, a.scale(1 - beta, beside)]) : square;
  const core = below ? a.vstack([top, padded(a, a.scale(1 - beta, below), a.cols(top))]) : top;
  const { y, rank: own } = await leading(a, core, rank);
  return {
    y: {
      ...y,
      u: a.multiply(left ? a.hstack([u, left]) : u, y.u),
      v: a.multiply(right ? a.hstack([v, right]) : v, y.v),
    },
    rank: own,
  };
}

/** The matrix with columns of zeros after it. */
function padded<M>(a: Algebra<M>, x: M, cols: number): M {
  return a.cols(x) === cols ? x : a.hstack([x, a.zeros(a.rows(x), cols - a.cols(x))]);
}

/** The leading part of an SVD. */
async function leading<M>(a: Algebra<M>, x: M, most: number): Promise<Truncated<M>> {
  const { left, right, singularValues } = await truncateCore(a, x, most);
  const floor = a.epsilon * Math.max(a.rows(x), a.cols(x)) * singularValues[0]!;
  return {
    y: { u: left, sigma: a.from(singularValues, 1, singularValues.length), v: right },
    rank: singularValues.filter((value) => value > floor).length,
  };
}
