import { layoutOf } from "../../tasks/kinetic/grid.ts";
import {
  allSides,
  limiters,
  type Ordinates,
  squareGrid,
  type SweepKernel,
  type SweepKernelKind,
} from "../../tasks/mod.ts";
import { numbers } from "./workload.ts";

/** What the peer in C has too: what cells keep, their source, and Δt over the width of a cell. */
const [KEPT, SOURCE, COURANT] = [0.9, 0.01, 0.3];

/** Sizes of a step: its order, cells along each axis, directions. */
export type SweepSize = readonly [order: 1 | 2, cells: number, directions: number];

function ordinates(count: number): Ordinates {
  return {
    x: Float64Array.from({ length: count }, (_, q) => 0.8 * ((2 * q + 1) / count - 1)),
    y: Float64Array.from({ length: count }, (_, q) => q % 2 ? -0.5 : 0.5),
    weights: new Float64Array(count).fill(6 / count),
    total: 6,
  };
}

/** Kernels on a square of repeatable numbers. */
export function makeSweep(
  kind: SweepKernelKind,
  [order, cells, count]: SweepSize,
  threads: number = 1,
): SweepKernel {
  const grid = squareGrid({ x: [0, 1], y: [0, 1] }, cells);
  const kernel = kind.create({
    grid,
    ordinates: ordinates(count),
    sides: allSides({ kind: "vacuum" }),
    order,
    limiter: limiters.get("venkatakrishnan"),
    clip: true,
    staleFlux: false,
  }, threads);
  kernel.kept.fill(KEPT);
  kernel.source.fill(SOURCE);
  kernel.setStep(COURANT * grid.hx);
  start(kernel, cells);
  return kernel;
}

/** Repeatable numbers in [0, 1) in the cells, zeros around them. */
function start({ states: [state] }: SweepKernel, cells: number): void {
  const { pitch, plane } = layoutOf(squareGrid({ x: [0, 1], y: [0, 1] }, cells));
  const inside = (i: number): boolean => i >= 0 && i < cells;
  numbers(state.length).forEach((value, k) => {
    const [i, j] = [k % pitch - 2, Math.floor(k % plane / pitch) - 2];
    state[k] = inside(i) && inside(j) ? 0.5 + 0.5 * value : 0;
  });
}

/** A step: an upwind stage, or both stages of Heun's method. */
export function sweepStep(kernel: SweepKernel, order: 1 | 2, number: number): void {
  if (order === 1) return kernel.stage(number % 2 as 0 | 1, (1 - number % 2) as 0 | 1, "step");
  kernel.stage(0, 1, "step");
  kernel.stage(1, 0, "mean");
}

/** What one step makes of the repeatable numbers, as one number that all cells enter. */
export function sweepChecksum(kind: SweepKernelKind, size: SweepSize): number {
  const kernel = makeSweep(kind, size);
  sweepStep(kernel, size[0], 0);
  const state = kernel.states[size[0] === 1 ? 1 : 0];
  return state.reduce((sum, v, k) => sum + v * v * (1 + k % 7), 0);
}
