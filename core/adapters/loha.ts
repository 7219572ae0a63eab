import type { Algebra } from "../algebra/mod.ts";
import { gram } from "../geometry/matrices.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import { rankLimits, scalar, scaledBy, uniform } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * (α/r) (U₁ V₁ᵀ) ∘ (U₂ V₂ᵀ), of rank up to r² with the numbers of rank 2r (Hyeon-Woo, Ye-Bin, Oh,
 * "FedPara: Low-Rank Hadamard Product", arXiv 2108.06098, as LyCORIS and PEFT start it: U₂ at zero).
 */
export const loha: Tuned<Adapter, { rank: number; alpha: number }> = tunable(adapters, {
  name: "loha",
  description: "frozen weights plus the element-wise product of two products of factors",
  defaults: { rank: 8, alpha: 8 },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
  },
  make: ({ rank, alpha }) => ({
    attach(a, w, { random }) {
      const [inputs, outputs] = [a.rows(w), a.cols(w)];
      // Kaiming's bound is that of the extent which a factor is applied to.
      const left = (name: string) =>
        uniform(a, random.fork(name), [inputs, rank], 1 / Math.sqrt(inputs));
      const right = (name: string) =>
        uniform(a, random.fork(name), [outputs, rank], 1 / Math.sqrt(rank));
      return Promise.resolve({
        base: w,
        trained: { u1: left("u1"), v1: right("v1"), u2: a.zeros(inputs, rank), v2: right("v2") },
        frozen: { scale: scalar(a, alpha / rank) },
        numbers: { rank },
      });
    },
    increment(a, t) {
      const first = scaledBy(a, t.scale!, t.u1!);
      return a.hadamard(product(a, first, t.v1!), product(a, t.u2!, t.v2!));
    },
    flows: lohaFlows,
    trainables: ([inputs, outputs]) => 2 * rank * (inputs + outputs),
  }),
});

function product<M>(a: Algebra<M>, u: M, v: M): M {
  return a.multiply(u, v, { transposeRight: true });
}

function lohaFlows<M>(
  a: Algebra<M>,
  { u1, v1, u2, v2, scale }: Tensors<M>,
  evidence: AdapterEvidence<M>,
): Tensors<M> {
  const f = scaledBy(a, scale!, evidence.whole());
  const first = a.hadamard(f, product(a, u2!, v2!));
  const second = a.hadamard(f, product(a, u1!, v1!));
  return {
    u1: a.multiply(first, v1!),
    v1: gram(a, first, u1!),
    u2: a.multiply(second, v2!),
    v2: gram(a, second, u2!),
  };
}
