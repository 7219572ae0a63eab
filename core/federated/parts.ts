/**
 * Lists of matrices by the name of their weight.
 *
 * @module
 */

import type { Algebra, Elementwise } from "../algebra/mod.ts";
import type { Parts } from "./types.ts";

/** Another value for each entry of a record. */
export function mapped<T, R>(
  record: Readonly<Record<string, T>>,
  f: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

/** The same where values come later, one after another. */
export async function mappedInTurn<T, R>(
  record: Readonly<Record<string, T>>,
  f: (value: T, name: string) => Promise<R>,
): Promise<Record<string, R>> {
  const out: Record<string, R> = {};
  for (const [name, value] of Object.entries(record)) out[name] = await f(value, name);
  return out;
}

/** α X + β Y; without X, β Y. */
export function combined<M>(
  a: Elementwise<M>,
  alpha: number,
  x: Parts<M> | undefined,
  beta: number,
  y: Parts<M>,
): Parts<M> {
  if (x === undefined) return beta === 1 ? y : scaled(a, beta, y);
  return mapped(y, (list, name) => list.map((m, i) => a.lincomb(alpha, x[name]![i]!, beta, m)));
}

/** α X. */
export function scaled<M>(a: Elementwise<M>, alpha: number, x: Parts<M>): Parts<M> {
  return mapped(x, (list) => list.map((m) => a.scale(alpha, m)));
}

/** Σ ‖X − Y‖². */
export async function squareOfDifference<M>(
  a: Algebra<M>,
  x: Parts<M>,
  y: Parts<M>,
): Promise<number> {
  let sum = 0;
  for (const [name, list] of Object.entries(x)) {
    for (const [i, m] of list.entries()) {
      const norm = await a.norm(a.lincomb(1, m, -1, y[name]![i]!));
      sum += norm ** 2;
    }
  }
  return sum;
}

/** Numbers in all of them. */
export function numbersIn<M>(
  a: Algebra<M>,
  parts: Readonly<Record<string, readonly (M | undefined)[]>> | undefined,
): number {
  const all = Object.values(parts ?? {}).flat();
  return all.reduce((sum, m) => m === undefined ? sum : sum + a.rows(m) * a.cols(m), 0);
}
