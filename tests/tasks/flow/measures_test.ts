import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { flowFigures } from "../../../tasks/flow/mod.ts";
import { CYLINDER, relativeError } from "../../../tasks/flow/reference.ts";

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
