/** What the contract table of algebras cannot see: complex numbers. */

import { assert, assertEquals, assertExists, assertLess, assertThrows } from "@std/assert";
import {
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  complexScale,
  imaginaryPart,
  matrix,
  realPart,
} from "../../../core/algebra/mod.ts";
import { augment, integrate, integrators, rk4 } from "../../../core/integrators/mod.ts";
import { denseField, type LowRank, toDense } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { gaussian } from "../../support/matrices.ts";

const a = complexAlgebra();
const SHAPES = [[7, 4], [4, 7], [5, 5], [30, 12], [9, 1], [1, 6]] as const;

function random(seed: Random, rows: number, cols: number): ComplexMatrix {
  return complexMatrix(gaussian(seed, rows, cols), gaussian(seed, rows, cols));
}

async function distance(x: ComplexMatrix, y: ComplexMatrix): Promise<number> {
  return await a.norm(a.lincomb(1, x, -1, y)) / Math.max(1, await a.norm(y));
}

/** ‖QᴴQ − I‖. */
async function defect(q: ComplexMatrix): Promise<number> {
  const gram = a.multiply(q, q, { transposeLeft: true });
  return await a.norm(a.lincomb(1, gram, -1, a.identity(q.cols)));
}

async function orthonormal(seed: Random, rows: number, cols: number): Promise<ComplexMatrix> {
  return await a.orthonormalize(random(seed, rows, cols));
}

Deno.test("complex products agree with the triple loop, transposes conjugate", () => {
  const seed = new Random(1);
  for (const transposeLeft of [false, true]) {
    for (const transposeRight of [false, true]) {
      const x = transposeLeft ? random(seed, 4, 5) : random(seed, 5, 4);
      const y = transposeRight ? random(seed, 3, 4) : random(seed, 4, 3);
      const got = a.multiply(x, y, { transposeLeft, transposeRight });
      const at = (m: ComplexMatrix, conjugate: boolean, i: number, j: number) => {
        const k = conjugate ? j * m.cols + i : i * m.cols + j;
        return [m.re[k]!, (conjugate ? -1 : 1) * m.im[k]!] as const;
      };
      for (let i = 0; i < 5; i++) {
        for (let j = 0; j < 3; j++) {
          let [re, im] = [0, 0];
          for (let k = 0; k < 4; k++) {
            const [p, q] = at(x, transposeLeft, i, k);
            const [r, s] = at(y, transposeRight, k, j);
            re += p * r - q * s;
            im += p * s + q * r;
          }
          const error = Math.hypot(got.re[i * 3 + j]! - re, got.im[i * 3 + j]! - im);
          assertLess(error, 1e-13);
        }
      }
    }
  }
});

Deno.test("the complex qr() rebuilds its matrix from orthonormal and triangular", async () => {
  const seed = new Random(2);
  for (const [m, n] of SHAPES) {
    const x = random(seed, m, n);
    const { q, r } = await a.qr(x);
    assertEquals([q.cols, r.rows, r.cols], [Math.min(m, n), Math.min(m, n), n]);
    assertLess(await defect(q), 1e-13);
    assertLess(await distance(a.multiply(q, r), x), 1e-13);
    for (let i = 0; i < r.rows; i++) {
      for (let j = 0; j < Math.min(i, n); j++) {
        assertEquals(Math.hypot(r.re[i * n + j]!, r.im[i * n + j]!), 0);
      }
    }
  }
});

Deno.test("the complex svd() rebuilds its matrix, values descending", async () => {
  const seed = new Random(3);
  for (const [m, n] of SHAPES) {
    const x = random(seed, m, n);
    const { p, sigma, q } = await a.svd(x);
    assertLess(Math.max(await defect(p), await defect(q)), 1e-13);
    const back = a.multiply(a.multiply(p, a.diagonal(sigma)), q, { transposeRight: true });
    assertLess(await distance(back, x), 1e-13);
    assert(sigma.every((s, i) => s >= 0 && (i === 0 || s <= sigma[i - 1]!)), `${sigma}`);
  }
});

Deno.test("the complex svd() finds singular values over sixteen decades", async () => {
  const seed = new Random(4);
  const wanted = Array.from({ length: 9 }, (_, i) => 10 ** (-2 * i));
  const [left, right] = [await orthonormal(seed, 14, 9), await orthonormal(seed, 9, 9)];
  const x = a.multiply(a.multiply(left, a.diagonal(wanted)), right, { transposeRight: true });
  const { p, sigma, q } = await a.svd(x);
  assertLess(Math.max(await defect(p), await defect(q)), 1e-13);
  for (const [i, s] of sigma.entries()) assertLess(Math.abs(s - wanted[i]!), 1e-15);
});

Deno.test("the complex svd() completes the factors of a matrix without full rank", async () => {
  const seed = new Random(5);
  for (const x of [a.multiply(random(seed, 8, 2), random(seed, 2, 5)), a.zeros(6, 4)]) {
    const { p, sigma, q } = await a.svd(x);
    assertLess(Math.max(await defect(p), await defect(q)), 1e-13);
    assertLess(sigma[3]!, 1e-14);
  }
});

Deno.test("the complex complement() is orthogonal to U and spans [U | A] with it", async () => {
  const seed = new Random(6);
  const u = await orthonormal(seed, 12, 3);
  const block = random(seed, 12, 4);
  const extra = await a.complement(u, block);
  assertExists(extra);
  const basis = a.hstack([u, extra]);
  assertLess(await defect(basis), 1e-13);
  const inside = a.multiply(basis, a.multiply(basis, block, { transposeLeft: true }));
  assertLess(await distance(inside, block), 1e-13);
});

Deno.test("complexMatrix() holds both parts, complexScale() turns them", () => {
  const x = complexMatrix(matrix([1, 2], 1, 2), matrix([3, -4], 1, 2));
  const y = complexScale(0, -1, x);
  assertEquals([...realPart(y).data], [3, -4]);
  assertEquals([...imaginaryPart(y).data], [-1, -2]);
  assertEquals([...a.conjugate(x).im], [-3, 4]);
  assertThrows(
    () => complexMatrix(matrix([1, 2], 1, 2), matrix([1, 2], 2, 1)),
    RangeError,
    "Cannot make a complex matrix: both parts must have one shape, got 1×2 and 2×1",
  );
});

Deno.test("complex numbers multiply element by element", () => {
  const x = complexMatrix(matrix([1, 2], 1, 2), matrix([3, 4], 1, 2));
  const y = complexMatrix(matrix([5], 1, 1), matrix([7], 1, 1));
  const product = a.hadamard(x, y);
  assertEquals([...product.re], [5 - 21, 10 - 28]);
  assertEquals([...product.im], [7 + 15, 14 + 20]);
});

Deno.test("complex squares, roots and norms are those of absolute values", async () => {
  const x = complexMatrix(matrix([3], 1, 1), matrix([4], 1, 1));
  assertEquals([a.square(x).re[0], a.square(x).im[0]], [25, 0]);
  assertEquals(a.sqrt(a.square(x)).re[0], 5);
  assertEquals(await a.norm(x), 5);
});

/** A Hermitian matrix. */
function hermitian(seed: Random, n: number): ComplexMatrix {
  const x = random(seed, n, n);
  return a.scale(1 / (4 * Math.sqrt(n)), a.lincomb(1, x, 1, a.transpose(x)));
}

for (const item of integrators.list()) {
  Deno.test(`${item.name} solves a Schrödinger equation in complex numbers`, async () => {
    // i Y' = H Y + Y G keeps the rank and the norm; full-matrix RK4 is the reference.
    const seed = new Random(7);
    const n = 12;
    const [h, g] = [hermitian(seed, n), hermitian(seed, n)];
    const field = (y: ComplexMatrix): ComplexMatrix =>
      complexScale(0, -1, a.lincomb(1, a.multiply(h, y), 1, a.multiply(y, g)));
    const s = random(seed, 3, 3);
    const y0 = { u: await orthonormal(seed, n, 3), s, v: await orthonormal(seed, n, 3) };
    let exact = toDense(a, y0);
    const dt = 1 / 200;
    for (let i = 0; i < 200; i++) {
      const k1 = field(exact);
      const k2 = field(a.lincomb(1, exact, dt / 2, k1));
      const k3 = field(a.lincomb(1, exact, dt / 2, k2));
      const k4 = field(a.lincomb(1, exact, dt, k3));
      const sum = a.lincomb(1, a.lincomb(1, k1, 1, k4), 2, a.lincomb(1, k2, 1, k3));
      exact = a.lincomb(1, exact, dt / 6, sum);
    }
    const rhs = (_t: number, y: LowRank<ComplexMatrix>) => denseField(a, field(toDense(a, y)));
    const errors: number[] = [];
    for (const steps of [10, 20]) {
      const y = await integrate(a, item, rhs, y0, { t1: 1, steps, stepper: rk4 });
      errors.push(await distance(toDense(a, y), exact));
      assertLess(await defect(y.u), 1e-13);
    }
    assertLess(item.order - 0.3, Math.log2(errors[0]! / errors[1]!), `${errors}`);
    assertLess(errors[1]!, 0.05);
  });
}

Deno.test("augment() keeps a complex matrix as it is", async () => {
  const seed = new Random(8);
  const y = {
    u: await orthonormal(seed, 9, 2),
    s: random(seed, 2, 2),
    v: await orthonormal(seed, 7, 2),
  };
  const wide = await augment(a, y, random(seed, 9, 3), random(seed, 7, 1));
  assertLess(await distance(toDense(a, wide), toDense(a, y)), 1e-14);
});
