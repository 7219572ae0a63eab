/** Every window is one, and has the order that it claims. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  defineWindow,
  type TimeWindow,
  windowedAverage,
  windowedMean,
  windows,
  windowWeights,
} from "../../../core/windowing/mod.ts";
import { gaussLegendre } from "../../../core/windowing/quadrature.ts";

/** w(0.1), w(0.25) and w(0.5), and whether w vanishes at the ends. */
const TABLE: Record<string, { values: number[]; vanishes: boolean }> = {
  square: { values: [1, 1, 1], vanishes: false },
  hann: { values: [0.19098300562505, 1, 2], vanishes: true },
  "hann-square": { values: [0.02431633895839, 2 / 3, 8 / 3], vanishes: true },
  bump: { values: [0.00212598002, 0.68677770086, 2.60540651452], vanishes: true },
};

/** Largest error of averages of e^{iωt} over lengths in [x, x + 1] periods. */
function harmonicError(window: TimeWindow, x: number): number {
  const lengths = Array.from({ length: 24 }, (_, i) => x + i / 24);
  return Math.max(...lengths.map((length) => {
    const part = (g: (t: number) => number) =>
      windowedAverage((t) => g(2 * Math.PI * t), window, { length, panels: 2 * Math.ceil(length) });
    return Math.hypot(part(Math.cos), part(Math.sin));
  }));
}

Deno.test("the table has a row for every window", () => {
  assertEquals(Object.keys(TABLE), windows.names());
});

for (const window of windows.list()) {
  const { name } = window;
  const { values, vanishes } = TABLE[name]!;
  const at = (tau: number) => window.weight(tau);

  Deno.test(`${name} has unit integral`, () => {
    const { nodes, weights } = gaussLegendre(200);
    const integral = weights.reduce((sum, w, i) => sum + w / 2 * at((nodes[i]! + 1) / 2), 0);
    assertAlmostEquals(integral, 1, name === "bump" ? 1e-10 : 1e-12);
  });

  Deno.test(`${name} has the values of its formula`, () => {
    [0.1, 0.25, 0.5].forEach((tau, i) => assertAlmostEquals(at(tau), values[i]!, 1e-11));
  });

  Deno.test(`${name} is symmetric, nowhere negative and zero outside`, () => {
    for (let i = 0; i <= 1000; i++) {
      const tau = i / 1000;
      assert(at(tau) >= 0);
      assertAlmostEquals(at(tau), at(1 - tau), 1e-13);
    }
    assertEquals([at(-1e-9), at(1 + 1e-9)], [0, 0]);
    if (vanishes) assertEquals([at(0), at(1)], [0, 0]);
  });

  Deno.test(`${name} averages constants exactly, and linearly`, () => {
    for (const n of [1, 2, 3, 4, 57]) {
      const constant = new Float64Array(n).fill(3.7);
      assertAlmostEquals(windowedMean(constant, window), 3.7, 1e-14);
    }
    const [f, g] = [Math.sin, Math.exp].map((h) => Array.from({ length: 50 }, (_, i) => h(i / 9)));
    const both = f!.map((x, i) => 2 * x - 3 * g![i]!);
    const expected = 2 * windowedMean(f!, window) - 3 * windowedMean(g!, window);
    assertAlmostEquals(windowedMean(both, window), expected, 1e-12);
  });

  Deno.test(`${name} averages a wave with the order that it claims`, () => {
    const [coarse, fine] = [harmonicError(window, 8), harmonicError(window, 16)];
    const measured = Math.log2(coarse / fine);
    if (window.order === Infinity) assert(measured > 6, `order ${measured}`);
    else assertAlmostEquals(measured, window.order, 0.15);
  });
}

/** sin(πx) / (πx) and its quotients: averages of e^{iωt} over x periods, up to a phase. */
const CLOSED_FORMS: Record<string, (x: number) => number> = {
  square: (x) => Math.sin(Math.PI * x) / (Math.PI * x),
  hann: (x) => CLOSED_FORMS.square!(x) / (1 - x * x),
  "hann-square": (x) => 4 * CLOSED_FORMS.square!(x) / ((1 - x * x) * (4 - x * x)),
};

for (const [name, closed] of Object.entries(CLOSED_FORMS)) {
  Deno.test(`${name}: averages of a wave are those of the closed form`, () => {
    for (const x of [0.3, 1.7, 4.25, 11.9]) {
      const average = windowedAverage(
        (t) => Math.cos(2 * Math.PI * t - Math.PI * x),
        windows.get(name),
        { length: x, panels: 30 },
      );
      assertAlmostEquals(average, closed(x), 1e-13);
    }
  });
}

for (const name of ["hann", "hann-square"]) {
  Deno.test(`${name}: sums of samples are N − 1 exactly`, () => {
    for (let n = name === "hann" ? 3 : 4; n < 40; n++) {
      const weights = windowWeights(windows.get(name), n, { normalised: false });
      assertAlmostEquals(weights.reduce((a, b) => a + b, 0) * n, n - 1, 1e-12);
    }
  });
}

Deno.test("defineWindow() scales a shape to unit integral", () => {
  const sine = defineWindow({
    name: "sine",
    description: "sin πτ",
    order: 2,
    shape: (tau) => 5 * Math.sin(Math.PI * tau),
  });
  assertAlmostEquals(sine.weight(0.5), Math.PI / 2, 1e-13);
  assertEquals(sine.weight(1.5), 0);
  const measured = Math.log2(harmonicError(sine, 8) / harmonicError(sine, 16));
  assertAlmostEquals(measured, 2, 0.15);
});

Deno.test("defineWindow() refuses what is no weight", () => {
  const define = (shape: (tau: number) => number) => () =>
    defineWindow({ name: "mine", description: "mine", order: 1, shape });
  const expected = 'Cannot make window "mine": expected ';
  assertThrows(define((tau) => tau - 0.5), RangeError, `${expected}weights ≥ 0, got -0.4`);
  assertThrows(define(() => NaN), RangeError, `${expected}weights ≥ 0, got NaN`);
  assertThrows(define(() => 0), RangeError, `${expected}a shape with positive integral, got 0`);
});

Deno.test("the constant of the bump is that of its integral", () => {
  const shape = Math.exp(-4) / windows.get("bump").weight(0.5);
  assertLess(Math.abs(shape / 0.0070298584066096565 - 1), 1e-13);
});
