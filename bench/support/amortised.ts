import type { Timing } from "../harness.ts";

/** Steps of a cycle in the tables: one of the integrator, and in the others the cores alone. */
export const CYCLE = 10;

/**
 * Seconds of a step, on the average over a cycle: both kinds are measured apart, so that no turn
 * depends on how many of each it happened to have.
 *
 * @param refresh Seconds of a step of the integrator.
 * @param held Seconds of a step of the cores alone.
 */
export function amortised(refresh: number, held: number): number {
  return (refresh + (CYCLE - 1) * held) / CYCLE;
}

/**
 * Adds the average step to the timings.
 *
 * @param name Of the new entry.
 * @param refresh Name of the step of the integrator.
 * @param held Name of the step of the cores alone.
 */
export function addAmortised(
  timings: Map<string, Timing>,
  name: string,
  refresh: string,
  held: string,
): void {
  addMean(timings, name, { [refresh]: 1, [held]: CYCLE - 1 });
}

/**
 * Adds the average step of a cycle of several kinds.
 *
 * @param name Of the new entry.
 * @param counts Steps of a cycle by the name of their kind.
 */
export function addMean(
  timings: Map<string, Timing>,
  name: string,
  counts: Readonly<Record<string, number>>,
): void {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const mean = (of: keyof Timing): number =>
    Object.entries(counts).reduce((sum, [kind, n]) => sum + n * timings.get(kind)![of], 0) / all;
  timings.set(name, { median: mean("median"), p75: mean("p75"), min: mean("min") });
}
