/**
 * How the convolutions of a network ran.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  byName,
  type ExecutionCost,
  type ExecutionPlan,
  type Expectation,
  oneOf,
  optional,
  type RunData,
  type Table,
} from "../../core/mod.ts";
import { resultOf } from "./parts.ts";

const cost: Expectation<ExecutionCost> = aRecord<ExecutionCost>({ flops: aNumber, bytes: aNumber });

const plan: Expectation<ExecutionPlan> = aRecord<ExecutionPlan>({
  choice: oneOf("chain", "reconstructed"),
  chain: cost,
  reconstructed: cost,
  gradient: optional(oneOf("projected", "formed")),
});

/** A table of the cost of both ways to run each factorised kernel; undefined without any. */
export function executionTable(run: RunData): Table | undefined {
  const plans = Object.entries(resultOf(run, "executions", byName(plan)) ?? {});
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
