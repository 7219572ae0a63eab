/**
 * A matrix product that several threads compute, each calling the library on one thread.
 *
 * The library's own threads cost more on the sizes of training: 256×500 by 500×500 runs at 275 GFLOP/s on
 * two cores with OpenBLAS' threads and at 320 this way, and products with 32 columns gain nothing
 * from OpenBLAS' threads but run 1.5 to 1.8 times as fast this way.
 *
 * @module
 */

import type { Gemm } from "../heap/gemm.ts";
import { inPieces, rowsFirst } from "../team/products.ts";
import type { Team } from "../team/team.ts";

/** Below this product of the extents, one thread is done before the others have heard of it. */
const SMALLEST = 1e6;

/**
 * Makes the product.
 *
 * @param team Who computes.
 * @param alone The product on one thread.
 * @param base Native address of the heap.
 */
export function teamGemm(team: Team, alone: Gemm, base: () => number): Gemm {
  return (...product) => {
    const [, , m, n, k] = product;
    const grid = rowsFirst(team.threads, m, n);
    if (grid[0] * grid[1] === 1 || m * n * k < SMALLEST) alone(...product);
    else inPieces(team, grid, product, base(), alone);
  };
}
