import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { diagonalIn, diagonalOf, scalar, scaledBy } from "./factors.ts";
import { adapters } from "./registry.ts";

/** The fewest singular values that hold a share of the sum of all squares. */
function leading(sigma: Float64Array, share: number): number {
  const total = sigma.reduce((sum, s) => sum + s * s, 0);
  let held = 0;
  const last = sigma.findIndex((s) => (held += s * s) >= share * total);
  return last < 0 ? sigma.length : last + 1;
}

/**
 * W₀ = P Σ Qᵀ whose largest singular values train between vectors that never move (Sun et al.,
 * "SVFit: Parameter-Efficient Fine-Tuning of Large Pre-Trained Models Using Singular Values", arXiv
 * 2409.05926): the increment is P diag(σ − σ₀) Qᵀ. Values may change sign.
 */
export const svfit: Tuned<Adapter, { rank: number; energy: number }> = tunable(adapters, {
  name: "svfit",
  description: "the largest singular values of the weight, between fixed vectors",
  defaults: { rank: 0, energy: 0.99 },
  limits: {
    rank: { integer: true, min: 0, description: "values that train; 0: as the energy says" },
    energy: { above: 0, max: 1, description: "share of the squares that they hold" },
  },
  make: ({ rank, energy }) => ({
    async attach(a, w) {
      const { p, sigma, q } = await a.svd(w);
      const kept = rank === 0 ? leading(sigma, energy) : Math.min(rank, sigma.length);
      const values = a.from(sigma.slice(0, kept), 1, kept);
      return {
        base: w,
        trained: { sigma: values },
        frozen: {
          u: a.columns(p, 0, kept),
          v: a.columns(q, 0, kept),
          start: values,
          scale: scalar(a, 1),
        },
        numbers: { rank: kept },
      };
    },
    factors(a, { u, v, sigma, start, scale }) {
      const moved = a.lincomb(1, sigma!, -1, start!);
      return { u: u!, s: scaledBy(a, scale!, diagonalOf(a, moved)), v: v! };
    },
    flows: (a, { u, v, scale }, { field }) => ({
      sigma: scaledBy(a, scale!, diagonalIn(a, field.galerkin(u!, v!))),
    }),
    undecayed: ["sigma"],
    trainables: ([inputs, outputs]) => Math.min(rank || Infinity, inputs, outputs),
  }),
});
