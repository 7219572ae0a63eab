import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  ConvergenceMonitor,
  hannSquareWindow,
  hannWindow,
  squareWindow,
  type TimeWindow,
} from "../../../core/windowing/mod.ts";

/** Samples until the monitor stops, or the limit, and the average then. */
function watch(
  window: TimeWindow,
  signal: (n: number) => number,
  limit = 20_000,
  tolerance = 1e-4,
): { samples: number; mean: number } {
  const monitor = new ConvergenceMonitor(window, { tolerance });
  let n = 0;
  while (n < limit && !monitor.add(signal(n))) n++;
  return { samples: n, mean: monitor.mean! };
}

for (const period of [17.3, 61, 230.7, 1009]) {
  Deno.test(`hann-square settles on a wave of period ${period} and is right`, () => {
    for (const phase of [0, 0.9, 1.571, 3.1]) {
      const wave = (n: number) => 2 + Math.sin(2 * Math.PI * n / period + phase);
      const { samples, mean } = watch(hannSquareWindow, wave);
      assertLess(Math.abs(mean - 2), 1e-3);
      assert(samples > 3 * period && samples < Math.max(100, 20 * period), `${samples} samples`);
    }
  });
}

Deno.test("smooth windows stop earlier than the square one, which at 1e-4 takes far longer", () => {
  const wave = (n: number) => 2 + Math.sin(n / 10 + 0.4) + 0.3 * Math.cos(n / 5);
  const stops = [squareWindow, hannWindow, hannSquareWindow].map((w) => watch(w, wave).samples);
  assert(stops[2]! <= stops[1]! && stops[1]! < stops[0]! / 4, `${stops}`);
});

Deno.test("a slow drift and a transient do not pass for convergence", () => {
  assertEquals(watch(hannWindow, (n) => 1 + 1e-3 * n, 3000).samples, 3000);
  const decay = (n: number) => 1 + 5 * Math.exp(-n / 500) + Math.sin(n);
  assert(watch(hannSquareWindow, decay).samples > 2000);
});

Deno.test("a stretch of one long period does not pass for convergence", () => {
  // At its top a wave is flat; only the count of oscillations tells.
  const flat = (n: number) => 1 + 0.01 * Math.cos(2 * Math.PI * n / 9000);
  const { samples, mean } = watch(hannSquareWindow, flat, 100_000, 1e-3);
  assert(samples > 3 * 9000 && Math.abs(mean - 1) < 1e-4, `${samples}: ${mean}`);
});

Deno.test("a steady signal settles at once, and its skipped samples do not count", () => {
  const monitor = new ConvergenceMonitor(hannWindow, { tolerance: 1e-6, skip: 100 });
  let n = 0;
  while (!monitor.add(n < 100 ? 50 - n : 4)) n++;
  assert(n < 200 && monitor.converged);
  assertLess(Math.abs(monitor.mean! - 4), 1e-14);
  assertEquals(monitor.history[0]!.horizon, 32);
  assert(monitor.history.length >= 8);
});

Deno.test("an average of zero is settled relative to the amplitude", () => {
  assertLess(watch(hannSquareWindow, (n) => Math.sin(n / 7)).samples, 2000);
});

Deno.test("a diverged simulation is refused with the number of the sample", () => {
  const monitor = new ConvergenceMonitor(hannWindow, { tolerance: 1e-3, skip: 1 });
  monitor.add(1);
  monitor.add(2);
  assertThrows(
    () => monitor.add(Infinity),
    RangeError,
    "Cannot monitor a series: expected finite samples, got Infinity at sample 2; " +
      "the simulation has diverged",
  );
});

Deno.test("options out of range are refused by name", () => {
  const make = (o: object) => () => new ConvergenceMonitor(hannWindow, { tolerance: 1e-3, ...o });
  const message = "Cannot monitor convergence: expected ";
  assertThrows(make({ tolerance: 0 }), RangeError, `${message}tolerance to be a number > 0, got 0`);
  assertThrows(make({ growth: 1 }), RangeError, `${message}growth to be a number > 1, got 1`);
  assertThrows(make({ growth: Infinity }), RangeError, `${message}growth to be a number > 1`);
  assertThrows(make({ checks: 1 }), RangeError, `${message}checks to be an integer ≥ 2, got 1`);
  assertThrows(make({ skip: 0.5 }), RangeError, `${message}skip to be an integer ≥ 0, got 0.5`);
});
