import { assertLess } from "@std/assert";
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
