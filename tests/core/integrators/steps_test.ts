import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { runStep, takeSteps } from "../../../core/integrators/steps.ts";
import { rk4 } from "../../../core/integrators/mod.ts";

/** A step that only adds its length. */
const add = (y: number, _t: number, dt: number) => Promise.resolve({ y: y + dt });

Deno.test("takeSteps() goes from t0 to t1 in equal steps and tells of each", async () => {
  const times: number[] = [];
  const starts: number[] = [];
  const course = { t0: 0.5, t1: 2, steps: 3, stepper: rk4, onStep: (t: number) => times.push(t) };
  const end = await takeSteps(course, 10, (y, t, dt) => (starts.push(t), add(y, t, dt)));
  assertAlmostEquals(end, 11.5);
  assertEquals(starts, [0.5, 1, 1.5]);
  assertEquals(times, [1, 1.5, 2]);
});

Deno.test("takeSteps() refuses a number of steps that is none", async () => {
  for (const steps of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => takeSteps<number, { y: number }>({ t1: 1, steps, stepper: rk4 }, 0, add),
      RangeError,
      `Cannot integrate: expected steps to be an integer ≥ 1, got ${steps}`,
    );
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
