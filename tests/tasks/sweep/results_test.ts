import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Summary } from "../../../core/mod.ts";
import { displayWidth } from "../../../tasks/terminal/mod.ts";
import { type CellResult, groupsOf, labelOf, spreadOf } from "../../../tasks/sweep/results.ts";
import { sweepTable } from "../../../tasks/sweep/table.ts";

const MEASURED = { measures: [{ name: "accuracy", better: "more", percent: true }] };

function result(values: Record<string, string>, accuracy?: number): CellResult {
  const folder = Object.values(values).join();
  if (accuracy === undefined) return { folder, values, failure: "Training diverged" };
  const numbers = { parameters: 1000, compression: 80, secondsPerStep: 0.01, seconds: 3 };
  return {
    folder,
    values,
    summary: { ...MEASURED, testAccuracy: accuracy, ...numbers } as unknown as Summary,
  };
}

const RESULTS = [
  result({ method: "dense", seed: "1" }, 0.98),
  result({ method: "tucker", tolerance: "0.1", seed: "1" }, 0.97),
  result({ method: "factor-tucker", tolerance: "0.1", seed: "1" }),
  result({ method: "tucker", tolerance: "0.1", seed: "2" }, 0.95),
];

Deno.test("runs that differ only in their seed are one group", () => {
  const groups = groupsOf(RESULTS);
  assertEquals(groups.map(labelOf), [
    ...["dense", "tucker, tolerance 0.1", "factor-tucker, tolerance 0.1"],
  ]);
  assertEquals(groups.map((g) => [g.cells.length, g.summaries.length]), [[1, 1], [2, 2], [1, 0]]);
});

Deno.test("spreadOf() has the mean and the standard deviation of a sample", () => {
  const { mean, deviation } = spreadOf([1, 2, 3, 4]);
  assertEquals(mean, 2.5);
  assertAlmostEquals(deviation, Math.sqrt(5 / 3), 1e-15);
  assertEquals(spreadOf([7]), { mean: 7, deviation: 0 });
});

Deno.test("the table of a sweep tells means, spreads and what diverged, in 80 columns", () => {
  const text = sweepTable(RESULTS);
  for (const line of text.split("\n")) assertEquals(displayWidth(line) <= 80, true, line);
  const rows = sweepTable(RESULTS, 120).split("\n").slice(2).map((line) =>
    line.trim().split(/ {2,}/)
  );
  assertEquals(rows[1], [
    ...["tucker, tolerance 0.1", "96.00 ± 1.41 %", "80.0 %", "1,000", "10.0 ms", "3.00 s", "2"],
  ]);
  assertEquals(rows[2]!.at(1), "diverged");
  assertEquals(rows[2]!.at(-1), "0 of 1");
});
