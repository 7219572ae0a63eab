import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { type Matrix, matrixOf } from "../../../../core/algebra/mod.ts";
import { NonFiniteError } from "../../../../core/checks.ts";
import { denseField, type LowRank } from "../../../../core/geometry/mod.ts";
import {
  type AdaptiveOptions,
  augmentedBug,
  bug,
  euler,
  heun,
  integrate,
  integrateAdaptive,
  integrators,
  midpointBug,
  relativeFrobenius,
  rk4,
  secondOrderParallelBug,
  type Stepper,
} from "../../../../core/integrators/mod.ts";
import { Random } from "../../../../core/random.ts";
import {
  dense,
  expm,
  host,
  minus,
  plus,
  randomLowRank,
  relativeError,
  skew,
  sylvesterField,
  times,
} from "../../../support/matrices.ts";

const N = 20;

async function rotation(): Promise<{
  rhs: ReturnType<typeof sylvesterField>;
  y0: LowRank<Matrix>;
  at: (t: number) => Matrix;
}> {
  const random = new Random(1);
  const [w1, w2] = [skew(random, N), skew(random, N)];
  const y0 = await randomLowRank(random, N, N, [3, 1, 0.1]);
  const at = (t: number) => {
    const right = expm(host.scale(t, w2));
    const left = times(expm(host.scale(t, w1)), dense(y0));
    return host.scale(Math.exp(t), host.multiply(left, right, { transposeRight: true }));
  };
  return { rhs: sylvesterField(w1, w2, 1), y0, at };
}

for (const item of integrators.list()) {
  Deno.test(`integrateAdaptive() follows its tolerance with ${item.name}`, async () => {
    const { rhs, y0, at } = await rotation();
    const counts: number[] = [];
    for (const tolerance of [1e-3, 1e-4]) {
      const { y, accepted, limited } = await integrateAdaptive(host, item, rhs, y0, {
        t1: 0.5,
        tolerance,
        stepper: rk4,
        truncation: { rule: relativeFrobenius, tolerance: 1e-9, maxRank: 3 },
      });
      counts.push(accepted);
      assertEquals(limited, 0);
      // Errors of the steps add up; parallel bases cost a constant.
      assertLess(relativeError(dense(y), at(0.5)), 3 * tolerance * accepted, `${accepted} steps`);
    }
    assert(counts[1]! >= counts[0]!, `${counts}`);
  });
}

Deno.test("integrateAdaptive() takes short steps where the solution is fast", async () => {
  const { y0 } = await rotation();
  // Y' = c(t) Y with a pulse of width 0.01 at t = 0.5.
  const pulse = (t: number) => 100 * Math.exp(-(((t - 0.5) / 0.01) ** 2));
  const rhs = (t: number, y: LowRank<Matrix>) => denseField(host, host.scale(pulse(t), dense(y)));
  const times: number[] = [];
  const { y, rejected } = await integrateAdaptive(host, augmentedBug, rhs, y0, {
    t1: 1,
    tolerance: 1e-6,
    stepper: rk4,
    maxStep: 0.1,
    onStep: (t) => times.push(t),
  });
  const steps = times.map((t, i) => t - (times[i - 1] ?? 0));
  const near = steps.filter((_, i) => Math.abs(times[i]! - 0.5) < 0.02);
  assertGreater(Math.max(...steps) / Math.min(...near), 10);
  assertGreater(rejected, 0);
  assertEquals(times.at(-1), 1);
  const growth = Math.exp(Math.sqrt(Math.PI)); // ∫ pulse = √π
  assertLess(relativeError(dense(y), host.scale(growth, dense(y0))), 1e-4);
});

for (const item of [augmentedBug, secondOrderParallelBug, midpointBug]) {
  Deno.test(`integrateAdaptive() enlarges the bases of ${item.name} where ranks run out`, async () => {
    const random = new Random(2);
    const y0 = await randomLowRank(random, N, N, [1]);
    const force = dense(await randomLowRank(random, N, N, [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]));
    const rhs = () => denseField(host, force);
    const { y, enlarged } = await integrateAdaptive(host, item, rhs, y0, {
      t1: 1,
      tolerance: 1e-4,
      stepper: heun,
      firstStep: 0.5,
      truncation: { rule: relativeFrobenius, tolerance: 1e-8 },
    });
    assertGreater(enlarged, 0);
    assertEquals(y.u.cols, 9);
    assertLess(relativeError(dense(y), plus(dense(y0), force)), 1e-3);
  });
}

for (const item of integrators.list()) {
  const outcome = item.adaptive ? "lets ranks follow" : "says that the rank limits";
  Deno.test(`integrateAdaptive() ${outcome} ${item.name} where F leaves the manifold`, async () => {
    const random = new Random(2);
    const y0 = await randomLowRank(random, N, N, [1, 0.5, 0.2, 0.1]);
    const goal = dense(await randomLowRank(random, N, N, [1e-2, 9e-3, 8e-3, 7e-3]));
    const rhs = (_t: number, y: LowRank<Matrix>) => denseField(host, minus(goal, dense(y)));
    const tolerance = 1e-5;
    const options = { t1: 1, tolerance, stepper: rk4 };
    const end = await integrateAdaptive(host, item, rhs, y0, options);
    const exact = plus(host.scale(Math.exp(-1), dense(y0)), host.scale(1 - Math.exp(-1), goal));
    const error = relativeError(dense(end.y), exact);
    if (item.adaptive) {
      assertEquals([end.y.u.cols, end.limited], [8, 0]);
      assertLess(error, tolerance * end.accepted);
      assertLess(end.leftOut, tolerance * end.accepted);
    } else {
      assertEquals([end.y.u.cols, end.limited], [4, end.accepted]);
      assertAlmostEquals(end.leftOut / error, 1, 0.5);
      assertGreater(error, 1e3 * tolerance);
    }
  });
}

Deno.test("integrateAdaptive() finds motion that touches neither basis", async () => {
  const column = (i: number) => matrixOf(N, 1, (row) => row === i ? 1 : 0);
  const y0 = { u: column(0), s: matrixOf(1, 1, () => 1), v: column(0) };
  // F V = 0 and Fᵀ U = 0 at the start: no K- or L-flow moves.
  const force = matrixOf(N, N, (i, j) => i === 3 && j === 5 ? 1 : 0);
  const { y } = await integrateAdaptive(host, augmentedBug, () => denseField(host, force), y0, {
    t1: 1,
    tolerance: 1e-6,
    stepper: rk4,
  });
  assertLess(relativeError(dense(y), plus(dense(y0), force)), 1e-12);
});

Deno.test("integrateAdaptive() lets ranks rise to maxRank and no further", async () => {
  const random = new Random(3);
  const y0 = await randomLowRank(random, N, N, [1]);
  const goal = dense(await randomLowRank(random, N, N, [4, 3, 2, 1]));
  const rhs = (_t: number, y: LowRank<Matrix>) => denseField(host, minus(goal, dense(y)));
  const ranks: number[] = [];
  const { limited } = await integrateAdaptive(host, augmentedBug, rhs, y0, {
    t1: 1,
    tolerance: 1e-3,
    stepper: heun,
    truncation: { rule: relativeFrobenius, tolerance: 1e-8, maxRank: 3 },
    onStep: (_t, { y }) => ranks.push(y.u.cols),
  });
  assertEquals(ranks.at(-1), 3);
  assertEquals(Math.max(...ranks), 3);
  assertGreater(limited, 0);
});

Deno.test("integrateAdaptive() refuses what it cannot control", async () => {
  const { rhs, y0 } = await rotation();
  await assertRejects(
    () => integrateAdaptive(host, bug, rhs, y0, { t1: 1, tolerance: 0, stepper: euler }),
    RangeError,
    "Cannot integrate: expected tolerance to be a number > 0, got 0",
  );
  const rule: Stepper = { ...euler, name: "rule", order: 0 };
  await assertRejects(
    () => integrateAdaptive(host, bug, rhs, y0, { t1: 1, tolerance: 1e-3, stepper: rule }),
    RangeError,
    'Cannot control the error: a stepper of order >= 1 is needed, "rule" has 0',
  );
});

for (const item of [bug, augmentedBug]) {
  Deno.test(`integrateAdaptive() ends with an error where F ends, with ${item.name}`, async () => {
    const { y0 } = await rotation();
    const rhs = (t: number, y: LowRank<Matrix>) =>
      denseField(host, host.scale(t < 0.5 ? 1 : NaN, dense(y)));
    await assertRejects(
      () => integrateAdaptive(host, item, rhs, y0, { t1: 1, tolerance: 1e-3, stepper: rk4 }),
      Error,
      "Cannot integrate past t = 0.",
    );
  });
}

Deno.test("integrateAdaptive() follows a flow backwards to where it came from", async () => {
  const { rhs, y0, at } = await rotation();
  const options = {
    tolerance: 1e-6,
    stepper: rk4,
    truncation: { rule: relativeFrobenius, tolerance: 1e-10, maxRank: 3 },
  };
  const there = await integrateAdaptive(host, augmentedBug, rhs, y0, { ...options, t1: 0.5 });
  const times: number[] = [];
  const onStep = (t: number) => times.push(t);
  const span = { t0: 0.5, t1: 0, onStep };
  const back = await integrateAdaptive(host, augmentedBug, rhs, there.y, { ...options, ...span });
  assertLess(relativeError(dense(back.y), at(0)), 1e-4);
  assertEquals(back.accepted, times.length);
  assertEquals(times.at(-1), 0);
  assert(times.every((t, i) => t < (times[i - 1] ?? 0.5)), `${times}`);
});

Deno.test("integrateAdaptive() refuses times and lengths of steps that are none", async () => {
  const { rhs, y0 } = await rotation();
  const refused: [Partial<AdaptiveOptions<Matrix>>, string][] = [
    [{ t1: NaN }, "Cannot integrate: expected t1 to be a finite number, got NaN"],
    [{ t1: Infinity }, "expected t1 to be a finite number, got Infinity"],
    [{ t0: NaN }, "expected t0 to be a finite number, got NaN"],
    [{ tolerance: NaN }, "expected tolerance to be a number > 0, got NaN"],
    [{ firstStep: -0.1 }, "expected firstStep to be a number ≥ 1e-8 and > 0, got -0.1"],
    [{ maxStep: NaN }, "expected maxStep to be a number"],
    [{ minStep: 0 }, "expected minStep to be a number > 0, got 0"],
    [{ minStep: 0.1, maxStep: 0.01 }, "expected maxStep to be a number ≥ 0.1 and > 0, got 0.01"],
    [
      { truncation: { rule: relativeFrobenius, tolerance: 0, minRank: 3, maxRank: 2 } },
      "expected minRank to be at most maxRank",
    ],
  ];
  for (const [options, message] of refused) {
    const all = { t1: 1, tolerance: 1e-3, stepper: euler, ...options };
    await assertRejects(() => integrateAdaptive(host, bug, rhs, y0, all), RangeError, message);
  }
});

Deno.test("integrateAdaptive() ends where time is too coarse for short steps, and at once on no span", async () => {
  const { y0 } = await rotation();
  // At 1e12 the next number is 1e-4 away: shorter steps would leave time where it is.
  const fast = (_t: number, y: LowRank<Matrix>) => denseField(host, host.scale(1e9, dense(y)));
  await assertRejects(
    () =>
      integrateAdaptive(host, bug, fast, y0, {
        ...{ t0: 1e12, t1: 1e12 + 1, tolerance: 1e-12, stepper: euler },
      }),
    Error,
    "the step size must stay above",
  );
  const none = { t0: 2, t1: 2, tolerance: 1e-3, stepper: rk4 };
  assertEquals((await integrateAdaptive(host, bug, fast, y0, none)).accepted, 0);
});

Deno.test("integrateAdaptive() stays at zero, and starts where F begins at zero", async () => {
  const { y0 } = await rotation();
  const zero = { ...y0, s: host.scale(0, y0.s) };
  const decay = (_t: number, y: LowRank<Matrix>) => denseField(host, host.scale(-1, dense(y)));
  const options = { t1: 1, tolerance: 1e-3, stepper: rk4 };
  const { y } = await integrateAdaptive(host, augmentedBug, decay, zero, options);
  assertEquals(await host.norm(y.s), 0);
  const force = dense(await randomLowRank(new Random(4), N, N, [1, 0.9, 0.8, 0.7, 0.6, 0.5]));
  const growing = (t: number) => denseField(host, host.scale(t, force));
  const start = await randomLowRank(new Random(5), N, N, [1]);
  const end = await integrateAdaptive(host, augmentedBug, growing, start, options);
  assertLess(relativeError(dense(end.y), plus(dense(start), host.scale(0.5, force))), 1e-2);
});

Deno.test("integrate() refuses times that are none and results that are not finite", async () => {
  const { rhs, y0 } = await rotation();
  for (const t1 of [NaN, Infinity]) {
    await assertRejects(
      () => integrate(host, bug, rhs, y0, { t1, steps: 2, stepper: euler }),
      RangeError,
      `Cannot integrate: expected t1 to be a finite number, got ${t1}`,
    );
  }
  const blowUp = (_t: number, y: LowRank<Matrix>) => denseField(host, host.scale(1e200, dense(y)));
  for (const item of integrators.list()) {
    await assertRejects(
      () => integrate(host, item, blowUp, y0, { t1: 1, steps: 4, stepper: euler }),
      NonFiniteError,
      "Cannot ",
    );
  }
});
