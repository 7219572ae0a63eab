import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NonFiniteError } from "../../../core/checks.ts";
import {
  bumpWindow,
  hannSquareWindow,
  hannWindow,
  squareWindow,
  StreamingMean,
  windowedAverage,
  windowedMean,
  windows,
  windowSeeds,
  windowWeights,
} from "../../../core/windowing/mod.ts";
import { gaussLegendre, integrateOver } from "../../../core/windowing/quadrature.ts";

Deno.test("windowWeights() without normalisation are w(i / (N − 1)) / N", () => {
  const weights = windowWeights(hannWindow, 5, { normalised: false });
  [0, 0.2, 0.4, 0.2, 0].forEach((w, i) => assertAlmostEquals(weights[i]!, w, 1e-15));
  const constant = new Float64Array(8).fill(2);
  assertAlmostEquals(windowedMean(constant, hannWindow, { normalised: false }), 1.75, 1e-14);
});

Deno.test("windowWeights() by the trapezoidal rule halve the ends", () => {
  const close = (a: Float64Array, b: number[]) =>
    a.forEach((x, i) => assertAlmostEquals(x, b[i]!, 1e-15));
  close(windowWeights(squareWindow, 4, { rule: "trapezoid" }), [1 / 6, 1 / 3, 1 / 3, 1 / 6]);
  const plain = { rule: "trapezoid", normalised: false } as const;
  close(windowWeights(squareWindow, 3, plain), [1 / 4, 1 / 2, 1 / 4]);
  assertEquals(windowWeights(hannWindow, 9, { rule: "trapezoid" }), windowWeights(hannWindow, 9));
});

Deno.test("windowWeights() of few samples are equal and sum to one", () => {
  for (const window of windows.list()) {
    assertEquals([...windowWeights(window, 1)], [1]);
    assertEquals([...windowWeights(window, 2)], [0.5, 0.5]);
    const three = windowWeights(window, 3);
    assertAlmostEquals(three.reduce((a, b) => a + b, 0), 1, 1e-15);
  }
  assertThrows(
    () => windowWeights(hannWindow, 0),
    RangeError,
    "Cannot weight samples: expected their number to be an integer ≥ 1, got 0",
  );
});

Deno.test("windowSeeds() are zero before the start", () => {
  const seeds = windowSeeds(squareWindow, 6, { start: 0.2, dt: 0.1 });
  assertEquals([...seeds], [0, 0, 0.25, 0.25, 0.25, 0.25]);
  // 0.3 is three times 0.1 up to round-off only.
  assertEquals(windowSeeds(squareWindow, 6, { start: 0.3, dt: 0.1 }).indexOf(1 / 3), 3);
  assertEquals(windowSeeds(squareWindow, 6, { start: 2.5 }).indexOf(1 / 3), 3);
});

Deno.test("windowSeeds() refuses a window after the last sample", () => {
  assertThrows(
    () => windowSeeds(hannWindow, 5, { start: 5 }),
    RangeError,
    "Cannot average 5 samples from sample 5 on: let the window begin before the last sample",
  );
  assertThrows(
    () => windowSeeds(hannWindow, 5, { dt: 0 }),
    RangeError,
    "Cannot place a window: expected dt to be a number > 0, got 0",
  );
});

Deno.test("windowedMean() takes no notice of what was before the start, not even of NaN", () => {
  assertEquals(windowedMean([NaN, NaN, 1, 3], squareWindow, { start: 2 }), 2);
});

Deno.test("the mean of samples tends to the average over time", () => {
  const g = (t: number) => 2 + Math.sin(t) + Math.exp(-t / 4);
  for (const window of windows.list()) {
    const exact = windowedAverage(g, window, { start: 1, length: 7 });
    const dt = 1 / 400;
    const samples = Array.from({ length: 8 * 400 + 1 }, (_, i) => g(i * dt));
    const mean = windowedMean(samples, window, { start: 1, dt, rule: "trapezoid" });
    assertAlmostEquals(mean, exact, 1e-6);
  }
  assertThrows(
    () => windowedAverage(g, hannWindow, { length: 0 }),
    RangeError,
    "Cannot average over time: expected length to be a number > 0, got 0",
  );
});

Deno.test("StreamingMean is windowedMean() for any series, window and horizon", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 60 }),
    fc.constantFrom(...windows.list()),
    fc.nat(5),
    fc.boolean(),
    fc.constantFrom("sum" as const, "trapezoid" as const),
    (series, window, skip, normalised, rule) => {
      const o = { horizon: series.length, normalised, rule };
      const running = new StreamingMean(window, { ...o, skip });
      for (let i = 0; i < skip; i++) running.add(1e9);
      for (const [i, g] of series.entries()) {
        assertEquals([running.done, running.mean], [false, undefined], `${i}`);
        running.add(g);
      }
      running.add(-1e9); // after the horizon nothing counts
      assertAlmostEquals(running.mean!, windowedMean(series, window, { normalised, rule }), 1e-10);
    },
  ));
});

Deno.test("StreamingMean loses nothing to rounding over a million samples", () => {
  const horizon = 1_000_001;
  const running = new StreamingMean(squareWindow, { horizon });
  for (let i = 0; i < horizon; i++) running.add(0.1);
  assertEquals(running.mean, 0.1);
});

Deno.test("StreamingMean averages several outputs, and goes on from its state", () => {
  const options = { horizon: 9, outputs: 2, skip: 2 };
  const whole = new StreamingMean(hannSquareWindow, options);
  let parts = new StreamingMean(hannSquareWindow, options);
  for (let i = 0; i < 11; i++) {
    whole.add(Math.sin(i), i * i);
    parts.add(Math.sin(i), i * i);
    parts = new StreamingMean(hannSquareWindow, options, JSON.parse(JSON.stringify(parts.state())));
  }
  assertEquals(parts.means, whole.means);
  const squares = Array.from({ length: 11 }, (_, i) => i * i);
  const expected = windowedMean(squares, hannSquareWindow, { start: 2 });
  assertAlmostEquals(whole.means![1]!, expected, 1e-12);
  assertThrows(
    () => whole.add(1),
    RangeError,
    "Cannot add a sample: expected 2 outputs, got 1",
  );
  assertThrows(() => new StreamingMean(bumpWindow, { horizon: 0 }), RangeError, "got 0");
});

Deno.test("gaussLegendre() is exact for polynomials of degree 2n − 1 and not of 2n", () => {
  for (const n of [1, 2, 5, 12]) {
    const { nodes, weights } = gaussLegendre(n);
    const moment = (k: number) => weights.reduce((sum, w, i) => sum + w * nodes[i]! ** k, 0);
    for (let k = 0; k < 2 * n; k++) assertAlmostEquals(moment(k), k % 2 ? 0 : 2 / (k + 1), 1e-14);
    if (n < 12) assertEquals(Math.abs(moment(2 * n) - 2 / (2 * n + 1)) > 1e-6, true);
  }
  assertAlmostEquals(integrateOver(Math.exp, -1, 2), Math.exp(2) - Math.exp(-1), 1e-14);
});

Deno.test("averages refuse samples and weights that are not finite, and counts that are none", () => {
  const series = [1, 2, NaN, 4, 5];
  assertThrows(
    () => windowedMean(series, hannWindow),
    NonFiniteError,
    "Cannot average a series: expected finite numbers in it, got NaN at position 2",
  );
  const running = new StreamingMean(hannWindow, { horizon: 4 });
  assertThrows(
    () => running.add(Infinity),
    NonFiniteError,
    "Cannot average sample 0: expected finite numbers in its outputs, got Infinity",
  );
  const own = { ...hannWindow, name: "own", weight: () => NaN };
  assertThrows(
    () => windowWeights(own, 5),
    RangeError,
    'Cannot weight samples by window "own": expected a weight to be a number ≥ 0, got NaN',
  );
  assertThrows(
    () => new StreamingMean(hannWindow, { horizon: 4, skip: NaN }),
    RangeError,
    "Cannot average: expected skip to be an integer ≥ 0, got NaN",
  );
  assertThrows(() => gaussLegendre(2.5), RangeError, "expected the number of nodes");
  assertThrows(() => integrateOver((x) => x, 0, 1, 0), RangeError, "expected panels");
  assertThrows(
    () => windowedAverage((t) => t, hannWindow, { length: 1, start: NaN }),
    RangeError,
    "expected start to be a finite number, got NaN",
  );
});
