/**
 * Loops over rows of cells in WebAssembly, two cells at a time.
 *
 * @module
 */

import { type FunctionBuilder, i32, type Local, type V128, v128 } from "../../core/wasm/mod.ts";
import { type Grid, pullOffsets } from "./grid.ts";
import { DIRECTIONS } from "./lattice.ts";
import { type Factor, factorPlace } from "./simd_rates.ts";

/** Bytes of a number. */
export const BYTES = 8;
/** Bytes of a pair of cells. */
const PAIR = 2 * BYTES;
/** Pairs of cells in one turn of the loop over columns of equal rates. */
const UNROLLED = 2;

/** A factor of the pair of cells at hand. */
export type Factors = (name: Factor) => V128;

/** Byte offsets of the gathered values from the cell to the lower left, where none is negative. */
export function pullBytes(g: Grid): number[] {
  return pullOffsets(g).map((offset) => BYTES * (offset + g.pitch + 1));
}

/** Byte offsets of a cell's own values from the cell to its lower left. */
export function ownBytes(g: Grid): number[] {
  return Array.from({ length: DIRECTIONS }, (_, i) => BYTES * (i * g.plane + g.pitch + 1));
}

/** What is computed for a pair of cells, whose addresses are `shift` bytes further. */
export type PairBody = (factor: Factors, shift: number) => void;

/**
 * Runs `body` for every pair of cells of some rows.
 *
 * @param pointers Addresses of states; each is moved along the cells to the lower left.
 * @param rows How many; 0 afterwards.
 * @param equal Pairs of columns whose rates are those of the first: their factors are read once.
 * @param needed What factors `body` reads.
 */
export function eachPair(
  f: FunctionBuilder,
  g: Grid,
  pointers: readonly Local<"i32">[],
  rows: Local<"i32">,
  equal: number,
  needed: readonly Factor[],
  body: PairBody,
): void {
  const place = (name: Factor): number => BYTES * factorPlace(g, name);
  const common = new Map(
    needed.map((name) => [name, f.local("v128", v128.load(i32.const(BYTES), place(name)))]),
  );
  const advance = (bytes: number): void => {
    for (const p of pointers) f.emit(p.set(i32.add(p, i32.const(bytes))));
  };
  const end = f.local("i32");
  const along = (pairs: number, unrolled: number, turn: () => void): void => {
    const [first] = pointers;
    f.emit(end.set(i32.add(first!, i32.const(PAIR * pairs))));
    f.while(i32.ltU(first!, end), () => {
      turn();
      advance(PAIR * unrolled);
    });
  };
  const column = f.local("i32");
  f.while(rows, () => {
    const turns = Math.floor(equal / UNROLLED);
    along(turns * UNROLLED, UNROLLED, () => {
      for (let k = 0; k < UNROLLED; k++) body((name) => common.get(name)!, PAIR * k);
    });
    const done = turns * UNROLLED;
    f.emit(column.set(i32.const(BYTES + PAIR * done)));
    along(g.nx / 2 - done, 1, () => {
      body((name) => v128.load(column, place(name)), 0);
      f.emit(column.set(i32.add(column, i32.const(PAIR))));
    });
    advance(PAIR);
    f.emit(rows.set(i32.sub(rows, i32.const(1))));
  });
}
