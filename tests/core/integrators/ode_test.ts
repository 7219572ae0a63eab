import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { runStep } from "../../../core/integrators/ode.ts";
import {
  augmentedBug,
  augmentedTuckerBug,
  bug,
  denseField,
  denseTensorField,
  integrate,
  Random,
  rk4,
  tuckerBug,
  tuckerToDense,
} from "../../../core/mod.ts";
import { dense, host, randomLowRank, relativeError } from "../../support/matrices.ts";
import { randomTucker } from "../../support/tensors.ts";

Deno.test("integrate() goes from t0 to t1 in equal steps and tells of each", async () => {
  const times: number[] = [];
  const asked: number[] = [];
  const y0 = await randomLowRank(new Random(1), 5, 4, [2, 1]);
  const rhs = (t: number) => {
    asked.push(t);
    return denseField(host, host.zeros(5, 4));
  };
  const course = { t0: 0.5, t1: 2, steps: 3, stepper: rk4, onStep: (t: number) => times.push(t) };
  await integrate(host, augmentedBug, rhs, y0, course);
  assertEquals(times, [1, 1.5, 2]);
  assertAlmostEquals(Math.min(...asked), 0.5);
  assertAlmostEquals(Math.max(...asked), 2);
});

Deno.test("integrate() refuses a number of steps that is none", async () => {
  const y0 = await randomLowRank(new Random(1), 5, 4, [2, 1]);
  const rhs = () => denseField(host, host.zeros(5, 4));
  for (const steps of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => integrate(host, bug, rhs, y0, { t1: 1, steps, stepper: rk4 }),
      RangeError,
      `Cannot integrate: expected steps to be an integer ≥ 1, got ${steps}`,
    );
  }
});

Deno.test("integrate() keeps the ranks of matrices and tensors where no truncation is given", async () => {
  const random = new Random(2);
  // F = Y: what does not change the ranks, and a rank that is there only by its bases.
  const y0 = await randomLowRank(random, 8, 7, [2, 1, 0]);
  const course = { t1: 1, steps: 4, stepper: rk4 };
  for (const item of [bug, augmentedBug]) {
    const y = await integrate(host, item, (_t, y) => denseField(host, dense(y)), y0, course);
    assertEquals(y.u.cols, 3, item.name);
    assertAlmostEquals(relativeError(dense(y), host.scale(Math.E, dense(y0))), 0, 1e-4);
  }
  const x0 = await randomTucker(random, [5, 4, 6], [2, 2, 2]);
  for (const item of [tuckerBug, augmentedTuckerBug]) {
    const rhs = (_t: number, x: typeof x0) => denseTensorField(host, tuckerToDense(host, x));
    const x = await integrate(host, item, rhs, x0, course);
    assertEquals(x.core.shape, [2, 2, 2], item.name);
    const [end, start] = [x, x0].map((z) => tuckerToDense(host, z).data);
    assertAlmostEquals(relativeError(end!, host.scale(Math.E, start!)), 0, 1e-4);
  }
});

Deno.test("runStep() answers each question at its time and returns the result", async () => {
  async function* step(): AsyncGenerator<{ time: number }, string, number> {
    const first = yield { time: 0 };
    const second = yield { time: 0.25 };
    return await Promise.resolve(`${first}, ${second}`);
  }
  assertEquals(await runStep(step(), 2, (t) => 10 * t), "20, 22.5");
});
