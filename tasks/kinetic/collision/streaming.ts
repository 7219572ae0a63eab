/**
 * Collision operators in transport through a slab: particles that stream in, and a pulse.
 *
 * @module
 */

import { sampled, slabGrid } from "../grid.ts";
import type { Ordinates } from "../ordinates.ts";
import type { Setup } from "../problem.ts";
import { planeSource } from "../problems/mod.ts";
import { allSides, vacuum } from "../sides.ts";
import { addBalance, emptyBalance, OrdinatesSolver } from "../solver.ts";
import type { VelocityNodes } from "./nodes.ts";
import type { CollisionOperator } from "./operator.ts";

/** Problems by name; their collisions have the unit rate. */
export const STREAMINGS = { inflow, pulse: (cells: number) => planeSource.setup(cells) } as const;

/** Names of {@linkcode STREAMINGS}. */
export type Streaming = keyof typeof STREAMINGS;

/** An empty slab of length 10 into which ψ = 1 streams from the left, until time 4. */
function inflow(cells: number): Setup {
  const grid = slabGrid([0, 10], cells);
  const value = Float64Array.of(1);
  return {
    grid,
    scattering: sampled(grid, () => 1),
    absorption: sampled(grid, () => 0),
    source: sampled(grid, () => 0),
    start: sampled(grid, () => 0),
    sides: { ...allSides({ kind: "periodic" }), left: { kind: "inflow", value }, right: vacuum },
    time: 4,
    regions: [],
    perimeters: [],
    probes: [],
  };
}

/** What a run came to. */
export interface Streamed {
  /** Centres of cells. */
  readonly x: Float64Array;
  /** φ/|V| there at the end. */
  readonly flux: Float64Array;
  /** Mass that nothing explains but collisions, over what was there or came in. */
  readonly defect: number;
}

/** Courant number: 100 steps of the inflow on 100 cells. */
const CFL = 0.4;

/**
 * Solves a problem with an operator by upwind differences and Euler's method.
 *
 * @param nodes Nodes of the operator; the last of their coordinates is that along the slab.
 */
export function stream(
  problem: Streaming,
  cells: number,
  nodes: VelocityNodes,
  collision: CollisionOperator,
): Streamed {
  const setup = STREAMINGS[problem](cells);
  const { hx, x0 } = setup.grid;
  const ordinates = ordinatesOf(nodes);
  using solver = new OrdinatesSolver(setup, ordinates, {
    order: 1,
    clip: false,
    cfl: CFL,
    collision,
  });
  const mass = (): number => hx * solver.flux.reduce((sum, phi) => sum + phi, 0);
  const [before, balance] = [mass(), emptyBalance()];
  for (let n = 0; n < solver.steps.count; n++) addBalance(balance, solver.step(n));
  const { inflow, outflow } = balance;
  return {
    x: Float64Array.from({ length: cells }, (_, i) => x0 + (i + 0.5) * hx),
    flux: solver.flux.map((phi) => phi / ordinates.total),
    defect: Math.abs(mass() - (before + inflow - outflow)) / (before + inflow),
  };
}

function ordinatesOf({ points: { rows, cols, data }, weights }: VelocityNodes): Ordinates {
  return {
    x: Float64Array.from({ length: rows }, (_, k) => data[k * cols + cols - 1]!),
    y: new Float64Array(rows),
    weights,
    total: cols === 1 ? 2 : 4 * Math.PI,
  };
}

/** Mean over cells of (φ − known)²/|V|². */
export function meanSquaredError(flux: Float64Array, known: Float64Array): number {
  return flux.reduce((sum, phi, k) => sum + (phi - known[k]!) ** 2, 0) / flux.length;
}
