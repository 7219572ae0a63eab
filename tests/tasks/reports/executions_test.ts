import { assertEquals } from "@std/assert";
import { planExecution, type RunData } from "../../../core/mod.ts";
import { executionTable } from "../../../tasks/reports/executions.ts";

/** A run with this in its summary. */
function runWith(summary: Record<string, unknown>): RunData {
  return { path: "runs/a", config: {}, metrics: [], summary } as unknown as RunData;
}

Deno.test("executionTable() says which way each kernel runs, and what both cost", () => {
  const window = [3, 3] as const;
  const executions = {
    "a.kernel": planExecution({ window, channels: [256, 256], ranks: [16, 16] }),
    "b.kernel": planExecution({ window, channels: [256, 256], ranks: [250, 250] }),
  };
  const table = executionTable(runWith({ executions }))!;
  assertEquals(table.rows.map((row) => row.slice(0, 2)), [
    ["a.kernel", "chain"],
    ["b.kernel", "whole kernel"],
  ]);
  const { flops, bytes } = executions["a.kernel"].chain;
  assertEquals(table.rows[0]!.slice(2, 4), [(flops / 1e9).toFixed(2), (bytes / 1e6).toFixed(0)]);
  assertEquals(table.columns!.length, table.rows[0]!.length);
});

Deno.test("executionTable() has nothing to say of networks without factorised kernels", () => {
  assertEquals(executionTable(runWith({})), undefined);
  assertEquals(executionTable(runWith({ executions: {} })), undefined);
});
