/**
 * What a step of data-parallel training takes on so many machines, by latency and bandwidth.
 *
 * @module
 */

/** Measured of one step. */
export interface StepCosts {
  /** Median of the whole step. */
  readonly seconds: number;
  /** Of which forward and backward passes, which are divided among processes. */
  readonly pass: number;
  /** Sums over all processes; 0 for one. */
  readonly calls: number;
  /** Bytes that a process tells the others. */
  readonly bytes: number;
}

/** What lies between machines. */
export interface Network {
  /** Name for people. */
  readonly name: string;
  /** Seconds of a message of no length, one way. */
  readonly latency: number;
  /** Bytes per second. */
  readonly bandwidth: number;
}

/**
 * Networks of clusters, by what their makers state: no measurements of ours.
 */
export const NETWORKS: readonly Network[] = [
  { name: "25 Gbit/s Ethernet (20 µs, 3 GB/s)", latency: 20e-6, bandwidth: 3e9 },
  { name: "InfiniBand HDR (2 µs, 24 GB/s)", latency: 2e-6, bandwidth: 24e9 },
];

/**
 * Seconds of a step: passes are divided, what integrators and rules do is done everywhere, and sums
 * take ⌈log₂ n⌉ latencies each and carry 2 (n − 1) / n of their bytes.
 *
 * @param alone Costs of a step by one process.
 * @param told Calls and bytes of a step by several.
 */
export function predicted(
  alone: Pick<StepCosts, "seconds" | "pass">,
  told: Pick<StepCosts, "calls" | "bytes">,
  machines: number,
  { latency, bandwidth }: Omit<Network, "name">,
): number {
  const work = alone.seconds - alone.pass + alone.pass / machines;
  const rounds = Math.ceil(Math.log2(machines));
  const carried = 2 * (machines - 1) / machines * told.bytes;
  return work + told.calls * rounds * latency + carried / bandwidth;
}

/**
 * Latency and bandwidth of what carried sums between two processes.
 *
 * @param shortest Seconds of the shortest sum.
 * @param longest Seconds and bytes of a long one.
 */
export function networkOf(
  shortest: number,
  longest: { readonly seconds: number; readonly bytes: number },
): Network {
  const bandwidth = longest.bytes / Math.max(longest.seconds - shortest, Number.MIN_VALUE);
  return { name: "memory of this machine", latency: shortest, bandwidth };
}

/** Median. */
export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[sorted.length >> 1]!;
}
