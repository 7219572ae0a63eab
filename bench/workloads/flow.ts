import { type FlowKernel, type FlowKernelKind, type Grid, grid } from "../../tasks/mod.ts";
import { numbers } from "./workload.ts";

/** Rates that the peer in C has too. */
const [EVEN, ODD] = [1.8, 0.6];

/** Kernels on a lattice of repeatable numbers, with constant rates. */
export function makeKernel(kind: FlowKernelKind, g: Grid, threads: number = 1): FlowKernel {
  const rate = (value: number): Float64Array => new Float64Array(g.pitch).fill(value);
  const kernel = kind.create(g, { even: rate(EVEN), odd: rate(ODD) }, 4, threads);
  kernel.states[0]!.set(start(g));
  kernel.states[2]!.set(start(g));
  return kernel;
}

/** Repeatable numbers in [−0.01, 0.01). */
function start(g: Grid): Float64Array {
  return Float64Array.from(numbers(g.size), (v) => 0.01 * v);
}

/** What one step makes of the repeatable numbers, as one number that all cells enter. */
export function checksum(kind: FlowKernelKind, nx: number, ny: number): number {
  const kernel = makeKernel(kind, grid(nx, ny));
  kernel.step(0, 1);
  return kernel.states[1]!.reduce((sum, v, k) => sum + v * v * (1 + k % 7), 0);
}
