import type { Algebra } from "../algebra/mod.ts";
import { gram } from "../geometry/matrices.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, Attached, Tensors } from "./adapter.ts";
import { inverseRoot, ones, pairAdapter, pairFlows, rankLimits, rowSums } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode allora}. */
export type AlloraSettings = {
  /** Columns of the factors. */
  rank: number;
  /** η: factor of the rate where V is zero. */
  eta: number;
  /** What is scaled: the step of V, or its gradient. */
  scales: string;
};

/**
 * U Vᵀ without a scale, in which the rate of each output falls as its column cⱼ of the increment grows:
 * cⱼ = (‖(U Vᵀ)ⱼ‖ + η⁻²)^(−1/2) (Huang, Balestriero, "ALLoRA: Adaptive Learning Rate Mitigates LoRA
 * Fatal Flaws", arXiv 2410.09692). The gradient of the input is that of U Vᵀ. Rules that divide by
 * the size of gradients, as Adam does, would undo a factor of V's gradient: by default the factor is
 * applied to the step of V.
 */
export const allora: Tuned<Adapter, AlloraSettings> = tunable(adapters, {
  name: "allora",
  description: "U Vᵀ with a rate of each output that falls as its part grows",
  defaults: { rank: 8, eta: 3, scales: "step" },
  limits: {
    rank: rankLimits,
    eta: { above: 0, description: "factor of the rate at the start" },
    scales: { oneOf: ["step", "gradient"], description: "what of V is scaled" },
  },
  make({ rank, eta, scales }) {
    return {
      ...pairAdapter({ rank, scale: 1 }),
      flows(a, t, { field }) {
        const c = outputRates(a, t, eta);
        const scaled = {
          ...field,
          times: (v: typeof c) => field.times(a.hadamard(v, c)),
        };
        const { u, v } = pairFlows(a, t, { field: scaled });
        return { u: u!, v: scales === "gradient" ? a.hadamard(v!, c) : v! };
      },
      ...scales === "step" && {
        settle: (a, { before, after }) =>
          Promise.resolve({ at: shortened(a, before, after, outputRates(a, before.trained, eta)) }),
      },
    };
  },
});

/** cⱼ of all outputs, outputs×1. */
function outputRates<M>(a: Algebra<M>, { u, v }: Tensors<M>, eta: number): M {
  const squares = rowSums(a, a.hadamard(a.multiply(v!, gram(a, u!, u!)), v!));
  // Rounding may leave less than nothing of an output that has hardly moved.
  const norms = a.sqrt(a.sqrt(a.square(squares)));
  return inverseRoot(a, a.lincomb(1, norms, eta ** -2, ones(a, a.rows(v!), 1)));
}

/** The step of V times c. */
function shortened<M>(a: Algebra<M>, before: Attached<M>, after: Attached<M>, c: M): Attached<M> {
  const step = a.lincomb(1, after.trained.v!, -1, before.trained.v!);
  const v = a.lincomb(1, before.trained.v!, 1, a.hadamard(step, c));
  return { ...after, trained: { ...after.trained, v } };
}
