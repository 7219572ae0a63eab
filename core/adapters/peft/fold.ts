/**
 * Any adapter as factors of LoRA on the weight that it was attached to.
 *
 * @module
 */

import { hostAlgebra, type Matrix } from "../../algebra/mod.ts";
import type { BaseModule } from "../../io/mod.ts";
import type { Adapter, Attached } from "../adapter.ts";
import { tensorsOf } from "../record.ts";
import { mergedWeight } from "../representation.ts";
import type { StoredParts } from "./codec.ts";
import { pairStored } from "./pairs.ts";

const host = hostAlgebra();

/** A weight as LoRA stores it, and what that left out. */
export interface Folded extends StoredParts {
  /** Frobenius norm of what was left out, as much of that of the increment; 0 for factors. */
  readonly discarded: number;
}

/**
 * Folds an adapted weight into LoRA of its rank: from its factors, or where it has none, scales
 * outputs or stands on another base, by an SVD of what it changes.
 *
 * @param w W₀, inputs×outputs.
 * @param tolerance What may be left out, as much of the norm of the increment.
 */
export async function folded(
  adapter: Adapter,
  at: Attached<Matrix>,
  w: Matrix,
  module: BaseModule,
  tolerance: number,
): Promise<Folded> {
  const same = at.base.data.every((x, i) => x === w.data[i]);
  if (same && adapter.factors && !adapter.outputs) {
    const { u, s, v } = adapter.factors(host, tensorsOf(at));
    if (s.cols < Math.min(w.rows, w.cols)) {
      const right = host.multiply(v, s, { transposeRight: true });
      return { ...withScaleOne(u, right, module), discarded: 0 };
    }
  }
  return await truncated(
    host.lincomb(1, mergedWeight(host, adapter, at), -1, w),
    module,
    tolerance,
  );
}

/**
 * The best factors of an increment, inputs×outputs, of the least rank that keeps to a tolerance.
 *
 * @param most Upper bound of the rank; default: none.
 */
export async function truncated(
  increment: Matrix,
  module: BaseModule,
  tolerance: number,
  most: number = Infinity,
): Promise<Folded> {
  const { p, sigma, q } = await host.svd(increment);
  const squares = sigma.map((s) => s * s);
  const total = squares.reduce((sum, x) => sum + x, 0);
  let [rank, tail] = [sigma.length, 0];
  while (rank > 1 && (rank > most || tail + squares[rank - 1]! <= tolerance ** 2 * total)) {
    tail += squares[--rank]!;
  }
  const columns = sigma.slice(0, rank).map(Math.sqrt);
  const [u, v] = [p, q].map((x) => host.weighted(host.columns(x, 0, rank), { columns }));
  return { ...withScaleOne(u!, v!, module), discarded: total === 0 ? 0 : Math.sqrt(tail / total) };
}

function withScaleOne(u: Matrix, v: Matrix, module: BaseModule): StoredParts {
  return pairStored({ trained: { u, v }, frozen: { scale: host.from([1], 1, 1) } }, module);
}
