/**
 * The published figures of the benchmark that the solver is held against.
 *
 * @module
 */

import type { FlowFigures } from "./measures.ts";

/** An interval of published values. */
export interface Interval {
  /** Figure that it is about. */
  readonly figure: keyof FlowFigures;
  /** What it is, in words. */
  readonly title: string;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/**
 * Test case 2D-2 of Schäfer and Turek, "Benchmark computations of laminar flow around a cylinder"
 * (1996): a circle in the channel at Reynolds number 100. The mean drag has no interval of its own;
 * it is held against that of the largest drag, from which it is 1 % away. The pressure drop is that
 * from the front to the back of the circle, half a period after the largest lift.
 */
export const CYLINDER: readonly Interval[] = [
  { figure: "strouhal", title: "Strouhal number", low: 0.295, high: 0.305 },
  { figure: "dragMax", title: "largest drag", low: 3.22, high: 3.24 },
  { figure: "dragMean", title: "mean drag", low: 3.22, high: 3.24 },
  { figure: "liftMax", title: "largest lift", low: 0.99, high: 1.01 },
  { figure: "pressureDrop", title: "pressure drop", low: 2.46, high: 2.5 },
];

/** The intervals whose figures were measured, with what was: older runs may lack some. */
export function measuredOf(figures: FlowFigures): { interval: Interval; value: number }[] {
  return CYLINDER.flatMap((interval) => {
    const value = figures[interval.figure];
    return value === undefined ? [] : [{ interval, value }];
  });
}

/** Distance from an interval relative to its nearest end, with sign; 0 inside. */
export function relativeError(value: number, { low, high }: Interval): number {
  if (value < low) return value / low - 1;
  return value > high ? value / high - 1 : 0;
}
