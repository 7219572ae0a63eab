/**
 * What the loops over rows share.
 *
 * @module
 */

import {
  type FunctionBuilder,
  type I32,
  i32,
  type Local,
  type V128,
  v128,
} from "../../wasm/mod.ts";

/** An integer parameter or variable. */
export type Int = Local<"i32">;

const HALVES = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const PAIRS = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11];

/** Combines the lanes; the result stands in all of them. */
export function acrossLanes(
  f: FunctionBuilder,
  lanes: V128,
  combine: (a: V128, b: V128) => V128,
): Local<"v128"> {
  const x = f.local("v128", lanes);
  const half = f.local("v128", combine(x, v128.shuffle(x, x, HALVES)));
  return f.local("v128", combine(half, v128.shuffle(half, half, PAIRS)));
}

/** Integer parameters. */
export function integers(f: FunctionBuilder, count: number): Int[] {
  return Array.from({ length: count }, () => f.parameter("i32"));
}

/** Adds to a variable. */
export function step(f: FunctionBuilder, variable: Int, by: I32): void {
  f.emit(variable.set(i32.add(variable, by)));
}

/** Four numbers, or one at the end of a row, which stands in lane 0. */
export interface Access {
  /** Reads. */
  load(address: I32, offset?: number): V128;
  /** Writes. */
  store(address: I32, value: V128, offset?: number): readonly number[];
}

/** Four numbers. */
export const VECTORS: Access = { load: v128.load, store: v128.store };
/** One number. */
export const SINGLES: Access = {
  load: (address: I32): V128 => v128.load32Zero(address),
  store: (address: I32, value: V128): readonly number[] => v128.storeLane0(address, value),
};

/** Byte lanes of two vectors, from places of four bytes. */
export function words(...places: readonly number[]): number[] {
  return places.flatMap((p) => [0, 1, 2, 3].map((byte) => 4 * p + byte));
}
