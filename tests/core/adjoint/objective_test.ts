/** Windowed averages of the Van der Pol oscillator: adjoint, tangent, dual numbers, differences. */

import { assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  arrayKeeper,
  differentiableRungeKutta,
  weightedOutputAdjoint,
  type WeightedOutputResult,
} from "../../../core/adjoint/mod.ts";
import { NonFiniteError } from "../../../core/checks.ts";
import { rk4Tableau } from "../../../core/integrators/mod.ts";
import { windowedMean, windows, windowSeeds } from "../../../core/windowing/mod.ts";
import { add, dual, mul, times } from "../../support/dual.ts";
import { dualStep, vanDerPol } from "./van_der_pol.ts";

const dt = 0.02;
const steps = 2000;
const rk = differentiableRungeKutta(vanDerPol, rk4Tableau, dt);

interface Sweep {
  readonly lambda: Float64Array;
  readonly gradient: Float64Array;
}

/** J = Σ aₙ xₙ² and its derivatives in u₀ and p. */
function byAdjoint(p: number, seeds: Float64Array): Promise<WeightedOutputResult<Sweep>> {
  const parameters = Float64Array.of(p);
  return weightedOutputAdjoint<Float64Array, Sweep>({
    steps,
    seeds,
    snapshots: 7,
    initial: Float64Array.of(2, 0),
    keeper: arrayKeeper<Float64Array>(),
    step: (u, n) => rk.step(n * dt, u, parameters),
    output: (u) => u[0]! ** 2,
    zero: { lambda: new Float64Array(2), gradient: new Float64Array(1) },
    addOutput: (u, _n, seed, a) => {
      a.lambda[0]! += 2 * seed * u[0]!;
      return a;
    },
    adjointStep: (u, n, a) => {
      rk.adjointStep(n * dt, u, parameters, a.lambda, a.gradient);
      return a;
    },
  });
}

/** dJ along (du₀, dp) by the tangent of every step. */
function byTangent(p: number, seeds: Float64Array, du: number[], dp: number): number {
  const [u, parameters, q] = [Float64Array.of(2, 0), Float64Array.of(p), Float64Array.of(dp)];
  const v = Float64Array.from(du);
  let sum = 0;
  for (let n = 0; n <= steps; n++) {
    sum += seeds[n]! * 2 * u[0]! * v[0]!;
    rk.tangentStep(n * dt, u, parameters, v, q);
    rk.step(n * dt, u, parameters);
  }
  return sum;
}

/** The same in dual numbers: no derivative is written by hand. */
function byDualNumbers(p: number, seeds: Float64Array, du: number[], dp: number): number {
  let u = [dual(2, du[0]), dual(0, du[1])] as const;
  let sum = dual(0);
  for (let n = 0; n <= steps; n++) {
    sum = add(sum, times(seeds[n]!, mul(u[0], u[0])));
    u = dualStep(u, dual(p, dp), dt);
  }
  return sum.slope;
}

for (const window of windows.list()) {
  const seeds = windowSeeds(window, steps + 1, { start: 10, dt });

  Deno.test(`${window.name}: adjoint, tangent and dual numbers agree to round-off`, async () => {
    const { adjoint } = await byAdjoint(1, seeds);
    for (const [du, dp] of [[[0, 0], 1], [[1, 0], 0], [[0.3, -0.7], 0.2]] as const) {
      const found = adjoint.gradient[0]! * dp + adjoint.lambda[0]! * du[0]! +
        adjoint.lambda[1]! * du[1]!;
      const exact = byDualNumbers(1, seeds, [...du], dp);
      assertAlmostEquals(found, exact, 1e-12);
      assertAlmostEquals(byTangent(1, seeds, [...du], dp), exact, 1e-12);
    }
  });

  Deno.test(`${window.name}: the adjoint is the derivative of the average, by differences`, async () => {
    const { adjoint, value, outputs } = await byAdjoint(1, seeds);
    assertAlmostEquals(value, windowedMean(outputs, window, { start: 10, dt }), 1e-14);
    const h = 1e-4;
    const at = async (p: number) => (await byAdjoint(p, seeds)).value;
    const [a, b, c, d] = [
      await at(1 - 2 * h),
      await at(1 - h),
      await at(1 + h),
      await at(1 + 2 * h),
    ];
    const difference = (8 * (c - b) - (d - a)) / (12 * h);
    assertLess(Math.abs(adjoint.gradient[0]! / difference - 1), 1e-9);
  });
}

Deno.test("differentiable steps have the order of their tableau", () => {
  const methods = {
    euler: { order: 1, tableau: { a: [[]], b: [1], c: [0] } },
    heun: { order: 2, tableau: { a: [[], [1]], b: [0.5, 0.5], c: [0, 1] } },
    rk4: { order: 4, tableau: rk4Tableau },
  };
  for (const [name, { order, tableau }] of Object.entries(methods)) {
    const p = Float64Array.of(1);
    const solve = (n: number): number => {
      const { step } = differentiableRungeKutta(vanDerPol, tableau, 1 / n);
      const u = Float64Array.of(2, 0);
      for (let i = 0; i < n; i++) step(i / n, u, p);
      return u[0]!;
    };
    const exact = solve(4096);
    const measured = Math.log2((solve(32) - exact) / (solve(64) - exact));
    assertAlmostEquals(measured, order, 0.3, name);
  }
});

Deno.test("a wrong number of seeds is refused", async () => {
  await assertRejects(
    () => byAdjoint(1, new Float64Array(steps)),
    RangeError,
    "Cannot weight the outputs of 2000 steps: expected 2001 seeds, got 2000",
  );
});

Deno.test("a simulation that leaves the finite numbers ends the sweep at the step", async () => {
  let seen = 0;
  const diverging = (seeds: ArrayLike<number>) =>
    weightedOutputAdjoint<Float64Array, number>({
      steps: 9,
      seeds,
      initial: Float64Array.of(1e300),
      keeper: arrayKeeper<Float64Array>(),
      step: (u) => (seen++, u.map((x) => 1e4 * x)),
      output: (u) => u[0]!,
      zero: 0,
      addOutput: (_u, _n, seed, a) => a + seed,
      adjointStep: (_u, _n, a) => 1e4 * a,
    });
  await assertRejects(
    () => diverging(new Float64Array(10).fill(0.1)),
    NonFiniteError,
    "Cannot go past step 3: expected finite numbers in the output, got Infinity",
  );
  assertEquals(seen, 3);
  await assertRejects(
    () => diverging(new Float64Array(10).fill(NaN)),
    NonFiniteError,
    "Cannot weight outputs: expected finite numbers in the seeds",
  );
});
