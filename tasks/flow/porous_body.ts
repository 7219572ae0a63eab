/**
 * A body on the lattice: cells that are solid to a degree, smoothly from the outside to the inside.
 *
 * In a cell of degree B, a share of what comes in is thrown back instead of collided,
 *
 *   hᵢ* = (1 − B) Cᵢ(h) + B h_ō,
 *
 * which takes the momentum 2 B j from the fluid: the force on the body (after Noble and Torczynski
 * 1998). B = ½ stops the fluid in one step. B follows from the share ε of the cell that is solid as
 * B = ½ ε s / (1 − ε + s) with s = 1/ω⁺ − ½, and ε rises from 0 to 1 over a skin of two cells. What is
 * thrown back by a stopped cell meets the fluid half-way to the next cell, so the middle of the skin
 * lies half a cell inside the surface.
 *
 * The flow depends smoothly on the shape: no cell changes from fluid to solid at once, as it does
 * with links that are cut by a sharp surface, where drag jumps by more than half a percent at 16
 * cells per diameter. Averages are then differentiable everywhere, and a search can trust them.
 *
 * @module
 */

import type { Body } from "./body.ts";
import type { Channel } from "./channel.ts";
import { type Grid, pullOffsets } from "./grid.ts";
import { CX, CY, DIRECTIONS, momentumX, momentumY, OPPOSITE } from "./lattice.ts";
import { collide } from "./plain_kernel.ts";

/** A body as cells. */
export interface PorousBody {
  /** Place of each cell in a plane. */
  readonly cells: Int32Array;
  /** Degree B of each cell, in (0, ½]. */
  readonly degree: Float64Array;
  /** Rates of each cell, ω⁺ and ω⁻ in turn. */
  readonly rates: Float64Array;
  /** Derivatives of the degrees in the parameters, by cell and parameter. */
  readonly slopes: Float64Array;
  /** Parameters of the body. */
  readonly parameters: number;
  /** Where the directions of a cell come from, relative to it. */
  readonly pull: readonly number[];
  /** Numbers from one direction to the next. */
  readonly plane: number;
}

/** Degree of a cell that is solid: it stops the fluid. */
const SOLID = 0.5;
/** Half the thickness of the skin, in cells. */
const SKIN = 1;
/** How far the middle of the skin lies inside the surface, in cells. */
const INSET = 0.5;

interface Cell {
  readonly place: number;
  readonly degree: number;
  readonly slopes: Float64Array;
}

/**
 * Puts a body into a channel.
 *
 * @throws {RangeError} When the body comes closer than two cells to an end or a wall.
 */
export function porousBody(channel: Channel, body: Body): PorousBody {
  const { grid: g, relaxation } = channel;
  const cells = cellsOf(channel, body);
  const columns = cells.map(({ place }) => place % g.pitch);
  return {
    cells: Int32Array.from(cells, (c) => c.place),
    degree: Float64Array.from(cells, (c) => c.degree),
    rates: Float64Array.from(columns.flatMap((x) => [relaxation.even[x]!, relaxation.odd[x]!])),
    slopes: Float64Array.from(cells.flatMap((c) => [...c.slopes])),
    parameters: cells[0]?.slopes.length ?? 0,
    pull: pullOffsets(g),
    plane: g.plane,
  };
}

function cellsOf(channel: Channel, body: Body): Cell[] {
  const { grid: g, center, diameter, relaxation } = channel;
  const reach = Math.ceil(body.reach * diameter + SKIN);
  const [cx, cy] = [Math.round(center[0]), Math.round(center[1] + 0.5)];
  checkRoom(g, cx, cy, reach + 2);
  const slack = 1 / relaxation.even[1]! - 0.5;
  const cells: Cell[] = [];
  for (let y = cy - reach; y <= cy + reach; y++) {
    for (let x = cx - reach; x <= cx + reach; x++) {
      // Columns stand at whole distances from the inlet, rows half a cell off the wall.
      const at = [(x - center[0]) / diameter, (y - 0.5 - center[1]) / diameter] as const;
      const depth = (body.level(...at) * diameter + INSET) / SKIN;
      if (depth >= 1) continue;
      const { value, slope } = degree(Math.max(depth, -1), slack);
      const factor = slope * diameter / SKIN;
      const slopes = body.slopes(...at).map((d) => factor === 0 ? 0 : d * factor);
      cells.push({ place: y * g.pitch + x, degree: value, slopes });
    }
  }
  return cells;
}

/** B and its derivative, t half skins outside of the skin's middle, from −1 to 1. */
function degree(t: number, slack: number): { value: number; slope: number } {
  const solid = 0.5 - t * (15 / 16 - t * t * (5 / 8 - t * t * 3 / 16));
  const fall = -15 / 16 * (1 - t * t) ** 2;
  const rest = 1 - solid + slack;
  return {
    value: SOLID * solid * slack / rest,
    slope: SOLID * slack * (1 + slack) / rest ** 2 * fall,
  };
}

function checkRoom({ nx, ny }: Grid, x: number, y: number, reach: number): void {
  if (x - reach >= 1 && x + reach <= nx && y - reach >= 1 && y + reach <= ny) return;
  throw new RangeError(
    `Cannot place the body: expected at most ${Math.min(x, y) - 3} cells from its centre to its ` +
      `surface in a channel of ${nx}×${ny} cells, got ${reach - 3}; make it smaller`,
  );
}

/** A force on the body in lattice units. */
export type Force = readonly [drag: number, lift: number];

/** Throws back what the body takes of a step between two states; tells the force on it. */
export function throwBack(b: PorousBody, from: Float64Array, to: Float64Array): Force {
  const { cells, degree, pull, plane } = b;
  const h = new Float64Array(DIRECTIONS);
  let [drag, lift] = [0, 0];
  for (let k = 0; k < cells.length; k++) {
    const cell = cells[k]!;
    const share = degree[k]!;
    for (let i = 0; i < DIRECTIONS; i++) h[i] = from[cell + pull[i]!]!;
    drag += 2 * share * momentumX(h);
    lift += 2 * share * momentumY(h);
    for (let i = 0, at = cell; i < DIRECTIONS; i++, at += plane) {
      to[at] = (1 - share) * to[at]! + share * h[OPPOSITE[i]!]!;
    }
  }
  return [drag, lift];
}

/** What {@linkcode throwBackAdjoint} leaves to be added after the bulk. */
export type Leftover = Float64Array;

/**
 * Adjoint of {@linkcode throwBack}, before the adjoint of the bulk.
 *
 * @param from The filled state at the beginning of the step.
 * @param adjoint Adjoint of the state at its end; then that of what the bulk made.
 * @param seed Derivatives of the objective in the force.
 * @param gradient Derivatives of the objective in the degrees; added to.
 * @returns What {@linkcode addLeftover} adds to the adjoint that the bulk makes of it.
 */
export function throwBackAdjoint(
  b: PorousBody,
  from: Float64Array,
  adjoint: Float64Array,
  seed: Force,
  gradient: Float64Array,
): Leftover {
  const { cells, degree, rates, pull, plane } = b;
  const [x, y] = seed;
  const force = CX.map((cx, i) => 2 * (cx * x + CY[i]! * y));
  const h = new Float64Array(DIRECTIONS);
  const l = new Float64Array(DIRECTIONS);
  const leftover = new Float64Array(cells.length * DIRECTIONS);
  for (let k = 0; k < cells.length; k++) {
    const cell = cells[k]!;
    const share = degree[k]!;
    for (let i = 0, at = cell; i < DIRECTIONS; i++, at += plane) {
      h[i] = from[cell + pull[i]!]!;
      l[i] = adjoint[at]!;
      adjoint[at] = (1 - share) * l[i]!;
    }
    let slope = 2 * (x * momentumX(h) + y * momentumY(h));
    for (let i = 0; i < DIRECTIONS; i++) {
      const o = OPPOSITE[i]!;
      slope += l[i]! * h[o]!;
      leftover[k * DIRECTIONS + i] = share * (l[o]! + force[i]!);
    }
    collide(h, rates[2 * k]!, rates[2 * k + 1]!);
    for (let i = 0; i < DIRECTIONS; i++) slope -= l[i]! * h[i]!;
    gradient[k]! += slope;
  }
  return leftover;
}

/** Adds what {@linkcode throwBackAdjoint} left, after the adjoint of the bulk. */
export function addLeftover(b: PorousBody, leftover: Leftover, adjoint: Float64Array): void {
  const { cells, pull } = b;
  for (let k = 0, at = 0; k < cells.length; k++) {
    const cell = cells[k]!;
    for (let i = 0; i < DIRECTIONS; i++, at++) adjoint[cell + pull[i]!]! += leftover[at]!;
  }
}

/** Derivatives in the parameters of the body from those in the degrees of its cells. */
export function parameterGradient(b: PorousBody, degrees: Float64Array): Float64Array {
  const gradient = new Float64Array(b.parameters);
  for (let k = 0; k < degrees.length; k++) {
    for (let p = 0; p < b.parameters; p++) {
      gradient[p]! += degrees[k]! * b.slopes[k * b.parameters + p]!;
    }
  }
  return gradient;
}
