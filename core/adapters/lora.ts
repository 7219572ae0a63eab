import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { LORA, loraLimits, type LoraSettings, pairAdapter } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * W₀ + (α/r) U Vᵀ with both factors trained (Hu et al., "LoRA: Low-Rank Adaptation of Large Language
 * Models", arXiv 2106.09685).
 */
export const lora: Tuned<Adapter, LoraSettings> = tunable(adapters, {
  name: "lora",
  description: "frozen weights plus (α/r) U Vᵀ, both factors trained",
  defaults: LORA,
  limits: loraLimits,
  make: ({ rank, alpha, start }) => pairAdapter({ rank, scale: alpha / rank, start }),
});
