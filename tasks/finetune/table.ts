/**
 * Adapters beside one another, each at its best step size.
 *
 * @module
 */

import type { Summary } from "../../core/mod.ts";
import { bestRates } from "../pretrain/plan.ts";
import type { CellResult } from "../sweep/results.ts";
import { measureText } from "../sweep/table.ts";
import { formatCount, formatDuration, renderTable } from "../terminal/mod.ts";

/** Heads of the columns. */
const COLUMNS = ["test", "step size", "numbers", "ranks", "old loss", "step", "time", "memory"];

/** What the runs of this recipe tell beside. */
type Facts = Partial<
  Readonly<Record<"trainedNumbers" | "oldLoss" | "oldLossBefore" | "peakBytes", number>>
>;

/** One row for each adapter; the test over all seeds, the rest of the first one. */
export function finetuneTable(results: readonly CellResult[]): string {
  const heads = COLUMNS.map((title) => ({ title, align: "right" as const }));
  const first = results.filter(({ values }) => values.seed === undefined);
  const rows = bestRates(first).map(({ values, summary, failure }) => {
    const [adapter, rate] = [values.way!, values.rate!];
    if (!summary) return [adapter, failure ? "diverged" : "", rate, "", "", "", "", "", ""];
    return [adapter, ...cellsOf(summary, rate, results, adapter)];
  });
  const seeds = first.length < results.length
    ? "test: mean ± standard deviation over seeds, all else of the first one; "
    : "";
  return `${renderTable(["adapter", ...heads], rows, 110)}\n\n${seeds}` +
    "numbers: that train; old loss: on the data of before, at first and at the end, of texts in nats " +
    "where test is in bits; memory: of the process at most; *: the first or the last of the step " +
    "sizes that were tried";
}

function cellsOf(
  summary: Summary,
  rate: string,
  results: readonly CellResult[],
  adapter: string,
): string[] {
  const facts: Facts = summary as Facts;
  const own = results.filter(({ values }) => values.way === adapter);
  const tried = [...new Set(own.map(({ values }) => Number(values.rate)))];
  const edge = tried.length > 1 && [Math.min(...tried), Math.max(...tried)].includes(Number(rate));
  const { oldLossBefore: before, oldLoss: after } = facts;
  const repeated = own.filter(({ values }) => values.rate === rate);
  return [
    measureText({ summaries: repeated.flatMap((run) => run.summary ?? []) }),
    `${rate}${edge ? " *" : ""}`,
    formatCount(facts.trainedNumbers ?? NaN),
    rangeOf(Object.values(summary.ranks)),
    after === undefined ? "" : `${before?.toFixed(3) ?? "?"} → ${after.toFixed(3)}`,
    `${(1000 * summary.secondsPerStep).toFixed(1)} ms`,
    formatDuration(summary.seconds),
    `${Math.round((facts.peakBytes ?? NaN) / 2 ** 20)} MiB`,
  ];
}

/** Smallest and largest rank. */
function rangeOf(ranks: readonly number[]): string {
  if (ranks.length === 0) return "";
  const [least, most] = [Math.min(...ranks), Math.max(...ranks)];
  return least === most ? `${least}` : `${least}–${most}`;
}
