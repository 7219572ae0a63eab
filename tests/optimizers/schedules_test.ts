import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  constant,
  cosine,
  rateAt,
  type Schedule,
  schedules,
  type ScheduleSettings,
  stepDecay,
} from "../../optimizers/mod.ts";

Deno.test("constant keeps the base rate", () => {
  for (const step of [0, 1, 99, 100, 1000]) {
    assertEquals(rateAt(0.3, constant, step, { totalSteps: 100 }), 0.3);
  }
});

Deno.test("step drops exactly at its intervals", () => {
  const often = stepDecay.tuned({ dropEvery: 10, dropFactor: 0.5 });
  const factors = [0, 9, 10, 19, 20, 30].map((n) => often.factor(n, { totalSteps: 100 }));
  assertEquals(factors, [1, 1, 0.5, 0.5, 0.25, 0.125]);
});

Deno.test("step drops twice in a run unless told otherwise", () => {
  const factors = Array.from({ length: 90 }, (_, n) => stepDecay.factor(n, { totalSteps: 90 }));
  assertEquals([...new Set(factors.map((f) => Number(f.toPrecision(6))))], [1, 0.1, 0.01]);
  assertEquals(factors.indexOf(0.1), 30);
});

Deno.test("cosine begins at the base rate, halves midway and ends at its end", () => {
  const settings = { totalSteps: 200 };
  assertEquals(cosine.factor(0, settings), 1);
  assertAlmostEquals(cosine.factor(100, settings), 0.5, 1e-15);
  assertEquals(cosine.factor(200, settings), 0);
  assertEquals(cosine.factor(250, settings), 0);
  const raised = cosine.tuned({ finalFactor: 0.2 });
  assertAlmostEquals(raised.factor(200, settings), 0.2, 1e-15);
  assertAlmostEquals(raised.factor(100, settings), 0.6, 1e-15);
});

for (const schedule of schedules.list()) {
  Deno.test(`${schedule.name} never rises, and is positive within the run`, () => {
    const factors = Array.from({ length: 50 }, (_, n) => schedule.factor(n, { totalSteps: 50 }));
    assertEquals(factors[0], 1);
    assert(factors.every((f, n) => f > 0 && f <= (factors[n - 1] ?? 1)), `${factors}`);
  });

  Deno.test(`${schedule.name} begins after the warm-up and ends with the run`, () => {
    const settings = { totalSteps: 60, warmupSteps: 10 };
    for (const step of [10, 11, 35, 59]) {
      const wanted = 0.2 * schedule.factor(step - 10, { ...settings, totalSteps: 50 });
      assertAlmostEquals(rateAt(0.2, schedule, step, settings), wanted, 1e-16);
    }
  });
}

Deno.test("rateAt() warms up linearly and reaches the base rate at the last warm-up step", () => {
  const settings = { totalSteps: 20, warmupSteps: 5 };
  const rates = [0, 1, 2, 3, 4, 5].map((n) => rateAt(1, cosine, n, settings));
  assertEquals(rates, [0.2, 0.4, 0.6, 0.8, 1, 1]);
});

Deno.test("rateAt() can warm up during the whole run", () => {
  const settings = { totalSteps: 4, warmupSteps: 4 };
  assertEquals([0, 3].map((n) => rateAt(1, cosine, n, settings)), [0.25, 1]);
});

const REFUSED: readonly [base: number, settings: ScheduleSettings, message: string][] = [
  [0, { totalSteps: 5 }, "Cannot train: expected the rate to be a number > 0, got 0"],
  [-1, { totalSteps: 5 }, "Cannot train: expected the rate to be a number > 0, got -1"],
  [NaN, { totalSteps: 5 }, "Cannot train: expected the rate to be a number > 0, got NaN"],
  [
    1,
    { totalSteps: 5, warmupSteps: 6 },
    "Cannot train: expected warmupSteps to be an integer ≥ 0 and ≤ 5, got 6",
  ],
  [
    1,
    { totalSteps: 5, warmupSteps: -1 },
    "Cannot train: expected warmupSteps to be an integer ≥ 0 and ≤ 5, got -1",
  ],
];

for (const [base, settings, message] of REFUSED) {
  Deno.test(`rateAt() refuses: ${message}`, () => {
    const error = assertThrows(() => rateAt(base, constant, 0, settings), RangeError);
    assertEquals(error.message, message);
  });
}

Deno.test("rateAt() refuses settings of a schedule that make no sense, and what a schedule returns", () => {
  const refuse = (schedule: Schedule, settings: Partial<ScheduleSettings>, message: string) =>
    assertThrows(
      () => rateAt(1, schedule, 2, { totalSteps: 9, ...settings }),
      RangeError,
      message,
    );
  const refuseSettings = (make: () => Schedule, message: string) =>
    assertThrows(make, RangeError, message);
  refuseSettings(
    () => stepDecay.tuned({ dropEvery: 1.5 }),
    'Cannot set "dropEvery" of schedule "step": expected a whole number ≥ 0, got 1.5',
  );
  refuseSettings(() => stepDecay.tuned({ dropFactor: NaN }), "expected a number ≥ 0, got NaN");
  refuseSettings(() => cosine.tuned({ finalFactor: -1 }), "expected a number ≥ 0, got -1");
  refuse(cosine, { totalSteps: 2.5 }, "expected totalSteps to be an integer ≥ 1, got 2.5");
  for (const value of [NaN, -1, Infinity]) {
    const own: Schedule = { name: "own", description: "", factor: () => value };
    refuse(
      own,
      {},
      `Cannot train: expected the factor of schedule "own" to be a number ≥ 0, got ${value}`,
    );
  }
  assertThrows(() => rateAt(1, cosine, 0.5, { totalSteps: 9 }), RangeError, "expected the step");
});
