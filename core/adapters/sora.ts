import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter } from "./adapter.ts";
import {
  LORA,
  loraLimits,
  type LoraSettings,
  normal,
  pairAdapter,
  tripletFactors,
  tripletFlows,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * (α/r) U diag(e) Vᵀ with gates e that a proximal step after each update draws to zero: the rank is
 * the number of gates that are open (Ding et al., "Sparse Low-rank Adaptation of Pre-trained Language
 * Models", arXiv 2311.11696). The step is the soft threshold sign(e) max(|e| − ξ, 0), whatever the
 * rate. The scale stays that of the largest rank. Moments stay as the optimizer leaves them.
 */
export const sora: Tuned<Adapter, LoraSettings & { threshold: number }> = tunable(adapters, {
  name: "sora",
  description: "U diag(e) Vᵀ with gates that a soft threshold closes",
  defaults: { ...LORA, alpha: 16, threshold: 3e-4 },
  limits: {
    ...loraLimits,
    threshold: { min: 0, description: "ξ by which gates shrink after each step" },
  },
  make({ rank, alpha, start, threshold }) {
    const pair = pairAdapter({ rank, scale: alpha / rank, start });
    return {
      ...pair,
      async attach(a, w, context) {
        const at = await pair.attach(a, w, context);
        const e = normal(a, context.random.fork("e"), [1, rank], 1);
        return { ...at, trained: { ...at.trained, e } };
      },
      factors: tripletFactors,
      flows: tripletFlows,
      async settle(a, { after }) {
        const gates = (await a.read(after.trained.e!)).map((g) => {
          return Math.sign(g) * Math.max(Math.abs(g) - threshold, 0);
        });
        const trained = { ...after.trained, e: a.from(gates, 1, rank) };
        const open = gates.filter((g) => g !== 0).length;
        return { at: { ...after, trained, numbers: { ...after.numbers, rank: open } } };
      },
      undecayed: ["e"],
      trainables: ([inputs, outputs]) => rank * (inputs + outputs + 1),
    };
  },
});
