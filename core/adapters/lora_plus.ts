import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import { LORA, loraLimits, type LoraSettings, pairAdapter } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * LoRA in which V, the factor at the outputs that starts at zero, takes longer steps than U (Hayou,
 * Ghosh, Yu, "LoRA+: Efficient Low Rank Adaptation of Large Models", arXiv 2402.12354).
 */
export const loraPlus: Tuned<Adapter, LoraSettings & { ratio: number }> = tunable(adapters, {
  name: "lora-plus",
  description: "LoRA with longer steps of V, the factor at the outputs",
  defaults: { ...LORA, ratio: 16 },
  limits: {
    ...loraLimits,
    ratio: { above: 0, description: "step size of V by that of U" },
  },
  make: ({ rank, alpha, start, ratio }) => ({
    ...pairAdapter({ rank, scale: alpha / rank, start }),
    rates: { v: ratio },
  }),
});
