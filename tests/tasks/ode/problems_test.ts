/** The test problems show what their papers show. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { integrators, steppers } from "../../../core/mod.ts";
import {
  convergence,
  exponentialFlow,
  increments,
  measuredOrder,
  type OdeProblem,
  odeProblems,
  riccati,
  schroedinger,
} from "../../../tasks/ode/mod.ts";

async function errors(
  problem: OdeProblem,
  integrator: string,
  counts: readonly number[],
  stepper = "rk4",
): Promise<{ errors: readonly number[]; best: number; order: number | undefined }> {
  const open = await problem.open(1);
  const best = await open.best(problem.rank);
  const how = integrators.get(integrator);
  const curve = await convergence(open, how, problem.rank, counts, steppers.get(stepper));
  const stepSizes = counts.map((n) => problem.duration / n);
  return { errors: curve.errors, best, order: measuredOrder(stepSizes, curve.errors, best) };
}

// On a shared machine LAPACK may come from a library that belongs to the process.
const shared = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  name: "matrix-exponential: bug has order one, augmented-bug two, splitting none but the floor",
  ...shared,
  fn: async () => {
    assertAlmostEquals((await errors(exponentialFlow, "bug", [10, 20])).order!, 1, 0.1);
    assertAlmostEquals((await errors(exponentialFlow, "augmented-bug", [10, 20])).order!, 2, 0.2);
    const splitting = await errors(exponentialFlow, "projector-splitting", [20]);
    assertLess(splitting.errors[0]!, 1.2 * splitting.best);
  },
});

for (const name of ["bug", "augmented-bug", "projector-splitting", "bc-psi", "abc-psi"]) {
  Deno.test({
    name: `increments: ${name} stays within 1.6 of the best error at any step size`,
    ...shared,
    fn: async () => {
      const { errors: found, best } = await errors(increments, name, [10, 25]);
      for (const e of found) assertLess(e, 1.6 * best);
    },
  });
}

Deno.test({
  name: "increments: parallel-bug is not exact but converges",
  ...shared,
  fn: async () => {
    const { errors: found, best } = await errors(increments, "parallel-bug", [10, 40]);
    assert(found[0]! > 1000 * best && found[1]! < found[0]! / 4, `${found}`);
  },
});

Deno.test({
  name: "schroedinger: parallel-bug has order one, augmented-bug is at the floor",
  ...shared,
  fn: async () => {
    assertAlmostEquals((await errors(schroedinger, "parallel-bug", [10, 20])).order!, 1, 0.15);
    const augmented = await errors(schroedinger, "augmented-bug", [20]);
    assertLess(augmented.errors[0]!, 2 * augmented.best);
  },
});

Deno.test({
  name: "riccati: bug has order one, projected-runge-kutta two",
  ...shared,
  fn: async () => {
    assertAlmostEquals((await errors(riccati, "bug", [10, 20])).order!, 1, 0.1);
    assertAlmostEquals((await errors(riccati, "projected-runge-kutta", [10, 20])).order!, 2, 0.1);
  },
});

Deno.test({
  name: "no error beats the best approximation of its rank",
  ...shared,
  fn: async () => {
    for (const problem of odeProblems.list()) {
      const { errors: found, best } = await errors(problem, "abc-psi", [20]);
      assert(found[0]! >= best * (1 - 1e-9), `${problem.name}: ${found[0]} and ${best}`);
    }
  },
});

Deno.test("measuredOrder() is the slope above the floor, undefined at it", () => {
  const h = [0.1, 0.05, 0.025];
  const second = h.map((x) => 3 * x ** 2);
  assertAlmostEquals(measuredOrder(h, second, 1e-9)!, 2, 1e-12);
  assertAlmostEquals(measuredOrder(h, [second[0]!, second[1]!, 1e-4], 1e-4)!, 2, 1e-12);
  assertEquals(measuredOrder(h, [NaN, Infinity, 1], 0), undefined);
  assertEquals(measuredOrder(h, [1e-4, 1e-4, 1e-4], 1e-4), undefined);
});

Deno.test({
  name: "a stepper of order one shows where sub-flows are more than a constant",
  ...shared,
  fn: async () => {
    const crude = await errors(riccati, "bug", [10, 20], "euler");
    const fine = await errors(riccati, "bug", [10, 20], "rk4");
    assert(crude.errors[1] !== fine.errors[1], `${crude.errors} and ${fine.errors}`);
  },
});
