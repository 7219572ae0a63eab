/**
 * What orthonormal bases are made with on the wasm heap, by our own kernels. Rows are cut into pieces
 * whose number follows from the sizes alone, so that results do not depend on the threads.
 *
 * @module
 */

import { type HeapContext, withScratch } from "../heap/context.ts";
import { type GramKernels, isDefinite } from "../heap/gram_schmidt.ts";

/** Multiplications that are worth another thread's while. */
const WORTHWHILE = 2 ** 18;
/** Pieces of a product, at most: shared by threads and summed. */
const MOST_PIECES = 4;

/** First rows of the pieces of m rows, and m, where a row takes so many multiplications. */
function cuts(m: number, perRow: number): number[] {
  const pieces = Math.max(1, Math.min(MOST_PIECES, Math.floor(m * perRow / WORTHWHILE)));
  return Array.from({ length: pieces + 1 }, (_, i) => Math.floor(m * i / pieces));
}

/** Makes the kernels. */
export function wasmGramKernels(c: HeapContext): GramKernels {
  const { simd, team } = c;
  const rowPieces = (
    m: number,
    perRow: number,
    piece: (first: number, rows: number, index: number) => number[],
  ): number[][] => {
    const bounds = cuts(m, perRow);
    return bounds.slice(1).map((end, i) => piece(bounds[i]!, end - bounds[i]!, i));
  };
  const cross = (u: number, a: number, to: number, m: number, r: number, k: number): void => {
    const isGram = Number(u === a);
    const parts = cuts(m, r * k).length - 1;
    withScratch(c, 4 * (parts - 1) * r * k, (others) => {
      const target = (i: number): number => i === 0 ? to : others + 4 * (i - 1) * r * k;
      const pieces = rowPieces(m, r * k, (first, rows, i) => {
        return [target(i), u + 4 * first * r, a + 4 * first * k, rows, r, k, isGram];
      });
      team.run("tall-cross", pieces);
      for (let i = 1; i < parts; i++) simd.add!(to, to, target(i), r * k);
    });
  };
  return {
    widthOf: (n) => 4 * Math.ceil(n / 4),
    gram(a, g, m, n) {
      cross(a, a, g, m, n, n);
      mirror(c.heap.backend.wasm.HEAPF32, g / 4, n);
    },
    timesUpper(a, x, q, m, n) {
      const pieces = rowPieces(m, n * n / 2, (first, rows) => {
        return [q + 4 * first * n, a + 4 * first * n, x, rows, n];
      });
      team.run("tall-times-upper", pieces);
    },
    cross,
    take(u, s, a, m, r, k) {
      const pieces = rowPieces(m, r * k, (first, rows) => {
        return [a + 4 * first * k, u + 4 * first * r, s, rows, r, k];
      });
      team.run("tall-take", pieces);
    },
    invertFactor: (...factor) => invertFactor(c, ...factor),
  };
}

/** Copies what is above the diagonal to below it. */
function mirror(floats: Float32Array, g: number, n: number): void {
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) floats[g + i * n + j] = floats[g + j * n + i]!;
  }
}

/** Kernels take whole vectors: a matrix that is no multiple of them is put beside an identity. */
function invertFactor(
  c: HeapContext,
  ...[gram, inverse, n, floor]: Parameters<GramKernels["invertFactor"]>
): boolean {
  const { simd, heap } = c;
  const size = 4 * Math.ceil(n / 4);
  const [width, pitch] = [4 * n, 4 * size];
  return withScratch(c, 2 * size * pitch, (r) => {
    const x = r + size * pitch;
    const floats = heap.backend.wasm.HEAPF32;
    simd.zero!(r, 2 * size * size);
    for (let i = 0; i < 2 * size; i++) floats[r / 4 + i * size + i % size] = 1;
    simd.copy_rows!(r, gram, n, width, pitch, width);
    simd.cholesky!(r, size, pitch);
    if (!isDefinite(floats, r / 4, size, gram / 4, n, floor)) return false;
    simd.invert_upper!(x, r, size, pitch);
    simd.copy_rows!(inverse, x, n, width, width, pitch);
    return true;
  });
}
