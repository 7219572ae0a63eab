/** The orders of the theory, and errors that were computed independently. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { windowedMean, windows } from "../../../core/mod.ts";
import {
  binsUpTo,
  harmonics,
  measureWindow,
  observedOrder,
  openOscillator,
  orderRows,
  pendulum,
  unsteadyProblems,
  vanDerPol,
} from "../../../tasks/windowing/mod.ts";
import { vanDerPolOscillator } from "../../../tasks/windowing/oscillators.ts";
import { orderTable } from "../../../tasks/windowing/order_table.ts";

const BINS = binsUpTo(40);

for (const problem of unsteadyProblems.list()) {
  Deno.test(`${problem.name}: every window has the orders of the theory`, () => {
    const open = problem.open(0);
    const series = open.series(41);
    for (const window of windows.list()) {
      const curve = measureWindow(open, series, window, BINS, 1e-4);
      const average = observedOrder(BINS, curve.average, 1)!;
      const sensitivity = observedOrder(BINS, curve.sensitivity, 1)!;
      if (Number.isFinite(window.order)) {
        assertAlmostEquals(average.overall, window.order, 0.12, window.name);
        assertAlmostEquals(sensitivity.overall, window.order - 1, 0.1, window.name);
      } else {
        // Faster than any power: steeper than the others, and more so the longer the window.
        assert(average.last > 9 && average.last > average.first + 1.5);
        assert(sensitivity.last > 8.5 && sensitivity.last > sensitivity.first + 2);
      }
    }
  });
}

/** Largest errors over M ∈ [P, P + 1] T for P = 5, 10, 20, 40: average, then sensitivity. */
const HARMONICS: Record<string, readonly (readonly number[])[]> = {
  square: [[5.96e-2, 3.13e-2, 1.61e-2, 8.15e-3], [1.52e-1, 1.50e-1, 1.50e-1, 1.49e-1]],
  hann: [[1.98e-3, 2.78e-4, 3.70e-5, 4.80e-6], [3.80e-3, 1.02e-3, 2.66e-4, 6.81e-5]],
  "hann-square": [[3.08e-4, 1.05e-5, 3.56e-7, 1.17e-8], [5.41e-4, 3.49e-5, 2.33e-6, 1.53e-7]],
  bump: [[1.30e-3, 3.86e-5, 4.99e-7, 4.44e-10], [6.54e-3, 3.16e-4, 3.16e-6, 5.53e-9]],
};

for (const [name, [average, sensitivity]] of Object.entries(HARMONICS)) {
  Deno.test(`harmonics: ${name} makes the errors that were computed independently`, () => {
    const open = harmonics.open(0);
    const curve = measureWindow(open, open.series(41), windows.get(name), [5, 10, 20, 40], 1e-4);
    // Both are largest values over finitely many lengths.
    const close = (found: number, expected: number) =>
      assertLess(Math.abs(found / expected - 1), 0.02, `${found} and ${expected}`);
    average!.forEach((e, i) => close(curve.average[i]!, e));
    sensitivity!.forEach((e, i) => close(curve.sensitivity[i]!, e));
  });
}

/** Errors at M = 5.3, 10.3, 20.3, 40.3 T after a transient of 30: average, then sensitivity. */
const VAN_DER_POL: Record<string, readonly (readonly number[])[]> = {
  square: [[7.2e-3, 3.7e-3, 1.9e-3, 9.5e-4], [0.61, 0.42, 0.32, 0.27]],
  hann: [[6.2e-5, 8.4e-6, 1.1e-6, 1.4e-7], [5.2e-3, 9.5e-4, 1.9e-4, 4.0e-5]],
  "hann-square": [[2.3e-6, 7.9e-8, 2.6e-9, 8.5e-11], [1.9e-4, 8.9e-6, 4.7e-7]],
  bump: [[4.5e-6, 1.0e-7, 1.0e-10], [3.2e-4, 1.2e-5]],
};

Deno.test("van der pol from (2, 0) makes the errors that were computed independently", () => {
  const oscillator = vanDerPolOscillator(1);
  const { period, average, sensitivity } = oscillator;
  const { dt, outputs, tangents } = openOscillator(oscillator, 30 / period).series(41);
  for (const [name, [averages, sensitivities]] of Object.entries(VAN_DER_POL)) {
    const error = (series: Float64Array, exact: number, periods: number): number => {
      const span = series.subarray(0, Math.round(periods * period / dt) + 1);
      return Math.abs(windowedMean(span, windows.get(name), { rule: "trapezoid" }) - exact);
    };
    const check = (found: number, expected: number) =>
      assertLess(Math.abs(found / expected - 1), 0.06, `${name}: ${found} and ${expected}`);
    averages!.forEach((e, i) => check(error(outputs, average, 5.3 + [0, 5, 15, 35][i]!), e));
    sensitivities!.forEach((e, i) =>
      check(error(tangents, sensitivity, 5.3 + [0, 5, 15, 35][i]!), e)
    );
  }
});

for (const problem of [vanDerPol, pendulum]) {
  for (const transient of [0, 2]) {
    Deno.test(`${problem.name}: adjoint = tangent to round-off, transient of ${transient} T`, async () => {
      const open = problem.open(transient);
      const found = await open.checkAdjoint!(windows.get("hann-square"), 3, 20);
      assertLess(Math.abs(found.adjoint / found.tangent - 1), 1e-11);
      assertEquals(found.steps, (3 + transient) * 4000);
      assertEquals(found.peakSnapshots, 20);
      assert(found.forwardSteps < 5 * found.steps);
    });
  }
}

Deno.test("a monitor that is not told the period stops where the average is right", () => {
  const open = vanDerPol.open(0);
  const series = open.series(41);
  const stops = ["hann", "hann-square", "bump"].map((name) => {
    const { stop } = measureWindow(open, series, windows.get(name), BINS, 1e-4);
    assertLess(stop!.error, 1e-4 * open.average);
    return stop!.periods;
  });
  assert(stops.every((p) => p > 3 && p < 20), `${stops}`);
  assertEquals(measureWindow(open, series, windows.get("square"), BINS, 1e-4).stop, null);
});

Deno.test("observedOrder() is the slope above round-off, and sees that one grows", () => {
  const powers = BINS.map((p) => 3 * p ** -4);
  const found = observedOrder(BINS, powers, 1)!;
  for (const x of [found.overall, found.first, found.last]) assertAlmostEquals(x, 4, 1e-12);
  const exponential = observedOrder(BINS, BINS.map((p) => Math.exp(-p / 3)), 1)!;
  assert(exponential.last > exponential.first + 2);
  assertEquals(observedOrder(BINS, BINS.map(() => 1e-14), 1), undefined);
  const stopped = BINS.map((p) => Math.max(1e-13, 3 * p ** -9));
  assertAlmostEquals(observedOrder(BINS, stopped, 1)!.overall, 9, 1e-12);
});

Deno.test("binsUpTo() gives four bins to a factor of two, each once", () => {
  assertEquals(BINS, [4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40]);
  assertEquals(binsUpTo(16).at(-1), 16);
});

Deno.test("the table of a system has the expected and the measured orders in 80 columns", () => {
  const result = {
    problem: "mine",
    period: 1,
    average: 1.25,
    sensitivity: 0,
    periods: BINS,
    curves: windows.list().map(({ name, order }) => ({
      window: name,
      order: Number.isFinite(order) ? order : null,
      average: BINS.map((p) => p ** -Math.min(order, p / 4)),
      sensitivity: BINS.map(() => 1e-15),
      stop: name === "hann" ? { periods: 12.34, error: 1e-5 } : null,
    })),
  };
  const rows = orderRows(result);
  assertEquals(rows.map((r) => r.averageExpected), ["1", "3", "5", "any"]);
  assertEquals(rows.map((r) => r.sensitivityExpected), ["0", "2", "4", "any"]);
  assertEquals(rows.map((r) => r.sensitivityMeasured), Array(4).fill("round-off"));
  assertEquals(rows.map((r) => r.stop), ["> 41", "12.3", "> 41", "> 41"]);
  assertEquals(rows[0]!.averageMeasured, "1.00");
  const lines = orderTable(result).split("\n");
  assert(lines.every((line) => [...line].length <= 80));
  assertEquals(lines[0]!.trim().split(/\s{2,}/), ["J = 1.25000000", "dJ/dσ = 0"]);
});
