/** Dense tensors against nested loops, and the laws of mode products. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Algebra, type Matrix, matrix, transposed } from "../../../core/algebra/mod.ts";
import { Random } from "../../../core/random.ts";
import {
  combineTensors,
  denseTensor,
  embedTensor,
  fold,
  foldCyclic,
  modeProduct,
  modeProducts,
  sizeOf,
  tensorInner,
  unfold,
  unfoldCyclic,
} from "../../../core/tensors/mod.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { gaussian, host, relativeError, times } from "../../support/matrices.ts";
import {
  gaussianTensor,
  indices,
  lift,
  lower,
  plainModeProduct,
  plainUnfold,
  position,
  tensorError,
} from "../../support/tensors.ts";

const SHAPES = [[4, 3], [3, 4, 5], [5, 2, 3], [2, 3, 1, 4], [1, 6, 2], [2, 3, 2, 2, 3]] as const;

async function toHost<M>(a: Algebra<M>, x: M): Promise<Matrix> {
  return matrix(await a.read(x), a.rows(x), a.cols(x));
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 });
const seeds = fc.integer({ min: 1, max: 1e6 });

await testAlgebras(
  "unfold() agrees with the loop over indices, fold() undoes it",
  async (a, tol) => {
    for (const shape of SHAPES) {
      const t = gaussianTensor(new Random(1), shape);
      const own = lift(a, t);
      for (const mode of shape.keys()) {
        const unfolded = unfold(a, own, mode);
        assertLess(relativeError(await toHost(a, unfolded), plainUnfold(t, mode)), tol.relative);
        assertEquals(await lower(a, fold(a, unfolded, mode, shape)), await lower(a, own));
      }
    }
  },
);

Deno.test("unfold() has the columns in the order that TensorLy documents", () => {
  // tensorly.unfold(numpy.arange(24).reshape(3, 4, 2), mode) of TensorLy's user guide.
  const t = denseTensor(host, Array.from({ length: 24 }, (_, i) => i), [3, 4, 2]);
  const row = (mode: number, i: number) => {
    const x = unfold(host, t, mode);
    return [...x.data.subarray(i * x.cols, (i + 1) * x.cols)];
  };
  assertEquals(row(0, 1), [8, 9, 10, 11, 12, 13, 14, 15]);
  assertEquals(row(1, 0), [0, 1, 8, 9, 16, 17]);
  assertEquals(row(1, 2), [4, 5, 12, 13, 20, 21]);
  assertEquals(row(2, 1), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]);
});

await testAlgebras("unfoldCyclic() runs through the later modes first", async (a) => {
  for (const shape of SHAPES) {
    const t = gaussianTensor(new Random(2), shape);
    const own = lift(a, t);
    const rounded = await lower(a, own);
    for (const mode of shape.keys()) {
      const order = shape.map((_, k) => (mode + k) % shape.length);
      const cyclic = order.map((k) => shape[k]!);
      const wanted = new Float64Array(sizeOf(shape));
      for (const index of indices(shape)) {
        const to = position(order.map((k) => index[k]!), cyclic);
        wanted[to] = rounded.data.data[position(index, shape)]!;
      }
      const got = unfoldCyclic(a, own, mode);
      assertEquals(await a.read(got), wanted);
      assertEquals(a.rows(got), shape[mode]);
      assertEquals(await lower(a, foldCyclic(a, got, mode, shape)), rounded);
    }
  }
});

await testAlgebras("modeProduct() agrees with the loop over indices", async (a, tol) => {
  const random = new Random(3);
  for (const shape of SHAPES) {
    const t = gaussianTensor(random, shape);
    for (const [mode, n] of shape.entries()) {
      const u = gaussian(random, 3, n);
      const wanted = plainModeProduct(t, u, mode);
      const product = modeProduct(a, lift(a, t), a.from(u.data, 3, n), mode);
      assertEquals(product.shape, wanted.shape);
      assertLess(tensorError(await lower(a, product), wanted), tol.relative);
      const flipped = a.from(transposed(u).data, n, 3);
      const same = modeProduct(a, lift(a, t), flipped, mode, { transpose: true });
      assertLess(tensorError(await lower(a, same), wanted), tol.relative);
    }
  }
});

await testAlgebras("modeProducts() multiplies the modes that have a matrix", async (a, tol) => {
  const random = new Random(4);
  const t = gaussianTensor(random, [4, 3, 5]);
  const [u, w] = [gaussian(random, 2, 4), gaussian(random, 6, 5)];
  const wanted = plainModeProduct(plainModeProduct(t, u, 0), w, 2);
  const own = [a.from(u.data, 2, 4), undefined, a.from(w.data, 6, 5)];
  assertLess(tensorError(await lower(a, modeProducts(a, lift(a, t), own)), wanted), tol.relative);
});

await testAlgebras(
  "inner products, norms and combinations are those of the elements",
  async (a, tol) => {
    const random = new Random(5);
    const [x, y] = [gaussianTensor(random, [3, 4, 2]), gaussianTensor(random, [3, 4, 2])];
    const sum = x.data.data.reduce((s, v, i) => s + v * y.data.data[i]!, 0);
    assertLess(Math.abs(await tensorInner(a, lift(a, x), lift(a, y)) - sum), 24 * tol.relative);
    const square = x.data.data.reduce((s, v) => s + v * v, 0);
    assertAlmostEquals(await a.norm(lift(a, x).data) / Math.sqrt(square), 1, tol.relative);
    const combined = await lower(a, combineTensors(a, 2, lift(a, x), -3, lift(a, y)));
    const wanted = x.data.data.map((v, i) => 2 * v - 3 * y.data.data[i]!);
    assertLess(tensorError(combined, denseTensor(host, wanted, [3, 4, 2])), tol.relative);
  },
);

await testAlgebras("embedTensor() puts a block into zeros", async (a) => {
  const t = lift(a, gaussianTensor(new Random(6), [2, 3, 2]));
  const block = await lower(a, t);
  const big = await lower(a, embedTensor(a, t, [4, 3, 5], [1, 0, 3]));
  for (const index of indices([4, 3, 5])) {
    const [i, j, k] = [index[0]! - 1, index[1]!, index[2]! - 3];
    const inside = i >= 0 && i < 2 && k >= 0;
    const wanted = inside ? block.data.data[position([i, j, k], block.shape)] : 0;
    assertEquals(big.data.data[position(index, big.shape)], wanted);
  }
});

Deno.test("mode products in different modes commute, in one mode they compose", () => {
  fc.assert(
    fc.property(shapes, seeds, fc.nat(), fc.nat(), (shape, seed, i, j) => {
      const random = new Random(seed);
      const t = gaussianTensor(random, shape);
      const [k, l] = [i % shape.length, j % shape.length];
      const u = gaussian(random, 3, shape[k]!);
      if (k === l) {
        const w = gaussian(random, 2, 3);
        const twice = modeProduct(host, modeProduct(host, t, u, k), w, k);
        assertLess(tensorError(twice, modeProduct(host, t, times(w, u), k)), 1e-12);
      } else {
        const w = gaussian(random, 2, shape[l]!);
        const one = modeProduct(host, modeProduct(host, t, u, k), w, l);
        assertLess(tensorError(one, modeProduct(host, modeProduct(host, t, w, l), u, k)), 1e-12);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("the unfolding of a mode product is the product with the unfolding", () => {
  fc.assert(
    fc.property(shapes, seeds, fc.nat(), (shape, seed, i) => {
      const random = new Random(seed);
      const [t, mode] = [gaussianTensor(random, shape), i % shape.length];
      const u = gaussian(random, 3, shape[mode]!);
      const product = modeProduct(host, t, u, mode);
      assertLess(
        relativeError(unfold(host, product, mode), times(u, unfold(host, t, mode))),
        1e-12,
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("a mode product and one with the transpose are adjoint", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, fc.nat(), async (shape, seed, i) => {
      const random = new Random(seed);
      const mode = i % shape.length;
      const u = gaussian(random, 3, shape[mode]!);
      const x = gaussianTensor(random, shape);
      const y = gaussianTensor(random, shape.map((n, k) => k === mode ? 3 : n));
      const left = await tensorInner(host, modeProduct(host, x, u, mode), y);
      const back = modeProduct(host, y, u, mode, { transpose: true });
      const scale = await host.norm(x.data) * await host.norm(back.data);
      assert(Math.abs(left - await tensorInner(host, x, back)) <= 1e-13 * (1 + scale));
    }),
    { numRuns: 100 },
  );
});

Deno.test("a tensor of order 2 is its matrix", () => {
  const random = new Random(7);
  const [x, u, w] = [gaussian(random, 5, 4), gaussian(random, 2, 5), gaussian(random, 3, 4)];
  const t = denseTensor(host, x.data, [5, 4]);
  assertEquals(unfold(host, t, 0), x);
  assertEquals(unfold(host, t, 1), transposed(x));
  const wanted = host.multiply(times(u, x), w, { transposeRight: true });
  assertLess(relativeError(modeProducts(host, t, [u, w]).data, wanted), 1e-14);
});

Deno.test("dense tensors refuse what does not fit, in clear words", () => {
  const t = gaussianTensor(new Random(8), [3, 4, 5]);
  assertThrows(
    () => denseTensor(host, [1, 2, 3], [2, 2]),
    RangeError,
    "Cannot make a 2×2 tensor: 4 numbers are needed, got 3",
  );
  assertThrows(
    () => denseTensor(host, [1, 2, 3], [3]),
    RangeError,
    "Cannot make a tensor: two or more positive extents are needed, got [3]",
  );
  assertThrows(
    () => unfold(host, t, 3),
    RangeError,
    "Cannot use mode 3 of a 3×4×5 tensor: modes are the integers from 0 to 2",
  );
  assertThrows(
    () => modeProduct(host, t, host.identity(3), 1),
    RangeError,
    "Cannot multiply mode 1 of a 3×4×5 tensor: the matrix must have 4 columns, got 3",
  );
  assertThrows(
    () => modeProducts(host, t, [undefined, undefined]),
    RangeError,
    "Cannot multiply the modes of a 3×4×5 tensor: 3 entries are needed, one for each mode, got 2",
  );
  assertThrows(
    () => combineTensors(host, 1, t, 1, gaussianTensor(new Random(1), [3, 4])),
    RangeError,
    "Cannot combine tensors: shapes must be equal, got 3×4×5 and 3×4",
  );
});
