/**
 * The frame around the lattice: no-slip walls, inflow and outflow.
 *
 * At walls, half-way between cells, what went out comes back. Inlet and outlet are columns of cells
 * of their own: at the inlet the equilibrium of the given velocity and the next cell's density; at
 * the outlet the last cell with a part of its density taken away, which keeps velocity and stress
 * (after Guo, Zheng and Shi 2002). With all of it the pressure would be fixed there, and sound would
 * run to and fro in the channel for long; a small part holds the mean pressure and lets sound out.
 * All of it is linear in the state, up to a constant.
 *
 * @module
 */

import type { Channel } from "./channel.ts";
import { slot } from "./grid.ts";
import { CX, CY, DIRECTIONS, OPPOSITE, WEIGHTS } from "./lattice.ts";

/** Part of the density at the outlet that is taken away in each step. */
const HOLD = 0.03;

/** What a frame consists of. */
export interface Frame {
  /** Walls: state[to] ← state[from]. */
  readonly walls: { readonly to: Int32Array; readonly from: Int32Array };
  /** Inlet: state[to] ← weight · ρ(cell) + constant. */
  readonly inlet: Column;
  /** Outlet: state[to] ← state[from] − `HOLD` · weight · ρ(cell). */
  readonly outlet: Column;
  /** Slots inside that the bulk of a step does not read: what leaves the lattice. */
  readonly leaving: Int32Array;
  /** Numbers from one direction to the next. */
  readonly plane: number;
}

/** A column of cells outside the lattice, one entry for each slot, cell by cell. */
export interface Column {
  /** Slots outside. */
  readonly to: Int32Array;
  /** The same direction of the cell next to each. */
  readonly from: Int32Array;
  /** That cell. */
  readonly cell: Int32Array;
  /** Weight of the direction. */
  readonly weight: Float64Array;
  /** What the inflow adds. */
  readonly constant: Float64Array;
}

/** The frame of a channel. */
export function frame(channel: Channel): Frame {
  const { grid: g } = channel;
  const reflections = range(1, 8).flatMap((i) =>
    CY[i] === 0 ? [] : range(1, g.nx).map((x) => {
      const y = CY[i]! > 0 ? 1 : g.ny;
      return [slot(g, i, x - CX[i]!, y - CY[i]!), slot(g, OPPOSITE[i]!, x, y)] as const;
    })
  );
  return {
    walls: {
      to: Int32Array.from(reflections, ([to]) => to),
      from: Int32Array.from(reflections, ([, from]) => from),
    },
    inlet: column(channel, 0, 1),
    outlet: column(channel, g.nx + 1, g.nx),
    leaving: Int32Array.from(leavingSlots(channel)),
    plane: g.plane,
  };
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, k) => first + k);

/** Column x beside column `next`. */
function column({ grid: g, inflow }: Channel, x: number, next: number): Column {
  const directions = range(1, 8).filter((i) => CX[i] === next - x);
  const entries = range(1, g.ny).flatMap((y) => directions.map((i) => ({ i, y })));
  return {
    to: Int32Array.from(entries, ({ i, y }) => slot(g, i, x, y)),
    from: Int32Array.from(entries, ({ i, y }) => slot(g, i, next, y)),
    cell: Int32Array.from(entries, ({ y }) => slot(g, 0, next, y)),
    weight: Float64Array.from(entries, ({ i }) => WEIGHTS[i]!),
    constant: Float64Array.from(entries, ({ i, y }) => equilibrium(i, inflow(y - 0.5))),
  };
}

function* leavingSlots({ grid: g }: Channel): Generator<number> {
  for (let i = 1; i < DIRECTIONS; i++) {
    for (let y = 1; y <= g.ny; y++) {
      const inside = (x: number): boolean =>
        x + CX[i]! >= 1 && x + CX[i]! <= g.nx && y + CY[i]! >= 1 && y + CY[i]! <= g.ny;
      const edge = y === 1 || y === g.ny ? range(1, g.nx) : [1, g.nx];
      for (const x of edge) if (!inside(x)) yield slot(g, i, x, y);
    }
  }
}

/** Equilibrium of velocity u along the channel at rest pressure. */
function equilibrium(i: number, u: number): number {
  const along = CX[i]! * u;
  return WEIGHTS[i]! * (3 * along + 4.5 * along ** 2 - 1.5 * u * u);
}

/** Fills the frame of a state. */
export function fillFrame({ walls, inlet, outlet, plane }: Frame, state: Float64Array): void {
  const { to, from } = walls;
  for (let k = 0; k < to.length; k++) state[to[k]!] = state[from[k]!]!;
  let rho = 0;
  for (let k = 0; k < inlet.to.length; k++) {
    if (inlet.cell[k] !== inlet.cell[k - 1]) rho = density(state, inlet.cell[k]!, plane);
    state[inlet.to[k]!] = inlet.weight[k]! * rho + inlet.constant[k]!;
  }
  for (let k = 0; k < outlet.to.length; k++) {
    if (outlet.cell[k] !== outlet.cell[k - 1]) rho = density(state, outlet.cell[k]!, plane);
    state[outlet.to[k]!] = state[outlet.from[k]!]! - HOLD * outlet.weight[k]! * rho;
  }
}

/** Adjoint of {@linkcode fillFrame}: from the filled state to the state before. */
export function fillFrameAdjoint(f: Frame, adjoint: Float64Array): void {
  const { walls, inlet, outlet, leaving, plane } = f;
  for (let k = 0; k < leaving.length; k++) adjoint[leaving[k]!] = 0;
  for (let k = 0; k < walls.to.length; k++) adjoint[walls.from[k]!]! += adjoint[walls.to[k]!]!;
  for (let k = 0; k < inlet.to.length; k++) {
    addToDensity(adjoint, inlet.cell[k]!, plane, inlet.weight[k]! * adjoint[inlet.to[k]!]!);
  }
  for (let k = 0; k < outlet.to.length; k++) {
    const seed = adjoint[outlet.to[k]!]!;
    adjoint[outlet.from[k]!]! += seed;
    addToDensity(adjoint, outlet.cell[k]!, plane, -HOLD * outlet.weight[k]! * seed);
  }
}

function density(state: Float64Array, cell: number, plane: number): number {
  let rho = 0;
  for (let i = 0; i < DIRECTIONS; i++) rho += state[cell + i * plane]!;
  return rho;
}

function addToDensity(adjoint: Float64Array, cell: number, plane: number, seed: number): void {
  for (let i = 0; i < DIRECTIONS; i++) adjoint[cell + i * plane]! += seed;
}

/** A lattice filled with the inflow profile at uniform pressure, as equilibrium. */
export function parabola({ grid: g, inflow }: Channel): Float64Array {
  const state = new Float64Array(g.size);
  for (let i = 0; i < DIRECTIONS; i++) {
    for (let y = 1; y <= g.ny; y++) {
      const value = equilibrium(i, inflow(y - 0.5));
      state.fill(value, slot(g, i, 1, y), slot(g, i, g.nx, y) + 1);
    }
  }
  return state;
}
