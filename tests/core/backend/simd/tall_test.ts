import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../../../core/random.ts";
import { BareHeap } from "../../../support/bare_heap.ts";

/** Rows, columns of the first matrix, quarters of the columns of the second, seed. */
const CASES = fc.tuple(
  fc.integer({ min: 1, max: 30 }),
  fc.integer({ min: 1, max: 19 }),
  fc.integer({ min: 1, max: 6 }),
  fc.nat(),
);

const normal = (count: number, seed: number): Float32Array =>
  new Random(seed).fillNormal(new Float32Array(count));

/** A heap with matrices on it, and room of sevens behind each. */
function placed(fused: boolean, ...matrices: readonly Float32Array[]) {
  const heap = new BareHeap(64, fused);
  const at = matrices.map((x) => {
    const place = heap.place(x);
    heap.place([7]);
    return place;
  });
  return { heap, at };
}

function assertNear(got: ArrayLike<number>, wanted: Float64Array, where: (i: number) => boolean) {
  wanted.forEach((v, i) => where(i) && assertLess(Math.abs(got[i]! - v), 1e-4));
}

for (const fused of [true, false]) {
  const how = fused ? "fused" : "plain";

  Deno.test(`add_cross() adds XᵀY, ${how}`, () => {
    fc.assert(fc.property(CASES, ([m, r, quarter, seed]) => {
      const n = 4 * quarter;
      const [x, y, g] = [normal(m * r, seed), normal(m * n, seed + 1), normal(r * n, seed + 2)];
      const { heap, at: [px, py, pg] } = placed(fused, x, y, g);
      heap.simd.add_cross!(pg!, px!, py!, m, 4 * n, 4 * r, 4 * n, r, 4 * n);
      const wanted = Float64Array.from(g);
      for (let k = 0; k < m; k++) {
        for (let i = 0; i < r; i++) {
          for (let j = 0; j < n; j++) wanted[i * n + j]! += x[k * r + i]! * y[k * n + j]!;
        }
      }
      assertNear(heap.view(pg!, r * n), wanted, () => true);
      assertEquals(heap.view(pg! + 4 * r * n + 4, 1)[0], 7);
    }));
  });

  Deno.test(`add_gram() adds the upper triangle of XᵀX, ${how}`, () => {
    fc.assert(fc.property(CASES, ([m, _r, quarter, seed]) => {
      const n = 4 * quarter;
      const [x, g] = [normal(m * n, seed), normal(n * n, seed + 1)];
      const { heap, at: [px, pg] } = placed(fused, x, g);
      heap.simd.add_gram!(pg!, px!, px!, m, 4 * n, 4 * n, 4 * n, n, 4 * n);
      const wanted = Float64Array.from(g);
      for (let k = 0; k < m; k++) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) wanted[i * n + j]! += x[k * n + i]! * x[k * n + j]!;
        }
      }
      assertNear(heap.view(pg!, n * n), wanted, (at) => at % n >= Math.floor(at / n));
      assertEquals(heap.view(pg! + 4 * n * n + 4, 1)[0], 7);
    }));
  });

  Deno.test(`times_upper() is A X, and take_product() takes A X away, ${how}`, () => {
    fc.assert(fc.property(CASES, ([m, r, quarter, seed]) => {
      const n = 4 * quarter;
      const square = normal(n * n, seed).map((v, at) => at % n >= Math.floor(at / n) ? v : 0);
      const [a, q] = [normal(m * n, seed + 1), normal(m * n, seed + 2)];
      const { heap, at: [px, pa, pq] } = placed(fused, square, a, q);
      heap.simd.times_upper!(pq!, pa!, px!, m, n, 4 * n, 4 * n, 4 * n, 4 * n);
      const wanted = new Float64Array(m * n);
      for (let i = 0; i < m; i++) {
        for (let k = 0; k < n; k++) {
          for (let j = 0; j < n; j++) wanted[i * n + j]! += a[i * n + k]! * square[k * n + j]!;
        }
      }
      assertNear(heap.view(pq!, m * n), wanted, () => true);
      const [u, s] = [normal(m * r, seed + 3), normal(r * n, seed + 4)];
      const more = placed(fused, u, s, q);
      const [pu, ps, pr] = more.at;
      more.heap.simd.take_product!(pr!, pu!, ps!, m, r, 4 * n, 4 * r, 4 * n, 4 * n);
      const rest = Float64Array.from(q);
      for (let i = 0; i < m; i++) {
        for (let k = 0; k < r; k++) {
          for (let j = 0; j < n; j++) rest[i * n + j]! -= u[i * r + k]! * s[k * n + j]!;
        }
      }
      assertNear(more.heap.view(pr!, m * n), rest, () => true);
      assertEquals(more.heap.view(pr! + 4 * m * n + 4, 1)[0], 7);
    }));
  });
}
