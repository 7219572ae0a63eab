import type { Algebra } from "../algebra/mod.ts";
import { tunable, type Tuned } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";
import { diagonalIn, diagonalOf, rankLimits, scalar, scaledBy } from "./factors.ts";
import { adapters } from "./registry.ts";

/** Settings of {@linkcode loldu}. */
export type LolduSettings = {
  /** Pivots that train. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** Whether the scale trains, too. */
  scaled: boolean;
};

/**
 * W₀ᵀ = P L diag(z) U by partial pivoting, of which the leading pivots z train, and the scale where
 * that is asked for (Shi et al., "LoLDU: Low-Rank Adaptation via Lower-Diag-Upper Decomposition",
 * arXiv 2410.13618). The increment is s P L (diag(z) − diag(z₀)) U on W₀ itself, which is what the
 * published residual adds up to. Indices whose pivot is zero are left out.
 */
export const loldu: Tuned<Adapter, LolduSettings> = tunable(adapters, {
  name: "loldu",
  description: "the leading pivots of an LDU factorisation of the weight",
  defaults: { rank: 8, alpha: 8, scaled: false },
  limits: {
    rank: rankLimits,
    alpha: { above: 0, description: "numerator of the scale α/r" },
    scaled: { description: "whether the scale trains, too" },
  },
  make: ({ rank, alpha, scaled }) => ({
    async attach(a, w) {
      const { left, pivots, right } = ldu(
        await a.read(a.transpose(w)),
        [a.cols(w), a.rows(w)],
        rank,
      );
      const kept = pivots.length;
      const z = a.from(pivots, 1, kept);
      const scale = scalar(a, alpha / rank);
      return {
        base: w,
        trained: { z, ...(scaled ? { scale } : {}) },
        frozen: {
          u: a.transpose(a.from(right, kept, a.rows(w))),
          v: a.from(left, a.cols(w), kept),
          start: a.scale(alpha / rank, z),
          ...(scaled ? {} : { scale }),
        },
        numbers: { rank: kept },
      };
    },
    factors: (a, t) => {
      const moved = a.lincomb(1, scaledBy(a, t.scale!, t.z!), -1, t.start!);
      return { u: t.u!, s: diagonalOf(a, moved), v: t.v! };
    },
    flows: (a, t, evidence) => lolduFlows(a, t, evidence, scaled),
    undecayed: ["z", "scale"],
    trainables: ([inputs, outputs]) => Math.min(rank, inputs, outputs) + (scaled ? 1 : 0),
  }),
});

function lolduFlows<M>(
  a: Algebra<M>,
  t: Tensors<M>,
  { field }: AdapterEvidence<M>,
  scaled: boolean,
): Tensors<M> {
  const core = diagonalIn(a, field.galerkin(t.u!, t.v!));
  const z = scaledBy(a, t.scale!, core);
  return scaled ? { z, scale: a.multiply(core, t.z!, { transposeRight: true }) } : { z };
}

/** The leading parts of P L, of D and of U, row-major. */
interface Ldu {
  /** P L, m×r. */
  readonly left: Float64Array;
  /** Diagonal of D without zeros. */
  readonly pivots: Float64Array;
  /** U, r×n. */
  readonly right: Float64Array;
}

/** The first pivots of an m×n matrix that are not zero, with their columns and rows. */
function ldu(
  entries: Float64Array,
  [m, n]: readonly [number, number],
  most: number,
): Ldu {
  const x = Float64Array.from(entries);
  const order = Uint32Array.from({ length: m }, (_, i) => i);
  const found: { column: Float64Array; pivot: number; row: Float64Array }[] = [];
  for (let k = 0; k < Math.min(m, n) && found.length < most; k++) {
    const pivotRow = largestBelow(x, order, k, n);
    [order[k], order[pivotRow]] = [order[pivotRow]!, order[k]!];
    const row = x.slice(order[k]! * n, (order[k]! + 1) * n);
    const pivot = row[k]!;
    if (pivot === 0) continue;
    // Rows above have been used up: L has zeros there.
    const column = new Float64Array(m);
    for (let i = k; i < m; i++) column[order[i]!] = x[order[i]! * n + k]! / pivot;
    for (let i = k + 1; i < m; i++) {
      const factor = column[order[i]!]!;
      for (let j = k; j < n; j++) x[order[i]! * n + j]! -= factor * row[j]!;
    }
    found.push({ column, pivot, row: row.map((v, j) => j < k ? 0 : v / pivot) });
  }
  const left = new Float64Array(m * found.length);
  found.forEach(({ column }, k) => column.forEach((v, i) => left[i * found.length + k] = v));
  const right = Float64Array.from(found.flatMap(({ row }) => [...row]));
  return { left, pivots: Float64Array.from(found, ({ pivot }) => pivot), right };
}

/** Where column k is largest among the rows from k on. */
function largestBelow(x: Float64Array, order: Uint32Array, k: number, n: number): number {
  let best = k;
  for (let i = k; i < order.length; i++) {
    if (Math.abs(x[order[i]! * n + k]!) > Math.abs(x[order[best]! * n + k]!)) best = i;
  }
  return best;
}
