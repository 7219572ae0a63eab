/**
 * The table of a sweep over federated runs: a row for each method in each group of runs.
 *
 * @module
 */

import { checked, listOf } from "../../core/mod.ts";
import { type CellResult, groupsOf, labelOf, spreadOf } from "../sweep/results.ts";
import { formatBytes, renderTable } from "../terminal/mod.ts";
import { type FederatedCurve, type FederatedResult, federatedResult } from "./curve.ts";
import { valueText } from "./table.ts";

/** Draws what each method reached, with its spread over seeds, what it sent and what clients held. */
export function federatedSweepTable(results: readonly CellResult[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["at the end", "rank", "per round", "holds", "minutes", "runs"].map(right);
  const rows = groupsOf(results).flatMap((group) => {
    const found = group.summaries.flatMap(resultsIn);
    const methods = new Set(found.flatMap(({ curves }) => curves.map((c) => c.method)));
    return [...methods].map((method) => [labelOf(group), ...rowOf(found, method)]);
  });
  return renderTable(["runs", "method", ...heads], rows);
}

/** What a run says of its methods. */
function resultsIn(summary: object): readonly FederatedResult[] {
  const { federated = [] } = summary as { readonly federated?: unknown };
  return checked(listOf(federatedResult), federated, "the summary of a run");
}

function rowOf(found: readonly FederatedResult[], method: string): string[] {
  const curves = found.flatMap((f) => f.curves.filter((c) => c.method === method));
  const mean = (of: (curve: FederatedCurve) => number): number => spreadOf(curves.map(of)).mean;
  const { mean: value, deviation } = spreadOf(curves.map((c) => c.values.at(-1) ?? NaN));
  const [first] = found;
  return [
    method,
    `${valueText(first!, value)} ± ${valueText(first!, deviation)}`,
    curves.some((c) => c.ranks.length > 0) ? mean((c) => c.ranks.at(-1) ?? NaN).toFixed(0) : "full",
    formatBytes(mean((c) => (c.bytes.at(-1) ?? NaN) / (c.rounds.at(-1) ?? NaN))),
    Math.round(mean((c) => c.held)).toLocaleString("en"),
    (mean((c) => c.seconds) / 60).toFixed(1),
    String(curves.length),
  ];
}
