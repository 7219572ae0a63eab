/**
 * Transposes on the wasm heap, between our row-major matrices and LAPACK's column-major ones.
 *
 * @module
 */

import type { HeapContext } from "../heap/context.ts";
import type { BlasLibrary } from "./library.ts";

/** Writes the transpose of a rows×columns float32 matrix; heap addresses, no overlap. */
export type Transpose = (from: number, to: number, rows: number, columns: number) => void;

const ROW_MAJOR = 101;
const TRANSPOSED = 112;

/**
 * The library's own transpose, which is several times as fast; loops where it has none.
 *
 * @param base Native address of the heap.
 */
export function heapTranspose(
  c: HeapContext,
  { somatcopy }: BlasLibrary,
  base: () => number,
): Transpose {
  if (somatcopy) {
    return (from, to, rows, columns) => {
      const heap = base();
      somatcopy(ROW_MAJOR, TRANSPOSED, rows, columns, 1, heap + from, columns, heap + to, rows);
    };
  }
  return (from, to, rows, columns) => {
    const floats = c.heap.backend.wasm.HEAPF32;
    transposeInto(floats, from / 4, floats, to / 4, rows, columns);
  };
}

/** A tile of this many rows and columns stays in the first cache. */
const TILE = 16;

/** Writes the transpose of the rows×columns matrix at an index of an array to one of another. */
export function transposeInto(
  source: Float32Array | Float64Array,
  from: number,
  target: Float32Array | Float64Array,
  to: number,
  rows: number,
  columns: number,
): void {
  for (let i0 = 0; i0 < rows; i0 += TILE) {
    const i1 = Math.min(rows, i0 + TILE);
    for (let j0 = 0; j0 < columns; j0 += TILE) {
      const j1 = Math.min(columns, j0 + TILE);
      for (let j = j0; j < j1; j++) {
        for (let i = i0; i < i1; i++) target[to + j * rows + i] = source[from + i * columns + j]!;
      }
    }
  }
}
