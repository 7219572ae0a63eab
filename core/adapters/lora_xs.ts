import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { coreFactors, coreFlows, normal, rankLimits, scalar } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * U S Vᵀ with a trained r×r core between fixed factors: those of the largest singular values of
 * W₀ = P Σ Qᵀ, U = P Σ and V = Q; S starts near zero (Bałazy, Banaei, Aberer, Tabor, "LoRA-XS:
 * Low-Rank Adaptation with Extremely Small Number of Parameters", arXiv 2405.17604).
 */
export const loraXs: Tuned<Adapter, { rank: number; deviation: number }> = tunable(adapters, {
  name: "lora-xs",
  description: "a trained core between the largest singular vectors of the weight",
  defaults: { rank: 16, deviation: 1e-5 },
  limits: {
    rank: rankLimits,
    deviation: { min: 0, description: "deviation of the core's entries at the start" },
  },
  make: ({ rank, deviation }) => ({
    async attach(a, w, { random }) {
      const { p, sigma, q } = await a.svd(w);
      const kept = Math.min(rank, sigma.length);
      return {
        base: w,
        trained: { core: normal(a, random.fork("core"), [kept, kept], deviation) },
        frozen: {
          u: a.weighted(a.columns(p, 0, kept), { columns: sigma.slice(0, kept) }),
          v: a.columns(q, 0, kept),
          scale: scalar(a, 1),
        },
        numbers: { rank: kept },
      };
    },
    factors: coreFactors,
    flows: coreFlows,
    trainables: ([inputs, outputs]) => Math.min(rank, inputs, outputs) ** 2,
  }),
});
