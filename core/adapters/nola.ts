import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import {
  leadingColumns,
  pairStart,
  rankLimits,
  scalar,
  scaledBy,
  sharedFits,
  sharedLimits,
  type SharedSettings,
  uniform,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode nola}. */
export type NolaSettings = SharedSettings & {
  /** Columns of the factors. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** Random matrices for each factor. */
  count: number;
};

/**
 * LoRA whose factors are linear combinations of random ones: U = U₀ + Σ aₖ Uₖ, V = Σ bₖ Vₖ, of which
 * the 2K coefficients train, however large the weight is. Layers share the Uₖ and the Vₖ, of which
 * each takes the leading entries (Koohpayegani et al., "NOLA: Compressing
 * LoRA using Linear Combination of Random Basis", arXiv 2310.02556).
 */
export const nola: Tuned<Adapter, NolaSettings> = tunable(
  adapters,
  {
    name: "nola",
    description: "LoRA whose factors combine random ones",
    defaults: { rank: 8, alpha: 8, count: 512, seed: 0, inputs: 0, outputs: 0 },
    limits: {
      rank: rankLimits,
      alpha: { above: 0, description: "numerator of the scale α/r" },
      count: { integer: true, min: 1, description: "K, random matrices for each factor" },
      ...sharedLimits,
    },
    make: ({ rank, alpha, count, seed, ...most }) => ({
      attach(a, w, { random }) {
        const [inputs, outputs] = [a.rows(w), a.cols(w)];
        const drawn = new Random(seed).fork("nola");
        const bases = (own: Random, rows: number) =>
          uniform(a, own, [count, rows * rank], 1 / Math.sqrt(count));
        return Promise.resolve({
          base: w,
          trained: { a: a.zeros(1, count), b: a.zeros(1, count) },
          frozen: {
            u: pairStart(a, [inputs, outputs], random, rank).u,
            us: bases(drawn.fork("us"), Math.max(inputs, most.inputs)),
            vs: bases(drawn.fork("vs"), Math.max(outputs, most.outputs)),
            scale: scalar(a, alpha / rank),
          },
          numbers: { rank },
        });
      },
      factors: combined,
      flows: nolaFlows,
      common: ["us", "vs"],
      fitted: sharedFits,
      trainables: () => 2 * count,
    }),
  },
);

/** Both factors with the scale between them. */
function combined<M>(a: Algebra<M>, t: Tensors<M>): LowRank<M> {
  const [inputs, rank] = [a.rows(t.u!), a.cols(t.u!)];
  const { us, vs } = ownBases(a, t);
  const added = a.reshape(a.multiply(t.a!, us), inputs, rank);
  const v = a.multiply(t.b!, vs);
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
  const { us, vs } = ownBases(a, t);
  return {
    a: along(field.times(factors!.v), us),
    b: along(field.adjointTimes(factors!.u), vs),
  };
}

/** The entries of the bases that the layer takes. */
function ownBases<M>(a: Algebra<M>, { us, vs, u, base }: Tensors<M>): { us: M; vs: M } {
  const rank = a.cols(u!);
  return {
    us: leadingColumns(a, us!, a.rows(base!) * rank),
    vs: leadingColumns(a, vs!, a.cols(base!) * rank),
  };
}
