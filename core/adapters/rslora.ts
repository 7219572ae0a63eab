import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { LORA, loraLimits, type LoraSettings, pairAdapter } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * LoRA with the scale α/√r, with which the descent of a first step does not fall with the rank
 * (Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", arXiv 2312.03732).
 */
export const rslora: Tuned<Adapter, LoraSettings> = tunable(adapters, {
  name: "rslora",
  description: "LoRA with the scale α/√r, which suits every rank",
  defaults: LORA,
  limits: loraLimits,
  make: ({ rank, alpha, start }) => pairAdapter({ rank, scale: alpha / Math.sqrt(rank), start }),
});
