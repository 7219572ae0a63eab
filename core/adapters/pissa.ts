import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { pairAdapter, rankLimits, scalar } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * LoRA that starts at the principal singular vectors of W₀ = P Σ Qᵀ: U = P √(Σ/s), V = Q √(Σ/s) with
 * the first r of them, beside the base W₀ − s U Vᵀ (Meng, Wang, Zhang, "PiSSA: Principal Singular
 * Values and Singular Vectors Adaptation", arXiv 2404.02948). The state remembers the factors of the
 * start, which lead back to W₀.
 */
export const pissa: Tuned<Adapter, { rank: number; alpha: number }> = tunable(adapters, {
  name: "pissa",
  description: "LoRA that starts at the largest singular values of the weight",
  defaults: { rank: 8, alpha: 8 },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
  },
  make: ({ rank, alpha }) => ({
    ...pairAdapter({ rank, scale: alpha / rank }),
    async attach(a, w) {
      const scale = alpha / rank;
      const { p, sigma, q } = await a.svd(w);
      const kept = Math.min(rank, sigma.length);
      const columns = sigma.slice(0, kept).map((s) => Math.sqrt(s / scale));
      const [u, v] = [p, q].map((x) => a.weighted(a.columns(x, 0, kept), { columns }));
      const principal = a.multiply(u!, v!, { transposeRight: true });
      return {
        base: a.lincomb(1, w, -scale, principal),
        trained: { u: u!, v: v! },
        frozen: { scale: scalar(a, scale) },
        memory: { u: u!, v: v! },
        numbers: { rank: kept },
      };
    },
    undecayed: ["u", "v"],
    trainables: ([inputs, outputs]) => Math.min(rank, inputs, outputs) * (inputs + outputs),
  }),
});
