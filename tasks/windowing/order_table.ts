/**
 * Orders that were expected and measured, as text tables.
 *
 * @module
 */

import { renderTable } from "../terminal/mod.ts";
import {
  type MeasuredOrder,
  observedOrder,
  type UnsteadyResult,
  type WindowCurve,
} from "./measure.ts";

/** One window's part of a table. */
export interface OrderRow {
  /** Choice of the window. */
  readonly window: string;
  /** Order of averages that theory promises, for people. */
  readonly averageExpected: string;
  /** That of the errors. */
  readonly averageMeasured: string;
  /** Largest error of averages in the last bin. */
  readonly averageError: string;
  /** Order of sensitivities that theory promises. */
  readonly sensitivityExpected: string;
  /** That of the errors. */
  readonly sensitivityMeasured: string;
  /** Largest error of sensitivities in the last bin. */
  readonly sensitivityError: string;
  /** Length at which the monitor stopped, in periods. */
  readonly stop: string;
}

/** The rows of a result, one for each window. */
export function orderRows(result: UnsteadyResult): OrderRow[] {
  const { periods, curves } = result;
  const sizes = [Math.abs(result.average), Math.max(1, Math.abs(result.sensitivity))] as const;
  return curves.map((curve) => ({
    window: curve.window,
    averageExpected: expected(curve, 0),
    averageMeasured: measured(curve, observedOrder(periods, curve.average, sizes[0])),
    averageError: curve.average.at(-1)!.toExponential(1),
    sensitivityExpected: expected(curve, 1),
    sensitivityMeasured: measured(curve, observedOrder(periods, curve.sensitivity, sizes[1])),
    sensitivityError: curve.sensitivity.at(-1)!.toExponential(1),
    stop: curve.stop ? curve.stop.periods.toFixed(1) : `> ${periods.at(-1)! + 1}`,
  }));
}

function expected({ order }: WindowCurve, less: number): string {
  return order === null ? "any" : String(order - less);
}

function measured({ order }: WindowCurve, found: MeasuredOrder | undefined): string {
  if (!found) return "round-off";
  // Zero has no sign that would mean anything.
  const text = (x: number): string => x.toFixed(2).replace(/^-0.00$/, "0.00");
  if (order !== null) return text(found.overall);
  return `${found.first.toFixed(1)}…${found.last.toFixed(1)}`;
}

/**
 * The table of one system: window, order expected, order measured and error of the average, the
 * same of the sensitivity, and where the monitor stopped. 80 columns.
 */
export function orderTable(result: UnsteadyResult): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["expect", "found", "error"].map(right);
  const rows = orderRows(result).map((r) => [
    r.window,
    r.averageExpected,
    r.averageMeasured,
    r.averageError,
    r.sensitivityExpected,
    r.sensitivityMeasured,
    r.sensitivityError,
    r.stop,
  ]);
  const table = renderTable(["window", ...heads, ...heads, right("stop, T")], rows);
  const [average, sensitivity] = [result.average, result.sensitivity].map((x) => x.toPrecision(9));
  return `${groupHeads(table, `J = ${average}`, `dJ/dσ = ${Number(sensitivity)}`)}\n${table}`;
}

/** Headings above the two groups of three columns, where these begin in the rule of the table. */
function groupHeads(table: string, first: string, second: string): string {
  const rule = table.split("\n").find((line) => line.startsWith("─"))!;
  const begins = [...rule.matchAll(/─+/g)].map((m) => m.index);
  return `${" ".repeat(begins[1]!)}${first}`.padEnd(begins[4]!) + second;
}
