/**
 * A matrix product that several threads compute, each on its own.
 *
 * A library's own threads cost more on the sizes of training: 256×500 by 500×500 runs at 275
 * GFLOP/s on two cores with OpenBLAS' threads and at 320 this way, and products with 32 columns gain
 * nothing from OpenBLAS' threads but run 1.5 to 1.8 times as fast this way.
 *
 * @module
 */

import { type Grid, inPieces, inSlices, rowsFirst, slices } from "./products.ts";
import { type HeapContext, withScratch } from "./context.ts";
import type { Gemm } from "./gemm.ts";

/** Columns of a result that is small beside its operands. */
const NARROW = 64;

/** Where the products are. */
export interface TeamGemmOptions {
  /** The product on one thread. */
  readonly alone: Gemm;
  /** Heap, kernels and threads. */
  readonly context: Pick<HeapContext, "heap" | "simd" | "team">;
  /** Below this product of the extents, one thread is done before the others have heard of it. */
  readonly smallest: number;
  /** How the result is cut; default by rows first. */
  readonly cut?: (threads: number, m: number, n: number) => Grid;
}

/** Makes the product. */
export function teamGemm({ alone, context, smallest, cut = rowsFirst }: TeamGemmOptions): Gemm {
  const { team } = context;
  return (...product) => {
    const [transA, transB, m, n, k] = product;
    if (k === 0) return ofNothing(context, product);
    if (m * n * k < smallest || team.threads === 1) return alone(...product);
    const parts = slices(team.threads, k);
    if (transA && !transB && n <= NARROW && parts > 1) {
      return sumOfSlices(context, parts, product);
    }
    const grid = cut(team.threads, m, n);
    if (grid[0] * grid[1] > 1) inPieces(team, grid, product);
    else alone(...product);
  };
}

/** A product over no inner index is zero, which kernels that begin with its first entry miss. */
function ofNothing({ simd }: TeamGemmOptions["context"], product: Parameters<Gemm>): void {
  const [, , m, n, , , , , , c, ldc, accumulate] = product;
  for (let i = 0; i < m && !accumulate; i++) simd.zero!(c + 4 * i * ldc, n);
}

/**
 * AᵀB as a sum over slices of the inner index: each thread then reads rows that lie together, and in
 * training those that it has written before.
 */
function sumOfSlices(
  context: TeamGemmOptions["context"],
  parts: number,
  product: Parameters<Gemm>,
): void {
  const [, , m, n, , , , , , c, ldc] = product;
  withScratch(context, 4 * m * n * (parts - 1), (scratch) => {
    inSlices(context.team, parts, product, scratch);
    for (let part = 1; part < parts; part++) {
      const from = scratch + 4 * m * n * (part - 1);
      if (ldc === n) context.simd.add!(c, c, from, m * n);
      else {
        for (let i = 0; i < m; i++) {
          context.simd.add!(c + 4 * i * ldc, c + 4 * i * ldc, from + 4 * i * n, n);
        }
      }
    }
  });
}
