import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { examplesOf, keptBack, windowsOf } from "../../../core/mod.ts";
Deno.test("keptBack() takes the last examples, and windows that share no entry with the others", () => {
  const rows = examplesOf({ x: { data: Int32Array.of(0, 1, 2, 3, 4), shape: [1] } });
  const split = keptBack(rows, 2);
  assertEquals([split.train.count, split.kept.count, split.kept.columns.x!.offset], [3, 2, 3]);

  const length = 4;
  const windows = windowsOf(Int32Array.from({ length: 40 }, (_, i) => i), length, 2);
  const { train, kept } = keptBack(windows, 3);
  const start = ({ columns }: typeof train, i: number) => {
    const { offset = 0, stride = 0 } = columns.x!;
    return offset + i * stride;
  };
  assertLessOrEqual(start(train, train.count - 1) + length, start(kept, 0));
  assertEquals(start(kept, 1) - start(kept, 0), length);
  assertLessOrEqual(start(kept, 2) + length + 1, 40);
  assertThrows(() => keptBack(rows, 5), RangeError, "expected a whole number from 1 to 4");
});
