import type { Algebra, RuleState } from "../core/mod.ts";
import { decayLimits } from "./moments.ts";
import { defineOptimizer, type Optimizer } from "./optimizer.ts";

/** Settings of {@linkcode galore}. */
export type GaloreSettings = {
  /** Rank of the projection, or the short side of a matrix that has less. */
  readonly rank: number;
  /** Steps between two choices of the subspace. */
  readonly every: number;
  /** Length of the projected step, α. */
  readonly scale: number;
  /** Optimizer of the projected gradients, and of vectors. */
  readonly base: string;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** State of a matrix, m×n with short side s. */
type GaloreState<M> = {
  /** Updates taken. */
  readonly count: number;
  /** P, s×r. */
  readonly basis: M;
  /** State of the base rule in the coordinates of P; it stays as it is when P changes. */
  readonly base?: RuleState<M>;
};

/**
 * GaLore (Zhao et al.: ICML 2024): the base rule sees the gradient projected on its leading singular
 * vectors, so that its moments have r l instead of s l numbers for sides s ≤ l. R = Pᵀ G for m ≤ n,
 * W ← (1 − ηλ) W − η α P ψ(R) where the base rule steps by −η ψ; the other side for m > n.
 *
 * P is chosen anew from the gradient of the batch every so many steps, with signs that follow the
 * old one: moments keep its coordinates. A gradient that is zero, or not finite, chooses none.
 */
export const galore: Optimizer<GaloreSettings> = defineOptimizer({
  name: "galore",
  description: "a base rule on gradients projected on their leading singular vectors (GaLore)",
  defaults: { rank: 128, every: 200, scale: 0.25, base: "adam", weightDecay: 0 },
  limits: {
    rank: { integer: true, min: 1, description: "rank of the projection" },
    every: { integer: true, min: 1, description: "steps between two choices of the subspace" },
    scale: { min: 0, description: "length of the projected step, α" },
    base: { description: "optimizer of the projected gradients, and of vectors" },
    weightDecay: decayLimits,
  },
  rule(s, makeBase) {
    const base = makeBase();
    return {
      matrices: true,
      async update(a, x, flow, step, state) {
        if (step.vector) return base.update(a, x, flow, step, state);
        const { rate, decay } = step;
        const { count = 0, ...before } = (state ?? {}) as Partial<GaloreState<typeof x>>;
        const basis = count % s.every === 0
          ? await leadingVectors(a, flow, s.rank, before.basis)
          : before.basis;
        if (!basis) return { value: a.scale(1 - rate * decay, x) };
        const wide = a.rows(x) <= a.cols(x);
        const low = wide
          ? a.multiply(basis, flow, { transposeLeft: true })
          : a.multiply(flow, basis);
        const moved = await base.update(a, a.zerosLike(low), low, { rate, decay: 0 }, before.base);
        const back = wide
          ? a.multiply(basis, moved.value)
          : a.multiply(moved.value, basis, { transposeRight: true });
        return {
          value: a.lincomb(1 - rate * decay, x, s.scale, back),
          state: { count: count + 1, basis, ...(moved.state ? { base: moved.state } : {}) },
        };
      },
    };
  },
});

/** The first singular vectors of the short side, s×r; the old ones where there are none. */
async function leadingVectors<M>(
  a: Algebra<M>,
  flow: M,
  rank: number,
  before: M | undefined,
): Promise<M | undefined> {
  const short = a.rows(flow) <= a.cols(flow) ? flow : a.transpose(flow);
  const { p, sigma } = await a.leftSvd?.(short) ?? await a.svd(short);
  if (!(sigma[0]! > 0)) return before;
  const basis = a.columns(p, 0, Math.min(rank, a.cols(p)));
  return before === undefined ? basis : a.multiply(basis, await signs(a, before, basis));
}

/** The diagonal D for which the diagonal of Aᵀ B D is not negative. */
async function signs<M>(a: Algebra<M>, x: M, y: M): Promise<M> {
  const [r, overlap] = [a.cols(x), await a.read(a.multiply(x, y, { transposeLeft: true }))];
  return a.diagonal(Array.from({ length: r }, (_, i) => overlap[i * r + i]! < 0 ? -1 : 1));
}
