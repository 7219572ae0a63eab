/**
 * The blocked matrix product over the SIMD kernels.
 *
 * @module
 */

import type { Gemm } from "../heap/gemm.ts";
import { TILE_COLUMNS, TILE_ROWS } from "./gemm.ts";
import type { SimdKernels } from "./mod.ts";

/** Inner extent of a block: a panel of each operand stays in the first-level cache. */
const DEPTH = 256;
/** Rows of a block of A, a multiple of the tile: the packed block stays in the second-level cache. */
const ROWS = 32 * TILE_ROWS;
/** Columns of a block of B, a multiple of the tile. */
const COLUMNS = 128 * TILE_COLUMNS;

const SCRATCH_BYTES = 4 * TILE_ROWS * TILE_COLUMNS;
const PACKED_A_BYTES = 4 * ROWS * DEPTH;
const PACKED_B_BYTES = 4 * COLUMNS * DEPTH;
/** Bytes of workspace that a product needs. */
export const WORKSPACE_BYTES: number = SCRATCH_BYTES + PACKED_A_BYTES + PACKED_B_BYTES;

/** How an operand is walked, in bytes: along the width of its panels, and along the inner index. */
interface Walk {
  readonly from: number;
  readonly width: number;
  readonly inner: number;
}

/**
 * Makes a matrix product of the SIMD kernels.
 *
 * @param simd Kernels bound to the heap.
 * @param allocate Reserves bytes on the heap, once, and returns their address.
 */
export function simdGemm(simd: SimdKernels, allocate: (bytes: number) => number): Gemm {
  let workspace: number | undefined;
  return (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) => {
    workspace ??= allocate(WORKSPACE_BYTES);
    const scratch = workspace;
    const [packedA, packedB] = [scratch + SCRATCH_BYTES, scratch + SCRATCH_BYTES + PACKED_A_BYTES];
    const walkA = walk(a, lda, transA);
    const walkB = walk(b, ldb, !transB);
    for (let p = 0; p < k; p += DEPTH) {
      const depth = Math.min(DEPTH, k - p);
      const add = accumulate || p > 0 ? 1 : 0;
      for (let j = 0; j < n; j += COLUMNS) {
        const columns = Math.min(COLUMNS, n - j);
        pack(simd, "columns", TILE_COLUMNS, packedB, walkB, j, columns, p, depth);
        for (let i = 0; i < m; i += ROWS) {
          const rows = Math.min(ROWS, m - i);
          pack(simd, "rows", TILE_ROWS, packedA, walkA, i, rows, p, depth);
          const corner = c + 4 * (i * ldc + j);
          simd.block_product!(
            packedA,
            packedB,
            corner,
            rows,
            columns,
            depth,
            4 * ldc,
            add,
            scratch,
          );
        }
      }
    }
  };
}

function walk(from: number, ld: number, widthIsContiguous: boolean): Walk {
  return widthIsContiguous ? { from, width: 4, inner: 4 * ld } : { from, width: 4 * ld, inner: 4 };
}

/** Packs the panels of a block that starts at `first` along the width and `p` along the inner. */
function pack(
  simd: SimdKernels,
  kind: "rows" | "columns",
  tile: number,
  to: number,
  { from, width, inner }: Walk,
  first: number,
  extent: number,
  p: number,
  depth: number,
): void {
  const contiguous = simd[`pack_${kind}_contiguous`]!;
  const strided = simd[`pack_${kind}_strided`]!;
  for (let w = 0; w < extent; w += tile) {
    const target = to + 4 * w * depth;
    const source = from + (first + w) * width + p * inner;
    const count = Math.min(tile, extent - w);
    if (width === 4 && count === tile) contiguous(target, source, depth, inner);
    else strided(target, source, count, depth, width, inner);
  }
}
