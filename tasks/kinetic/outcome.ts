/**
 * What a run came to, as its folder keeps it.
 *
 * @module
 */

import { aNumber, aRecord, arrayOf, aText, type Expectation, listOf } from "../../core/mod.ts";
import { WINDOWS } from "./quantities.ts";
import type { Balance } from "./solver.ts";

/** Everything of one run that tables and pictures need. */
export interface Outcome {
  /** What was run, for people. */
  readonly label: string;
  /** Names of the columns of the history. */
  readonly columns: readonly string[];
  /** The history, row after row. */
  readonly history: Float64Array;
  /** Window integrals of probes, probe after probe. */
  readonly windows: Float64Array;
  /** φ at the end by cell. */
  readonly flux: Float64Array;
  /** Ranks by step; empty for full solvers. */
  readonly ranks: Float64Array;
  /** What came and went, where it is told. */
  readonly balance: Balance;
  /** Mass that the balance does not explain, over what came in; NaN where nothing tells. */
  readonly defect: number;
  /** Largest violation of the law of mass in a cell and step, over the largest φ. */
  readonly law: number;
  /** Sum of what truncations discarded over ‖ψ‖: a bound of their relative error. */
  readonly lost: number;
  /** Numbers that held ψ at most. */
  readonly numbers: number;
  /** Step size. */
  readonly dt: number;
  /** Seconds that the steps took. */
  readonly seconds: number;
}

const balance: Expectation<Balance> = aRecord<Balance>({
  source: aNumber,
  absorbed: aNumber,
  outflow: aNumber,
  inflow: aNumber,
  clipped: aNumber,
});

/** What a file must hold. */
export const anOutcome: Expectation<Outcome> = aRecord<Outcome>({
  label: aText,
  columns: listOf(aText),
  history: arrayOf(Float64Array),
  windows: arrayOf(Float64Array),
  flux: arrayOf(Float64Array),
  ranks: arrayOf(Float64Array),
  balance,
  defect: aNumber,
  law: aNumber,
  lost: aNumber,
  numbers: aNumber,
  dt: aNumber,
  seconds: aNumber,
});

/** The values of a column. */
export function columnOf({ columns, history }: Outcome, name: string): number[] {
  const place = columns.indexOf(name);
  const values = history.filter((_, k) => k % columns.length === place);
  return place < 0 ? [] : [...values];
}

/** ∫ u₀ over each tenth of the time, probe by probe. */
export function windowsOf({ windows }: Outcome): number[][] {
  return Array.from(
    { length: windows.length / WINDOWS },
    (_, p) => [...windows.subarray(p * WINDOWS, (p + 1) * WINDOWS)],
  );
}

/** ‖φ − known‖ / ‖known‖ over cells. */
export function relativeError(flux: Float64Array, known: Float64Array): number {
  const gap = flux.map((phi, k) => phi - known[k]!);
  const norm = (f: Float64Array): number => Math.sqrt(f.reduce((sum, x) => sum + x * x, 0));
  return norm(gap) / norm(known);
}
