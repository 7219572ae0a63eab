/** Arithmetic of Tucker tensors against the full tensors. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Matrix } from "../../../core/algebra/mod.ts";
import { orthogonalityDefect } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import {
  addTucker,
  combineTensors,
  orthonormalizeTucker,
  roundTucker,
  scaleTucker,
  tensorInner,
  tuckerInner,
  tuckerNorm,
  type TuckerTensor,
  tuckerToDense,
} from "../../../core/tensors/mod.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { gaussian, host, norm } from "../../support/matrices.ts";
import {
  full,
  gaussianTensor,
  lift,
  looseTucker,
  lower,
  plainModeProduct,
  randomTucker,
  tensorError,
} from "../../support/tensors.ts";

/** Shapes with the ranks of two tensors; ranks may exceed extents. */
const problems = fc.record({
  modes: fc.array(
    fc.record({
      n: fc.integer({ min: 1, max: 5 }),
      r: fc.integer({ min: 1, max: 3 }),
      s: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

type Problem = typeof problems extends fc.Arbitrary<infer T> ? T : never;

function pair({ modes, seed }: Problem): { x: TuckerTensor<Matrix>; y: TuckerTensor<Matrix> } {
  const random = new Random(seed);
  const shape = modes.map((m) => m.n);
  return {
    x: looseTucker(random, shape, modes.map((m) => m.r)),
    y: looseTucker(random, shape, modes.map((m) => m.s)),
  };
}

async function holds(check: (p: Problem) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(problems, check), { numRuns: 80 });
}

await testAlgebras("tuckerToDense() multiplies the core by every factor", async (a, tol) => {
  const random = new Random(1);
  const core = gaussianTensor(random, [2, 3, 2]);
  const factors = [4, 5, 3].map((n, k) => gaussian(random, n, core.shape[k]!));
  const wanted = factors.reduce((t, u, mode) => plainModeProduct(t, u, mode), core);
  const own = {
    core: lift(a, core),
    factors: factors.map((u) => a.from(u.data, u.rows, u.cols)),
  };
  assertLess(tensorError(await lower(a, tuckerToDense(a, own)), wanted), tol.relative);
});

Deno.test("addTucker() adds the full tensors, ranks add up", async () => {
  await holds((p) => {
    const { x, y } = pair(p);
    const sum = addTucker(host, 2, x, -0.5, y);
    assertEquals(sum.core.shape, p.modes.map((m) => m.r + m.s));
    const wanted = combineTensors(host, 2, full(x), -0.5, full(y));
    assertLess(
      norm(combineTensors(host, 1, full(sum), -1, wanted).data),
      1e-12 * (1 + norm(wanted.data)),
    );
    return Promise.resolve();
  });
});

Deno.test("tuckerInner() and tuckerNorm() are those of the full tensors", async () => {
  await holds(async (p) => {
    const { x, y } = pair(p);
    const scale = norm(full(x).data) * norm(full(y).data);
    const wanted = await tensorInner(host, full(x), full(y));
    assert(Math.abs(await tuckerInner(host, x, y) - wanted) <= 1e-12 * (1 + scale));
    assert(Math.abs(await tuckerNorm(host, x) / norm(full(x).data) - 1) <= 1e-12);
  });
});

Deno.test("tuckerInner() is symmetric and linear in sums", async () => {
  await holds(async (p) => {
    const { x, y } = pair(p);
    const scale = 1 + (norm(full(x).data) + norm(full(y).data)) ** 2;
    const xy = await tuckerInner(host, x, y);
    assert(Math.abs(xy - await tuckerInner(host, y, x)) <= 1e-12 * scale);
    const split = 3 * await tuckerInner(host, x, x) - 2 * xy;
    const whole = await tuckerInner(host, x, addTucker(host, 3, x, -2, y));
    assert(Math.abs(whole - split) <= 1e-11 * scale);
  });
});

Deno.test("orthonormalizeTucker() keeps the tensor", async () => {
  await holds(async (p) => {
    const { x } = pair(p);
    const y = await orthonormalizeTucker(host, x);
    for (const q of y.factors) assertLess(await orthogonalityDefect(host, q), 1e-13);
    assertLess(tensorError(full(y), full(x)), 1e-12);
  });
});

Deno.test("roundTucker() keeps the error below the tolerance and reports it exactly", async () => {
  await holds(async (p) => {
    const { x, y } = pair(p);
    const sum = addTucker(host, 1, x, 0.05, y);
    const { tucker, discarded } = await roundTucker(host, sum, { tolerance: 0.2 });
    const size = norm(full(sum).data);
    const error = norm(combineTensors(host, 1, full(tucker), -1, full(sum)).data);
    assert(error <= 0.2 * size * (1 + 1e-9));
    assert(Math.abs(error - discarded) <= 1e-12 * size);
    for (const q of tucker.factors) assertLess(await orthogonalityDefect(host, q), 1e-13);
  });
});

await testAlgebras("roundTucker() takes back the ranks that a sum has grown", async (a, tol) => {
  const x = await randomTucker(new Random(2), [8, 7, 6], [3, 2, 3]);
  const own = {
    core: lift(a, x.core),
    factors: x.factors.map((u) => a.from(u.data, u.rows, u.cols)),
  };
  const sum = addTucker(a, 1.5, own, -0.5, own);
  assertEquals(sum.core.shape, [6, 4, 6]);
  const { tucker } = await roundTucker(a, sum, { tolerance: 10 * tol.relative });
  assertEquals(tucker.core.shape, [3, 2, 3]);
  assertLess(tensorError(await lower(a, tuckerToDense(a, tucker)), full(x)), 10 * tol.relative);
});

Deno.test("tuckerNorm() stays accurate where a difference cancels", async () => {
  const x = await randomTucker(new Random(3), [9, 8, 7], [2, 2, 2]);
  const y = await randomTucker(new Random(4), [9, 8, 7], [2, 2, 2]);
  const difference = addTucker(host, 1, addTucker(host, 1, x, 1e-10, y), -1, x);
  const wanted = 1e-10 * norm(y.core.data);
  assertLess(Math.abs(await tuckerNorm(host, difference) / wanted - 1), 1e-4);
});

Deno.test("scaleTucker() scales, addTucker() refuses tensors of other orders", async () => {
  const x = await randomTucker(new Random(5), [4, 3, 2], [2, 2, 2]);
  const scaled = combineTensors(host, -3, full(x), 0, full(x));
  assertLess(tensorError(full(scaleTucker(host, -3, x)), scaled), 1e-14);
  const y = await randomTucker(new Random(5), [4, 3], [2, 2]);
  assertThrows(
    () => addTucker(host, 1, x, 1, y),
    RangeError,
    "Cannot add Tucker tensors: orders must be equal, got 3 and 2",
  );
});
