/** Directions that training has brought into a matrix. */

import { assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { type Matrix, matrix, matrixChange, Random } from "../../../core/mod.ts";
import { gaussian, host } from "../../support/matrices.ts";

/** W₀ of rank k − 5 with its singular vectors, completed. */
async function deficient(rows: number, cols: number) {
  const { p, sigma, q } = await host.svd(gaussian(new Random(3), rows, cols));
  const kept = sigma.map((s, i) => i < sigma.length - 5 ? s : 0);
  const w = host.multiply(host.weighted(p, { columns: kept }), q, { transposeRight: true });
  return { w, ...await host.svd(w) };
}

function mixOf(x: Matrix, from: number): Matrix {
  const columns = host.columns(x, from, from + 5);
  return host.scale(Math.sqrt(1 / 5), host.multiply(columns, matrix([1, 1, 1, 1, 1], 5, 1)));
}

Deno.test("the same matrix has no intruders and no change, another scale has no intruders", async () => {
  const w = gaussian(new Random(1), 12, 8);
  const same = await matrixChange(w, w);
  assertEquals([same.intruders, same.size, same.effectiveRank], [0, 0, 0]);
  assertEquals(same.condition, same.conditionBefore);
  const larger = await matrixChange(w, host.scale(-3, w));
  assertEquals(larger.intruders, 0);
  assertAlmostEquals(larger.size, 4, 1e-12);
  assertAlmostEquals(larger.condition, same.condition, 1e-9);
});

Deno.test("an even mix of directions that were empty is one intruder, in the first place", async () => {
  const { sigma, p, q, w } = await deficient(14, 12);
  const added = host.multiply(mixOf(p, 7), mixOf(q, 7), { transposeRight: true });
  const after = host.lincomb(1, w, 2 * sigma[0]!, added);
  const found = await matrixChange(w, after, { leading: 5 });
  assertEquals(found.places, [0]);
  assertAlmostEquals(found.effectiveRank, 1, 1e-9);
  // It is as near as 1/√5 to each vector that it is a mix of.
  assertEquals((await matrixChange(w, after, { leading: 5, likeness: 0.44 })).intruders, 0);
});

Deno.test("an ill-conditioned matrix says so before and after", async () => {
  const before = matrix([2, 0, 0, 1], 2, 2);
  const found = await matrixChange(before, matrix([2, 0, 0, 1e-3], 2, 2));
  assertEquals(found.conditionBefore, 2);
  assertLess(Math.abs(found.condition - 2000), 1e-9);
  await assertRejects(
    () => matrixChange(before, matrix([1, 2], 1, 2)),
    RangeError,
    "expected 2×2 twice, got 1×2",
  );
});
