import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type FlowFigures, flowFigures } from "../../../tasks/flow/mod.ts";
import { CYLINDER, measuredOf, relativeError } from "../../../tasks/flow/reference.ts";

const PERIOD = 137.3;
const wave = (n: number, harmonic: number): number => Math.sin(2 * Math.PI * harmonic * n / PERIOD);
const steps = 1500;
const drag = Float64Array.from({ length: steps }, (_, n) => 3 + 0.1 * wave(n, 2));
const lift = Float64Array.from({ length: steps }, (_, n) => -0.02 + wave(n, 1));

Deno.test("flowFigures() measures period, extremes and means of a wave", () => {
  const figures = flowFigures({ drag, lift }, 300, 40);
  assertAlmostEquals(figures.strouhal, 40 / PERIOD, 1e-4);
  assertEquals(figures.periods, 7);
  assertAlmostEquals(figures.dragMean, 3, 1e-3);
  assertAlmostEquals(figures.dragMax, 3.1, 1e-3);
  assertAlmostEquals(figures.dragMin, 2.9, 1e-3);
  assertAlmostEquals(figures.liftMean, -0.02, 3e-3);
  assertAlmostEquals(figures.liftMax, 0.98, 1e-3);
  assertAlmostEquals(figures.liftMin, -1.02, 1e-3);
});

Deno.test("flowFigures() gives a steady flow no frequency", () => {
  const still = lift.map((v) => 1e-9 * v);
  const figures = flowFigures({ drag: drag.map(() => 5), lift: still }, 300, 40);
  assertEquals([figures.strouhal, figures.periods, figures.dragMean], [0, 0, 5]);
});

Deno.test("flowFigures() takes the pressure half a period after the largest lift", () => {
  // Largest lift at a quarter of a period; the pressure is 2.4 then and 2.6 half a period later.
  const pressure = lift.map((_, n) => 2.5 - 0.1 * wave(n, 1));
  const { pressureDrop } = flowFigures({ drag, lift }, 300, 40, pressure);
  assertAlmostEquals(pressureDrop!, 2.6, 1e-3);
});

Deno.test("flowFigures() takes the mean pressure of a steady flow, and none where nobody looked", () => {
  const still = { drag: drag.map(() => 5), lift: lift.map(() => 0) };
  const pressure = lift.map((_, n) => n < 300 ? 100 : 2.5);
  assertAlmostEquals(flowFigures(still, 300, 40, pressure).pressureDrop!, 2.5, 1e-12);
  assertEquals(flowFigures(still, 300, 40).pressureDrop, undefined);
});

Deno.test("flowFigures() refuses a flow that has grown without limit", () => {
  const broken = drag.map((v, n) => n > 1000 ? NaN : v);
  assertThrows(() => flowFigures({ drag: broken, lift }, 300, 40), Error, "expected finite forces");
});

Deno.test("relativeError() is the distance from the interval", () => {
  const interval = CYLINDER[0]!;
  assertEquals(relativeError(0.3, interval), 0);
  assertAlmostEquals(relativeError(0.295 * 0.9, interval), -0.1, 1e-12);
  assertAlmostEquals(relativeError(0.305 * 1.2, interval), 0.2, 1e-12);
});

Deno.test("measuredOf() leaves out what an old run did not measure", () => {
  const figures = flowFigures({ drag, lift }, 300, 40);
  const titles = (f: FlowFigures): string[] => measuredOf(f).map((m) => m.interval.figure);
  assertEquals(titles(figures), ["strouhal", "dragMax", "dragMean", "liftMax"]);
  assertEquals(titles({ ...figures, pressureDrop: 2.48 }).at(-1), "pressureDrop");
});
