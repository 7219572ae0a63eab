/** Manifolds of factorised matrices and tensors at work on factors alone. */

import { assertAlmostEquals, assertLess, assertRejects } from "@std/assert";
import { orthogonalityDefect, toDense } from "../../../core/geometry/mod.ts";
import {
  distanceLowRank,
  factoredField,
  fixedRank,
  fixedTucker,
  lowRankOf,
  NonFiniteError,
  orthonormalizeLowRank,
  Random,
  truncateTo,
  tuckerField,
} from "../../../core/mod.ts";
import { countingAlgebra } from "../../support/counting_algebra.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  norm,
  randomLowRank,
  relativeError,
} from "../../support/matrices.ts";

Deno.test("fixedRank() forms nothing of the size of the matrix", async () => {
  const [m, n, r] = [300, 400, 2];
  const { algebra, largest } = countingAlgebra(host);
  const manifold = fixedRank(algebra, { shape: [m, n], ranks: [r] });
  const random = new Random(1);
  const [x, z] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const xi = await manifold.gradient(x, factoredField(algebra, z));
  await manifold.norm(x, xi);
  await manifold.check(x);
  await manifold.checkTangent(x, xi);
  for (const { retract } of manifold.retractions) {
    const y = await retract(x, manifold.scale(1e-2, xi));
    await manifold.gap(x, y);
    for (const { transport } of manifold.transports) {
      await manifold.inner(y, await transport(x, y, xi), await transport(x, y, xi));
    }
  }
  // Bases side by side, of points and of tangent vectors.
  assertLess(largest(), 1 + 4 * r * Math.max(m, n));
});

Deno.test("fixedTucker() forms nothing of the size of the tensor", async () => {
  const { algebra, largest } = countingAlgebra(host);
  const manifold = fixedTucker(algebra, { shape: [50, 40, 60], ranks: [2, 3, 2] });
  const random = new Random(1);
  const [x, z] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const xi = await manifold.gradient(x, tuckerField(algebra, z));
  await manifold.check(x);
  await manifold.checkTangent(x, xi);
  for (const { retract } of manifold.retractions) {
    const y = await retract(x, manifold.scale(1e-2, xi));
    await manifold.gap(x, y);
    for (const { transport } of manifold.transports) {
      await manifold.inner(y, await transport(x, y, xi), await transport(x, y, xi));
    }
  }
  assertLess(largest(), 1 + 60 * 6 * 4);
});

Deno.test("distanceLowRank() is ‖X − Y‖, also of points that nearly agree", async () => {
  const random = new Random(2);
  const x = await randomLowRank(random, 14, 11, [3, 1, 0.1]);
  const far = await randomLowRank(random, 14, 11, [2, 1e-3]);
  assertAlmostEquals(await distanceLowRank(host, x, far), norm(minus(dense(x), dense(far))), 1e-13);
  // ⟨X, X⟩ − 2⟨X, Y⟩ + ⟨Y, Y⟩ would lose half of the digits: 1e-10 is below √ε.
  const near = { ...x, s: host.lincomb(1, x.s, 1e-10, gaussian(random, 3, 3)) };
  const wanted = norm(minus(near.s, x.s));
  assertAlmostEquals(await distanceLowRank(host, x, near) / wanted, 1, 1e-4);
});

Deno.test("truncateTo() is the best approximation, and tells what it discards", async () => {
  const y = await randomLowRank(new Random(3), 12, 9, [3, 2, 1, 0.5]);
  const { y: low, discarded, singularValues } = await truncateTo(host, y, 2);
  assertAlmostEquals(discarded, Math.hypot(1, 0.5), 1e-14);
  assertAlmostEquals(norm(minus(dense(y), dense(low))), discarded, 1e-13);
  singularValues.forEach((s, i) => assertAlmostEquals(s, [3, 2][i]!, 1e-13));
});

Deno.test("orthonormalizeLowRank() is the same matrix in orthonormal bases", async () => {
  const random = new Random(4);
  const [m, n, r] = [10, 8, 3];
  const y = { u: gaussian(random, m, r), s: gaussian(random, r, r), v: gaussian(random, n, r) };
  const found = await orthonormalizeLowRank(host, y);
  assertLess(relativeError(toDense(host, found), toDense(host, y)), 1e-14);
  assertLess(await orthogonalityDefect(host, found.u), 1e-14);
  assertLess(await orthogonalityDefect(host, found.v), 1e-14);
});

Deno.test("lowRankOf() and truncateTo() refuse ranks that are none and what is not finite", async () => {
  const x = gaussian(new Random(7), 6, 4);
  const y = await lowRankOf(host, x, 4);
  for (const rank of [0, 1.5, NaN, 5]) {
    await assertRejects(
      () => lowRankOf(host, x, rank),
      RangeError,
      `Cannot approximate a matrix: expected the rank to be an integer ≥ 1 and ≤ 4, got ${rank}`,
    );
  }
  for (const rank of [0, 1.5, NaN]) {
    await assertRejects(() => truncateTo(host, y, rank), RangeError, "expected the rank");
  }
  const broken = { ...x, data: x.data.map((v, i) => i === 3 ? NaN : v) };
  await assertRejects(() => lowRankOf(host, broken, 2), NonFiniteError);
});
