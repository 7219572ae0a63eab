/**
 * What adapters with two trained factors share, and random starts.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import type { Random } from "../random.ts";
import type { AdapterEvidence, Tensors } from "./adapter.ts";

/** Entries between −bound and bound, each as likely. */
export function uniform<M>(
  a: Algebra<M>,
  random: Random,
  shape: readonly [rows: number, columns: number],
  bound: number,
): M {
  const data = random.fillUniform(new Float32Array(shape[0] * shape[1]), -bound, bound);
  return a.from(data, ...shape);
}

/** Normal entries. */
export function normal<M>(
  a: Algebra<M>,
  random: Random,
  shape: readonly [rows: number, columns: number],
  deviation: number,
): M {
  const data = random.fillNormal(new Float32Array(shape[0] * shape[1]), 0, deviation);
  return a.from(data, ...shape);
}

/** A number as the 1×1 matrix that states hold. */
export function scalar<M>(a: Algebra<M>, value: number): M {
  return a.from([value], 1, 1);
}

/** α x for an α, 1×1, that is part of the state. */
export function scaledBy<M>(a: Algebra<M>, alpha: M, x: M): M {
  const [rows, columns] = [a.rows(x), a.cols(x)];
  return a.reshape(a.multiply(a.reshape(x, rows * columns, 1), alpha), rows, columns);
}

/** U (α I) Vᵀ of a state with u, v and scale. */
export function pairFactors<M>(a: Algebra<M>, { u, v, scale }: Tensors<M>): LowRank<M> {
  return { u: u!, s: scaledBy(a, scale!, a.identity(a.cols(v!))), v: v! };
}

/** The flows of both factors: α F V and α Fᵀ U. */
export function pairFlows<M>(
  a: Algebra<M>,
  { u, v, scale }: Tensors<M>,
  { field }: Pick<AdapterEvidence<M>, "field">,
): Tensors<M> {
  return {
    u: scaledBy(a, scale!, field.times(v!)),
    v: scaledBy(a, scale!, field.adjointTimes(u!)),
  };
}

/** How the factors of LoRA start. */
export const STARTS = ["kaiming", "gaussian", "embedding"] as const;

/**
 * The factors that LoRA starts with, whose product is zero: U uniform within 1/√inputs (Kaiming's
 * with a = √5) or normal with deviation 1/r, V zero; of embeddings U zero and V normal.
 */
export function pairStart<M>(
  a: Algebra<M>,
  [inputs, outputs]: readonly [number, number],
  random: Random,
  rank: number,
  start: string = "kaiming",
): { readonly u: M; readonly v: M } {
  if (start === "embedding") {
    return { u: a.zeros(inputs, rank), v: normal(a, random.fork("v"), [outputs, rank], 1) };
  }
  const own = random.fork("u");
  const u = start === "gaussian"
    ? normal(a, own, [inputs, rank], 1 / rank)
    : uniform(a, own, [inputs, rank], 1 / Math.sqrt(inputs));
  return { u, v: a.zeros(outputs, rank) };
}
