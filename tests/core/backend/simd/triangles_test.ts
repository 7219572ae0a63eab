import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../../../core/random.ts";
import { BareHeap } from "../../../support/bare_heap.ts";

/** XᵀX of a random matrix with a few more rows than columns, in float64. */
function gramMatrix(n: number, seed: number): Float64Array {
  const x = new Random(seed).fillNormal(new Float64Array((n + 8) * n));
  const gram = new Float64Array(n * n);
  for (let k = 0; k < n + 8; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) gram[i * n + j]! += x[k * n + i]! * x[k * n + j]!;
    }
  }
  return gram;
}

const identity = (n: number): Float32Array =>
  Float32Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? 1 : 0);

const upper = (x: Float32Array, n: number): Float64Array =>
  Float64Array.from(x, (v, at) => at % n >= Math.floor(at / n) ? v : 0);

/** Xᵀ Y, or X Y. */
function product(x: Float64Array, y: Float64Array, n: number, transposed: boolean): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = x[transposed ? k * n + i : i * n + k]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * y[k * n + j]!;
    }
  }
  return out;
}

const largestDifference = (x: Float64Array, y: ArrayLike<number>): number =>
  x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0);

for (const fused of [true, false]) {
  const how = fused ? "fused" : "plain";

  Deno.test(`cholesky() gives RᵀR = G and invert_upper() its inverse, ${how}`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 18 }), fc.nat(), (quarter, seed) => {
        const n = 4 * quarter;
        const gram = gramMatrix(n, seed);
        const heap = new BareHeap(64, fused);
        const [r, x] = [heap.place(gram), heap.place(identity(n))];
        const beside = heap.place([7]);
        heap.simd.cholesky!(r, n, 4 * n);
        heap.simd.invert_upper!(x, r, n, 4 * n);
        const factor = upper(heap.view(r, n * n), n);
        const size = Math.max(...gram);
        assertLess(largestDifference(product(factor, factor, n, true), gram), 1e-5 * size);
        const inverse = heap.view(x, n * n);
        assertEquals(upper(inverse, n), Float64Array.from(inverse), "zero below the diagonal");
        const unity = product(factor, Float64Array.from(inverse), n, false);
        assertLess(largestDifference(unity, identity(n)), 1e-3);
        assertEquals(heap.view(beside, 1)[0], 7);
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`cholesky() of what is not definite has NaN on the diagonal, ${how}`, () => {
    for (const bad of [0, 2, 5, 7]) {
      const heap = new BareHeap(64, fused);
      const at = heap.place(identity(8));
      heap.view(at, 64)[9 * bad] = -1;
      heap.simd.cholesky!(at, 8, 32);
      assert(Number.isNaN(heap.view(at, 64)[9 * bad]));
    }
  });
}
