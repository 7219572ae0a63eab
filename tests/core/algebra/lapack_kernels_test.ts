import { assert, assertEquals, assertLess } from "@std/assert";
import { hostAlgebra, type Matrix, matrixOf, openHostAlgebra } from "../../../core/algebra/mod.ts";
import { lapackKernels } from "../../../core/algebra/lapack_kernels.ts";
import { Random } from "../../../core/random.ts";

const portable = hostAlgebra();
const fast = await openHostAlgebra();
const ignore = lapackKernels() === undefined;
const suffix = ignore ? " (skipped: no LAPACK library here)" : "";

function far(x: Matrix, y: Matrix): number {
  return Math.max(...x.data.map((v, i) => Math.abs(v - y.data[i]!)));
}

for (const [m, n] of [[7, 4], [4, 7], [5, 5], [1, 3], [40, 33]] as const) {
  Deno.test({
    name: `the library agrees with the portable kernels at ${m}×${n}${suffix}`,
    ignore,
    async fn() {
      const random = new Random(m + n);
      const x = matrixOf(m, n, () => random.normal());
      for (const options of [{ transposeLeft: true }, { transposeRight: true }]) {
        assertLess(far(fast.multiply(x, x, options), portable.multiply(x, x, options)), 1e-12);
      }
      const { q, r } = await fast.qr(x);
      assertLess(far(fast.multiply(q, r), x), 1e-13);
      const [a, b] = [await fast.svd(x), await portable.svd(x)];
      assert(a.sigma.every((s, i) => Math.abs(s - b.sigma[i]!) < 1e-13 * b.sigma[0]!));
      const back = fast.multiply(a.p, fast.diagonal(a.sigma));
      assertLess(far(fast.multiply(back, a.q, { transposeRight: true }), x), 1e-13);
    },
  });
}

Deno.test("the SVD of a matrix that is not finite has NaN for singular values", async () => {
  for (const a of [portable, fast]) {
    const { sigma } = await a.svd(matrixOf(3, 3, (i, j) => i === j ? NaN : 1));
    assertEquals([...sigma], [NaN, NaN, NaN]);
  }
});
