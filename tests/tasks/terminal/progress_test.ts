import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { progressLine, RateMeter } from "../../../tasks/terminal/progress.ts";
import { displayWidth } from "../../../tasks/terminal/table.ts";

const FULL = {
  label: "epoch 3/10",
  done: 120,
  total: 400,
  rate: 20,
  loss: 0.23456,
  accuracy: 0.971,
  totalRank: 128,
};

Deno.test("progressLine() shows everything on 80 columns", () => {
  assertEquals(
    progressLine(FULL, 79),
    "epoch 3/10  ▕█▌   ▏ 30 %  14 s left  loss 0.235    acc 97.1 %  rank 128  20.0/s",
  );
});

Deno.test("progressLine() drops the least important parts first", () => {
  assertEquals(progressLine(FULL, 50), "epoch 3/10  ▕█▊    ▏ 30 %  14 s left  loss 0.235  ");
  assertEquals(progressLine(FULL, 12), "epoch 3/10");
  assertEquals(progressLine(FULL, 6), "epoch…");
});

Deno.test("progressLine() works without total, rate and measurements", () => {
  assertEquals(progressLine({ label: "waiting", done: 0 }, 79), "waiting");
});

Deno.test("progressLine() never exceeds its width", () => {
  fc.assert(fc.property(
    fc.nat(1000),
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 120 }),
    fc.double({ min: 0, noNaN: true }),
    (done, total, width, loss) => {
      const line = progressLine({ ...FULL, done, total, loss, rate: total / 7 }, width);
      assert(displayWidth(line) <= width, line);
    },
  ));
});

Deno.test("RateMeter finds a constant rate and follows a change", () => {
  const meter = new RateMeter();
  assertEquals(meter.update(0, 0), undefined);
  for (let i = 1; i <= 10; i++) assertAlmostEquals(meter.update(50 * i, 1000 * i)!, 50, 1e-9);
  let rate = 0;
  for (let i = 1; i <= 20; i++) rate = meter.update(500 + 10 * i, 10_000 + 1000 * i)!;
  assertAlmostEquals(rate, 10, 0.1);
});

Deno.test("RateMeter leaves skipped time out", () => {
  const meter = new RateMeter();
  meter.update(0, 0);
  meter.update(100, 1000);
  meter.skip(61_000);
  assertAlmostEquals(meter.update(200, 62_000)!, 100, 1e-9);
});

Deno.test("RateMeter survives two readings at the same time", () => {
  const meter = new RateMeter();
  meter.update(0, 0);
  meter.update(3, 0);
  assertAlmostEquals(meter.update(10, 1000)!, 10, 1e-9);
});
