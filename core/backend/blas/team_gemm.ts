/**
 * A matrix product that several threads compute, each calling the library on one thread.
 *
 * The library's own threads cost more on the sizes of training: 256×500 by 500×500 runs at 275
 * GFLOP/s on two cores with OpenBLAS' threads and at 320 this way, and products with 32 columns gain
 * nothing from OpenBLAS' threads but run 1.5 to 1.8 times as fast this way.
 *
 * @module
 */

import { type HeapContext, withScratch } from "../heap/context.ts";
import type { Gemm } from "../heap/gemm.ts";
import { inPieces, inSlices, rowsFirst, slices } from "../team/products.ts";
import type { Team } from "../team/team.ts";

/** Below this product of the extents, one thread is done before the others have heard of it. */
const SMALLEST = 1e6;
/** Columns of a result that is small beside its operands. */
const NARROW = 64;

/** Where the products are. */
export interface TeamGemmOptions {
  /** Who computes. */
  readonly team: Team;
  /** The product on one thread. */
  readonly alone: Gemm;
  /** Native address of the heap. */
  readonly base: () => number;
  /** Heap and kernels. */
  readonly context: Pick<HeapContext, "heap" | "simd">;
}

/** Makes the product. */
export function teamGemm({ team, alone, base, context }: TeamGemmOptions): Gemm {
  return (...product) => {
    const [transA, transB, m, n, k] = product;
    const parts = slices(team.threads, k);
    const grid = rowsFirst(team.threads, m, n);
    if (m * n * k < SMALLEST) alone(...product);
    else if (transA && !transB && n <= NARROW && parts > 1) {
      sumOfSlices({ team, alone, base, context }, parts, product);
    } else if (grid[0] * grid[1] > 1) inPieces(team, grid, product, base(), alone);
    else alone(...product);
  };
}

/**
 * AᵀB as a sum over slices of the inner index: each thread then reads rows that lie together, and in
 * training those that it has written before.
 */
function sumOfSlices(
  { team, alone, base, context }: TeamGemmOptions,
  parts: number,
  product: Parameters<Gemm>,
): void {
  const [, , m, n, , , , , , c, ldc] = product;
  withScratch(context, 4 * m * n * (parts - 1), (scratch) => {
    inSlices(team, parts, product, scratch, base(), alone);
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
