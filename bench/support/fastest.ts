import type { Timing } from "../harness.ts";
import type { Figure } from "./history.ts";

/** Timings as figures in seconds. */
export function inSeconds(timings: ReadonlyMap<string, Timing>): Map<string, Figure> {
  return new Map([...timings].map(([name, t]) => [name, { ...t, unit: "s" }]));
}

/**
 * The fastest of the variants whose names start with a text: each side of a comparison is taken at
 * its best thread count.
 *
 * @returns Its median in seconds; undefined where there is no such variant.
 */
export function fastest(
  timings: ReadonlyMap<string, Timing>,
  ...prefixes: string[]
): number | undefined {
  const medians = [...timings].filter(([name]) => prefixes.some((p) => name.startsWith(p)))
    .map(([, t]) => t.median);
  return medians.length > 0 ? Math.min(...medians) : undefined;
}

/** a / b where both are known. */
export function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}
