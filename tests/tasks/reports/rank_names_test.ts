import { assertEquals, assertStringIncludes } from "@std/assert";
import { buildPage, type MetricLine, type RunData } from "../../../core/io/mod.ts";
import { trainingReport } from "../../../tasks/reports/mod.ts";
import { byWeight, rankText } from "../../../tasks/reports/rank_names.ts";
import { rankTable } from "../../../tasks/reports/ranks.ts";

const RANKS = { "conv1.kernel/in": 3, "conv1.kernel/out": 14, "dense1.weight": 48 };

function runWith(metrics: readonly MetricLine[]): RunData {
  return {
    path: "runs/a",
    config: { recipe: "cifar", settings: {}, seed: 1, backend: "cpu" },
    metrics,
  };
}

function line(epoch: number, factor: number): MetricLine {
  const ranks = Object.fromEntries(Object.entries(RANKS).map(([k, r]) => [k, r * factor]));
  return { step: epoch, epoch, loss: 1, ranks };
}

Deno.test("ranks of a kernel belong together, those of a matrix stand alone", () => {
  assertEquals(byWeight(Object.keys(RANKS)), [
    { weight: "conv1.kernel", keys: ["conv1.kernel/in", "conv1.kernel/out"], modes: ["in", "out"] },
    { weight: "dense1.weight", keys: ["dense1.weight"], modes: [""] },
  ]);
  assertEquals(rankText(RANKS), "3×14 48");
  assertEquals(rankText({}), "");
});

Deno.test("the table of ranks has where each weight began and where it ended", () => {
  const run = runWith([line(1, 2), line(2, 3), line(3, 1)]);
  assertEquals(rankTable(run)!.rows, [
    ["conv1.kernel", "6 × 28", "3 × 14"],
    ["dense1.weight", "96", "48"],
  ]);
  assertEquals(rankTable(runWith([{ step: 1, epoch: 1, loss: 1 }])), undefined);
});

Deno.test("the report draws a panel for each weight where kernels have modes", async () => {
  const run = runWith([line(1, 2), line(2, 1)]);
  const page = buildPage(await trainingReport.build(run));
  for (const text of ["Ranks of conv1.kernel over", "Ranks of dense1.weight over", "matrix"]) {
    assertStringIncludes(page, text);
  }
});
