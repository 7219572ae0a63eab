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
  const [r, h] = [timings.get(refresh)!, timings.get(held)!];
  timings.set(name, {
    median: amortised(r.median, h.median),
    p75: amortised(r.p75, h.p75),
    min: amortised(r.min, h.min),
  });
}
