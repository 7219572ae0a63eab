/** The factorisations with SIMD beside the readable ones. */

import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { portableKernels } from "../../../core/algebra/mod.ts";
import { simdKernels } from "../../../core/algebra/simd_kernels.ts";
import { withOwnMemory } from "../../../core/factorisations/memory.ts";
import { type Dense, denseSvd } from "../../../core/factorisations/mod.ts";
import { planSvd, squareSvd } from "../../../core/factorisations/svd.ts";
import { Random } from "../../../core/random.ts";
import { FLOAT64_RANGE, hardMatrices } from "../../support/hard_matrices.ts";

/** Sizes with every remainder of the lanes and both sides of the kernels' widths. */
const SIZES = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.nat());

function gaussian(rows: number, cols: number, seed: number): Dense {
  const data = new Random(seed).fillNormal(new Float64Array(rows * cols));
  return { rows, cols, data };
}

function largestDifference(x: Float64Array, y: Float64Array): number {
  assertEquals(x.length, y.length);
  return x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0);
}

Deno.test("Q and R with SIMD are those of the readable kernels", () => {
  fc.assert(fc.property(SIZES, ([m, n, seed]) => {
    const x = gaussian(m, n, seed);
    const [fast, slow] = [simdKernels.qr(x), portableKernels.qr(x)];
    // Where a matrix is nearly singular its last columns of Q are round-off over little.
    const k = Math.min(m, n);
    const least = Math.min(
      ...Array.from({ length: k }, (_, i) => Math.abs(slow.r.data[i * n + i]!)),
    );
    assertLess(largestDifference(fast.r.data, slow.r.data), 1e-12);
    assertLess(largestDifference(fast.q.data, slow.q.data), 1e-12 / Math.min(1, least));
  }));
});

Deno.test("singular values with SIMD are those of the readable kernels", () => {
  fc.assert(fc.property(SIZES, ([m, n, seed]) => {
    const x = gaussian(m, n, seed);
    const [fast, slow] = [simdKernels.svd(x), portableKernels.svd(x)];
    assertLess(largestDifference(fast.sigma, slow.sigma), 1e-13 * slow.sigma[0]!);
  }));
});

Deno.test("singular values of hard matrices with SIMD are those of the readable kernels", () => {
  for (const { name, x } of hardMatrices(FLOAT64_RANGE, [[6, 5], [21, 21], [9, 34]], false)) {
    const plain = { rows: x.rows, cols: x.cols, data: x.re };
    const [fast, slow] = [simdKernels.svd(plain), portableKernels.svd(plain)];
    const allowed = 1e-14 * slow.sigma[0]! + Number.MIN_VALUE;
    assertLessOrEqual(largestDifference(fast.sigma, slow.sigma), allowed, name);
  }
});

Deno.test("a large factorisation leaves the next small one as it was", () => {
  const small = gaussian(5, 5, 1);
  const before = simdKernels.svd(small);
  simdKernels.qr(gaussian(200_000, 8, 2)); // more than is kept
  assertEquals(simdKernels.svd(small), before);
});

Deno.test("denseSvd() of NaN says so or gives up", () => {
  const found = denseSvd({ rows: 9, cols: 9, data: new Float64Array(81).fill(NaN) });
  assertEquals(found?.sigma.every(Number.isNaN) ?? true, true);
});

Deno.test("squareSvd() ends within its bound, or says that it did not", () => {
  const plan = planSvd(20);
  const run = (stepsPerValue: number): Float64Array | undefined =>
    withOwnMemory(plan.end, (memory) => {
      const { at, pitch } = plan.a;
      for (let i = 0; i < 20; i++) {
        memory.numbers.set(gaussian(1, 20, i).data, at + i * pitch);
      }
      return squareSvd(memory, plan, { p: true, q: true }, stepsPerValue);
    });
  assertEquals(run(0), undefined);
  assertEquals(run(4)?.length, 20, "two or three steps a value are usual");
});
