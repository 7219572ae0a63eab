import { assert, assertEquals, assertLess } from "@std/assert";
import { bidiagonalSvd } from "../../../core/algebra/bidiagonal_svd.ts";
import { jacobiSvd } from "../../../core/algebra/dense_kernels.ts";
import { hostAlgebra, type Matrix, matrixOf } from "../../../core/algebra/mod.ts";
import { Random } from "../../../core/random.ts";

const a = hostAlgebra();

async function residual(x: Matrix): Promise<number> {
  const { p, sigma, q } = await a.svd(x);
  const back = a.multiply(a.multiply(p, a.diagonal(sigma)), q, { transposeRight: true });
  return await a.norm(a.lincomb(1, x, -1, back)) / await a.norm(x);
}

// Iterations that compare round-off with round-off never ended on such matrices.
Deno.test("the portable SVD ends on matrices of low rank", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const [m, n, r] = [4 + random.integer(36), 4 + random.integer(70), 1 + random.integer(3)];
    const left = matrixOf(m, r, () => random.normal());
    const right = matrixOf(r, n, () => random.normal());
    assertLess(await residual(a.multiply(left, right)), 1e-13);
    const row = Float64Array.from({ length: n }, () => random.normal());
    assertLess(await residual(matrixOf(m, n, (_i, j) => row[j]!)), 1e-13);
  }
});

Deno.test("bidiagonalSvd() ends within its bound, or says that it did not", () => {
  const random = new Random(1);
  const x = matrixOf(20, 20, () => random.normal());
  assertEquals(bidiagonalSvd(x, 0), undefined);
  assert(bidiagonalSvd(x, 4), "two or three steps a value are usual");
  assert(bidiagonalSvd(matrixOf(9, 9, () => NaN))?.sigma.every(Number.isNaN));
});

Deno.test("the portable SVD takes rotations where the iteration does not end", async () => {
  const { p, sigma, q } = jacobiSvd(matrixOf(5, 5, (i, j) => i + j));
  const back = a.multiply(a.multiply(p, a.diagonal(sigma)), q, { transposeRight: true });
  const x = matrixOf(5, 5, (i, j) => i + j);
  assertLess(await a.norm(a.lincomb(1, x, -1, back)), 1e-13);
});
