/**
 * How the convolutions of a network ran.
 *
 * @module
 */

import type { ExecutionPlan, Summary, Table } from "../../core/mod.ts";

/** A table of the cost of both ways to run each factorised kernel; undefined without any. */
export function executionTable(summary: Summary | undefined): Table | undefined {
  const plans = Object.entries(
    (summary?.executions ?? {}) as Readonly<Record<string, ExecutionPlan>>,
  );
  if (plans.length === 0) return undefined;
  return {
    columns: ["kernel", "runs as", "chain, GFLOP", "MB", "whole kernel, GFLOP", "MB"],
    rows: plans.map(([name, { choice, chain, reconstructed }]) => [
      name,
      choice === "chain" ? "chain" : "whole kernel",
      ...[chain, reconstructed].flatMap((c) => [giga(c.flops), mega(c.bytes)]),
    ]),
    numeric: true,
    caption: "What a training step of 128 images costs in the ranks at the end, counted for a " +
      "chain of three small convolutions and for one with the kernel put together. The one whose " +
      "operations, with 9 for each byte, are fewer is used.",
  };
}

function giga(flops: number): string {
  return (flops / 1e9).toFixed(2);
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
