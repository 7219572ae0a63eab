/**
 * What runs came to, for people.
 *
 * @module
 */

import { formatCount, formatDuration, formatPercent } from "../terminal/mod.ts";
import { columnOf, type Outcome, relativeError, windowsOf } from "./outcome.ts";

/**
 * Truncations that discard more than this times ‖ψ‖ in all are told: in stalled runs of hohlraum and
 * lattice ψ was wrong by a ninth to a third of that, whatever the law of mass said. Near a steady
 * state the sum grows without harm.
 */
const TOLD = 0.25;

/** Heads and rows of the table of runs; the first is what others are held against. */
export function outcomeTable(
  outcomes: readonly Outcome[],
): [heads: { title: string; align: "left" | "right" }[], rows: string[][]] {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = [
    { title: "", align: "left" as const },
    ...["mass", "absorbed", "rank", "numbers", "error", "mass law", "time"].map(right),
  ];
  return [heads, outcomes.map((outcome) => rowOf(outcome, outcomes[0]!))];
}

function rowOf(outcome: Outcome, first: Outcome): string[] {
  const last = (name: string): number => columnOf(outcome, name).at(-1)!;
  const rank = outcome.ranks.at(-1);
  const error = outcome === first ? "" : relativeError(outcome.flux, first.flux).toExponential(1);
  const law = outcome.ranks.length > 0 ? outcome.law : Math.abs(outcome.defect);
  return [
    outcome.label,
    last("Mass").toPrecision(7),
    last("Total_absorption").toPrecision(7),
    rank === undefined ? "" : String(rank),
    formatCount(outcome.numbers),
    error,
    law === 0 || Number.isNaN(law) ? "" : law.toExponential(1),
    formatDuration(outcome.seconds),
  ];
}

/** Runs whose quantities are told beside one another. */
const BESIDE = 3;
/** Quantities that never come to this part of the mass are round-off where they should be 0. */
const NOTHING = 1e-9;

/**
 * Heads and rows of the quantities of interest at the end, of the first runs: values, and what each
 * is off from those of the first, over the largest value that this one had there.
 */
export function quantityTable(
  outcomes: readonly Outcome[],
): [heads: { title: string; align: "left" | "right" }[], rows: string[][]] {
  const [first, ...others] = outcomes.slice(0, BESIDE) as [Outcome, ...Outcome[]];
  const heads = [
    { title: "quantity", align: "left" as const },
    { title: first.label, align: "right" as const },
    ...others.flatMap(({ label }) =>
      [label, "off by"].map((title) => ({
        title,
        align: "right" as const,
      }))
    ),
  ];
  const largest = (name: string): number =>
    columnOf(first, name).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tiny = NOTHING * largest("Mass");
  const rows = first.columns.slice(1).map((name) => {
    const [known, scale] = [columnOf(first, name).at(-1)!, largest(name)];
    const compared = others.flatMap((outcome) => {
      const value = columnOf(outcome, name).at(-1);
      if (value === undefined) return ["", ""];
      const off = scale > tiny ? formatPercent(Math.abs(value - known) / scale) : "";
      return [value.toPrecision(5), off];
    });
    return [name, known.toPrecision(5), ...compared];
  });
  return [heads, rows];
}

/** What must be said of runs whose ranks cannot have followed. */
export function stalls(outcomes: readonly Outcome[]): string[] {
  return outcomes.filter(({ lost }) => lost > TOLD).map(({ label, lost }) =>
    `Warning: ${label}: truncations discarded ${formatPercent(lost)} of the solution in all, so ` +
    "its ranks may have stalled and it may be wrong by as much, though mass is kept; take a " +
    "smaller --tolerance, or --scaled"
  );
}

/** The figures of a run, for its summary. */
export function summaryOf(outcome: Outcome): Record<string, unknown> {
  const last = outcome.columns.slice(1).map((name) => [name, columnOf(outcome, name).at(-1)!]);
  const { label, balance, defect, law, lost, numbers, dt, seconds, ranks } = outcome;
  const windows = windowsOf(outcome);
  return {
    label,
    quantities: Object.fromEntries(last),
    ...(windows.length > 0 && { windows }),
    balance,
    ...(Number.isNaN(defect) ? {} : { defect }),
    ...(ranks.length > 0 && { rank: ranks.at(-1), law, lost }),
    numbers,
    dt,
    steps: outcome.history.length / outcome.columns.length,
    seconds,
  };
}
