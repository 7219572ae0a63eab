import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type Advanced,
  denseField,
  type Matrix,
  movesFactors,
  type OptimizerRule,
  optimizerStepper,
  type OptimizerStepperOptions,
  requireTransport,
  type RuleState,
  type SubFlow,
} from "../../../core/mod.ts";
import { adam, galore, heavyBall, type Moments, muon, sgd } from "../../../optimizers/mod.ts";
import { host } from "../../support/matrices.ts";

/** A core that moves in the field F(S) = −S by itself: bases of one row and column. */
function flow(start: number, extra: Partial<SubFlow<Matrix>> = {}): SubFlow<Matrix> {
  const one = host.identity(1);
  return {
    slot: "s",
    start: () => host.diagonal([start]),
    point: (s) => ({ u: one, s, v: one }),
    project: (f) => f.galerkin(one, one),
    ...extra,
  };
}

/** Answers every question with F = −(the point) and counts them. */
async function advanced(
  rule: ReturnType<typeof sgd.create>,
  f: SubFlow<Matrix>,
  options: OptimizerStepperOptions,
  moments?: RuleState<Matrix>,
): Promise<Advanced<Matrix> & { asked: number }> {
  const generator = optimizerStepper(rule, options).advance(host, f, 0.5, moments);
  let asked = 0;
  let state = await generator.next();
  while (!state.done) {
    asked++;
    state = await generator.next(denseField(host, host.scale(-1, state.value.s)));
  }
  return { ...state.value, asked };
}

Deno.test("optimizerStepper() takes one update, or as many of the core as it is told", async () => {
  for (const [coreSteps, value] of [[1, 2], [2, 1], [3, 0.5]] as const) {
    const got = await advanced(sgd.create(), flow(4), { coreSteps });
    assertEquals([got.value.data[0], got.asked], [value, coreSteps]);
  }
  const k = await advanced(sgd.create(), flow(4, { slot: "k" }), { coreSteps: 3 });
  assertEquals([k.value.data[0], k.asked], [2, 1], "bases take one update");
});

Deno.test("optimizerStepper() uses the field it is given for the first update alone", async () => {
  const known = denseField(host, host.diagonal([-4]));
  const once = await advanced(sgd.create(), flow(4, { known }), {});
  assertEquals([once.value.data[0], once.asked], [2, 0]);
  const twice = await advanced(sgd.create(), flow(4, { known }), { coreSteps: 2 });
  assertEquals([twice.value.data[0], twice.asked], [1, 1]);
});

Deno.test("optimizerStepper() hands moments in and out", async () => {
  const rule = heavyBall.create({ momentum: 0.5 });
  const first = await advanced(rule, flow(4), {});
  const { count, first: velocity } = first.moments as Moments<Matrix>;
  assertEquals([count, velocity!.data[0]], [1, -4]);
  const second = await advanced(rule, flow(2), {}, first.moments);
  // m = 0.5 (−4) − 2 = −4, S = 2 + 0.5 (−4).
  assertEquals([second.value.data[0], second.moments!.count], [0, 2]);
  assertEquals((await advanced(sgd.create(), flow(4), {})).moments, undefined);
});

Deno.test("optimizerStepper() augments along the momentum, or along the gradient", async () => {
  const rule = heavyBall.create({ momentum: 0.5 });
  const moments = { count: 1, first: host.diagonal([6]) };
  const along = async (options: OptimizerStepperOptions) =>
    (await advanced(rule, flow(4, { spanOnly: true }), options, moments)).value.data[0];
  assertEquals(await along({}), 0.5 * 6 - 4);
  assertEquals(await along({ bases: "momentum" }), 0.5 * 6 - 4);
  assertEquals(await along({ bases: "gradient" }), -4);
  const span = await advanced(adam.create(), flow(4, { spanOnly: true }), {});
  assertEquals([span.moments, span.asked], [undefined, 1]);
  const known = denseField(host, host.diagonal([7]));
  const own = await advanced(rule, flow(4, { spanOnly: true, known }), { bases: "gradient" });
  assertEquals([own.value.data[0], own.asked], [7, 0]);
});

for (const coreSteps of [0, -1, 1.5, NaN]) {
  Deno.test(`optimizerStepper() refuses ${coreSteps} core steps`, () => {
    const error = assertThrows(() => optimizerStepper(sgd.create(), { coreSteps }), RangeError);
    assertEquals(
      error.message,
      `Cannot make a stepper: expected coreSteps to be an integer ≥ 1, got ${coreSteps}`,
    );
  });
}

Deno.test("optimizerStepper() is named after its rule", () => {
  const { name, order } = optimizerStepper(adam.create());
  assertStrictEquals(name, "optimizer-adam");
  assertEquals(order, 0);
});

Deno.test("optimizerStepper() lets factors decay as the rule does, or as it is told", async () => {
  const rule = sgd.create({ weightDecay: 0.5 });
  const known = denseField(host, host.diagonal([0]));
  const decayed = async (options: OptimizerStepperOptions) =>
    (await advanced(rule, flow(4, { known }), options)).value.data[0];
  assertEquals(await decayed({}), 4 * (1 - 0.5 * 0.5));
  assertEquals(await decayed({ decay: 0.25 }), 4 * (1 - 0.5 * 0.25));
  assertEquals(await decayed({ decay: 0 }), 4);
});

Deno.test("optimizerStepper() refuses to move factors by a rule without transport", async () => {
  const rule = galore.create();
  assertEquals([movesFactors(rule), movesFactors(muon.create())], [false, true]);
  const message = "optimizer " +
    '"galore": expected one that carries its state into other bases, got one that cannot; choose ' +
    "another optimizer or dense weights";
  const error = await assertRejects(() => advanced(rule, flow(4), {}), RangeError);
  assertEquals(error.message, `Cannot move the factors by ${message}`);
  const named = assertThrows(() => requireTransport(rule, "dense1.weight"), RangeError);
  assertEquals(named.message, `Cannot move the factors of "dense1.weight" by ${message}`);
});

Deno.test("optimizerStepper() waits for rules that take their time", async () => {
  const rule = heavyBall.create({ momentum: 0.5 });
  const later: OptimizerRule = {
    ...rule,
    direction: async (...args) => (await pause(), rule.direction!(...args)),
    update: async (...args) => (await pause(), rule.update(...args)),
  };
  const pause = () => new Promise((done) => setTimeout(done, 1));
  const moments = { count: 1, first: host.diagonal([6]) };
  for (const extra of [{}, { spanOnly: true }]) {
    assertEquals(
      await advanced(later, flow(4, extra), { coreSteps: 2 }, moments),
      await advanced(rule, flow(4, extra), { coreSteps: 2 }, moments),
    );
  }
});
