import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { pairFactors, pairFlows, pairStart, scalar, STARTS } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode lora}. */
export type LoraSettings = {
  /** Columns of the factors. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** How the factors start. */
  start: string;
};

/**
 * W₀ + (α/r) U Vᵀ with both factors trained (Hu et al., "LoRA: Low-Rank Adaptation of Large Language
 * Models", arXiv 2106.09685).
 */
export const lora: Tuned<Adapter, LoraSettings> = tunable(adapters, {
  name: "lora",
  description: "frozen weights plus (α/r) U Vᵀ, both factors trained",
  defaults: { rank: 8, alpha: 8, start: "kaiming" },
  limits: {
    rank: { integer: true, min: 1, description: "columns of the factors" },
    alpha: { above: 0, description: "numerator of the scale α/r" },
    start: { oneOf: STARTS, description: "of U, V at zero; of embeddings V, U at zero" },
  },
  make: ({ rank, alpha, start }) => ({
    attach: (a, w, { random }) =>
      Promise.resolve({
        base: w,
        trained: pairStart(a, [a.rows(w), a.cols(w)], random, rank, start),
        frozen: { scale: scalar(a, alpha / rank) },
      }),
    factors: pairFactors,
    flows: pairFlows,
    trainables: ([inputs, outputs]) => rank * (inputs + outputs),
  }),
});
