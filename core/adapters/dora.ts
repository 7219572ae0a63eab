import { type Algebra, columnSquares } from "../algebra/mod.ts";
import { gram } from "../geometry/matrices.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, Attached } from "./adapter.ts";
import {
  absolute,
  inverseRoot,
  LORA,
  loraLimits,
  type LoraSettings,
  pairAdapter,
  pairFlows,
  rowSums,
  scaledBy,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * (W₀ + s U Vᵀ) diag(m / c) with c the lengths of its columns, one for each output: m trains with the
 * factors (Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation", arXiv 2402.09353). Gradients
 * take c as constant, as published. The state holds 1/c of its own factors, so that a weight which
 * was merged can be told apart again.
 */
export const dora: Tuned<Adapter, LoraSettings> = tunable(adapters, {
  name: "dora",
  description: "LoRA for the directions of columns, whose lengths train by themselves",
  defaults: LORA,
  limits: loraLimits,
  make({ rank, alpha, start }) {
    const pair = pairAdapter({ rank, scale: alpha / rank, start });
    return {
      ...pair,
      async attach(a, w, context) {
        const at = await pair.attach(a, w, context);
        const squares = columnSquares(a, w);
        const frozen = { ...at.frozen, squares, inverse: inverseRoot(a, squares) };
        return { ...at, trained: { ...at.trained, m: a.sqrt(squares) }, frozen };
      },
      outputs: (a, { m, inverse }) => a.hadamard(m!, inverse!),
      anchors: ["m"],
      flows: (a, t, evidence) => ({ ...pairFlows(a, t, evidence), m: evidence.gradients.m! }),
      derive: (a, at) => ({ ...at, frozen: { ...at.frozen, inverse: inverseNorms(a, at) } }),
      undecayed: ["m"],
      trainables: ([inputs, outputs]) => rank * (inputs + outputs) + outputs,
    };
  },
});

/** 1/c: c² = ‖W₀ⱼ‖² + 2s ⟨W₀ᵀU, V⟩ⱼ + s² Vⱼ UᵀU Vⱼᵀ, without the increment. */
function inverseNorms<M>(a: Algebra<M>, { base, trained, frozen }: Attached<M>): M {
  const { u, v } = trained;
  const scaled = scaledBy(a, frozen.scale!, u!);
  const cross = a.scale(2, gram(a, base, scaled));
  const square = a.multiply(v!, gram(a, scaled, scaled));
  const sums = rowSums(a, a.hadamard(a.lincomb(1, cross, 1, square), v!));
  const squares = a.lincomb(1, frozen.squares!, 1, a.transpose(sums));
  // Rounding may leave less than nothing of a column that has all but vanished.
  return inverseRoot(a, absolute(a, squares));
}
