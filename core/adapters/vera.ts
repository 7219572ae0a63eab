import type { Algebra } from "../algebra/mod.ts";
import { Random } from "../random.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import {
  diagonalIn,
  diagonalOf,
  leadingRows,
  rankLimits,
  rowSums,
  scalar,
  scaledBy,
  sharedFits,
  sharedLimits,
  type SharedSettings,
  uniform,
} from "./factors.ts";
import { adapters } from "./registry.ts";

/**
 * U diag(d) Vᵀ diag(b) between random bases that never move and that all layers share: d and b train
 * (Kopiczko, Blankevoort, Asano, "VeRA: Vector-based Random Matrix Adaptation", arXiv 2310.11454).
 * A layer takes the leading rows of the bases of the largest one.
 */
export const vera: Tuned<Adapter, SharedSettings & { rank: number; initial: number }> = tunable(
  adapters,
  {
    name: "vera",
    description: "two trained vectors about random bases that layers share",
    defaults: { rank: 256, initial: 0.1, seed: 0, inputs: 0, outputs: 0 },
    limits: {
      rank: rankLimits,
      initial: { description: "entries of d at the start" },
      ...sharedLimits,
    },
    make: ({ rank, initial, seed, inputs, outputs }) => ({
      attach(a, w) {
        const [rows, columns] = [a.rows(w), a.cols(w)];
        const random = new Random(seed).fork("vera");
        const bound = (most: number) => Math.sqrt(6 / most);
        const [most, widest] = [Math.max(inputs, rows), Math.max(outputs, columns)];
        return Promise.resolve({
          base: w,
          trained: {
            b: a.zeros(1, columns),
            d: a.from(new Float32Array(rank).fill(initial), 1, rank),
          },
          frozen: {
            u: uniform(a, random.fork("inputs"), [most, rank], bound(most)),
            v: uniform(a, random.fork("outputs"), [widest, rank], bound(rank)),
            scale: scalar(a, 1),
          },
          numbers: { rank, inputs: most, outputs: widest },
        });
      },
      factors: (a, t) => ({
        u: leadingRows(a, t.u!, a.rows(t.base!)),
        s: scaledBy(a, t.scale!, diagonalOf(a, t.d!)),
        v: a.hadamard(ownOutputs(a, t), a.transpose(t.b!)),
      }),
      flows: veraFlows,
      common: ["u", "v"],
      fitted: sharedFits,
      trainables: ([, columns]) => columns + rank,
    }),
  },
);

/** The rows of V that the layer takes. */
function ownOutputs<M>(a: Algebra<M>, { v, base }: Tensors<M>): M {
  return leadingRows(a, v!, a.cols(base!));
}

function veraFlows<M>(
  a: Algebra<M>,
  t: Tensors<M>,
  { field, factors }: AdapterEvidence<M>,
): Tensors<M> {
  const { u, v } = factors!;
  const g = a.hadamard(field.adjointTimes(u), t.d!);
  return {
    d: scaledBy(a, t.scale!, diagonalIn(a, field.galerkin(u, v))),
    b: scaledBy(a, t.scale!, a.transpose(rowSums(a, a.hadamard(g, ownOutputs(a, t))))),
  };
}
