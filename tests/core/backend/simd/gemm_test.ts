import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../../../core/random.ts";
import { simdGemm } from "../../../../core/backend/simd/matmul.ts";
import { BareHeap } from "../../../support/bare_heap.ts";

/** Largest error of one product against float64 loops, in a matrix with room between its rows. */
function productError(
  fused: boolean,
  [m, n, k]: [number, number, number],
  [transA, transB, accumulate]: [boolean, boolean, boolean],
): number {
  const heap = new BareHeap(128, fused);
  const gemm = simdGemm(heap.simd, (bytes) => heap.allocate(bytes));
  const random = new Random(m + 100 * n + 10000 * k);
  const gap = 3;
  const matrix = (rows: number, columns: number) => {
    const at = heap.allocate(4 * rows * (columns + gap));
    random.fillNormal(heap.view(at, rows * (columns + gap)));
    return at;
  };
  const [lda, ldb, ldc] = [(transA ? m : k) + gap, (transB ? k : n) + gap, n + gap];
  const [a, b, c] = [
    transA ? matrix(k, m) : matrix(m, k),
    transB ? matrix(n, k) : matrix(k, n),
    matrix(m, n),
  ];
  const before = heap.view(c, m * ldc).slice();
  gemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
  const [x, y, z] = [heap.view(a, 1e5), heap.view(b, 1e5), heap.view(c, m * ldc)];
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = accumulate ? before[i * ldc + j]! : 0;
      for (let p = 0; p < k; p++) {
        sum += x[transA ? p * lda + i : i * lda + p]! * y[transB ? j * ldb + p : p * ldb + j]!;
      }
      worst = Math.max(worst, Math.abs(z[i * ldc + j]! - sum));
    }
    for (let j = n; j < ldc; j++) assertEquals(z[i * ldc + j], before[i * ldc + j], "gap");
  }
  return worst;
}

const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());

for (const fused of [true, false]) {
  const kind = fused ? "fused multiply-add" : "separate multiply and add";

  Deno.test(`the product is right for any extents, with ${kind}`, () => {
    const extent = fc.integer({ min: 1, max: 40 });
    const property = fc.property(fc.tuple(extent, extent, extent), flags, (extents, f) => {
      assertLess(productError(fused, extents, f), 2e-5);
    });
    fc.assert(property, { seed: 1, numRuns: 60 });
  });

  Deno.test(`the product is right across blocks, with ${kind}`, () => {
    for (const extents of [[200, 9, 300], [7, 1100, 5], [193, 17, 257]] as const) {
      for (const f of [[false, false, true], [true, true, false]] as const) {
        assertLess(productError(fused, [...extents], [...f]), 1e-4);
      }
    }
  });
}
