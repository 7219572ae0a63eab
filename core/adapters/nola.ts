import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import type { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import { pairStart, rankLimits, scalar, scaledBy, uniform } from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * LoRA whose factors are linear combinations of random ones: U = U₀ + Σ aₖ Uₖ, V = Σ bₖ Vₖ, of which
 * the 2K coefficients train, however large the weight is (Koohpayegani et al., "NOLA: Compressing
 * LoRA using Linear Combination of Random Basis", arXiv 2310.02556).
 */
export const nola: Tuned<Adapter, { rank: number; alpha: number; count: number }> = tunable(
  adapters,
  {
    name: "nola",
    description: "LoRA whose factors combine random ones",
    defaults: { rank: 8, alpha: 8, count: 512 },
    limits: {
      rank: rankLimits,
      alpha: { above: 0, description: "numerator of the scale α/r" },
      count: { integer: true, min: 1, description: "K, random matrices for each factor" },
    },
    make: ({ rank, alpha, count }) => ({
      attach(a, w, { random }) {
        const [inputs, outputs] = [a.rows(w), a.cols(w)];
        const bases = (own: Random, rows: number) =>
          uniform(a, own, [count, rows * rank], 1 / Math.sqrt(count));
        return Promise.resolve({
          base: w,
          trained: { a: a.zeros(1, count), b: a.zeros(1, count) },
          frozen: {
            u: pairStart(a, [inputs, outputs], random, rank).u,
            us: bases(random.fork("us"), inputs),
            vs: bases(random.fork("vs"), outputs),
            scale: scalar(a, alpha / rank),
          },
          numbers: { rank },
        });
      },
      factors: combined,
      flows: nolaFlows,
      trainables: () => 2 * count,
    }),
  },
);

/** Both factors with the scale between them. */
function combined<M>(a: Algebra<M>, t: Tensors<M>): LowRank<M> {
  const [inputs, rank] = [a.rows(t.u!), a.cols(t.u!)];
  const added = a.reshape(a.multiply(t.a!, t.us!), inputs, rank);
  const v = a.multiply(t.b!, t.vs!);
  return {
    u: a.lincomb(1, t.u!, 1, added),
    s: scaledBy(a, t.scale!, a.identity(rank)),
    v: a.reshape(v, a.cols(v) / rank, rank),
  };
}

/** Coefficients of the flows of the factors: ⟨Uₖ, dU⟩ and ⟨Vₖ, dV⟩. */
function nolaFlows<M>(
  a: Algebra<M>,
  t: Tensors<M>,
  { field, factors }: AdapterEvidence<M>,
): Tensors<M> {
  const along = (flow: M, bases: M): M => {
    const row = a.reshape(flow, 1, a.cols(bases));
    return scaledBy(a, t.scale!, a.multiply(row, bases, { transposeRight: true }));
  };
  return {
    a: along(field.times(factors!.v), t.us!),
    b: along(field.adjointTimes(factors!.u), t.vs!),
  };
}
