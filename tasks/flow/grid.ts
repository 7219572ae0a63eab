/**
 * Cells in memory: one plane per direction, rows along the channel, a frame of one cell around.
 *
 * @module
 */

import { CX, CY, DIRECTIONS } from "./lattice.ts";

/** Sizes of a lattice. Cells inside have x from 1 to nx and y from 1 to ny. */
export interface Grid {
  /** Cells along the channel, even. */
  readonly nx: number;
  /** Cells across the channel. */
  readonly ny: number;
  /** Numbers from one row to the next: nx + 2. */
  readonly pitch: number;
  /** Numbers from one direction to the next. */
  readonly plane: number;
  /** Numbers of a state: all directions of all cells, frame included. */
  readonly size: number;
}

/**
 * Lays out a lattice.
 *
 * @param nx Cells along the channel, even, such that vectors of two cells fit.
 * @param ny Cells across the channel.
 * @throws {RangeError} When a size is not a whole number ≥ 4, or nx is odd.
 */
export function grid(nx: number, ny: number): Grid {
  for (const n of [nx, ny]) {
    if (Number.isInteger(n) && n >= 4 && nx % 2 === 0) continue;
    throw new RangeError(
      `Cannot lay out a lattice: expected whole sizes ≥ 4 with an even length, got ${nx}×${ny}`,
    );
  }
  const pitch = nx + 2;
  const plane = pitch * (ny + 2);
  return { nx, ny, pitch, plane, size: DIRECTIONS * plane };
}

/** Position of direction i of cell (x, y) in a state. */
export function slot(g: Grid, i: number, x: number, y: number): number {
  return i * g.plane + y * g.pitch + x;
}

/**
 * Where each direction of a cell comes from, relative to the cell: the neighbour against its
 * velocity.
 */
export function pullOffsets(g: Grid): number[] {
  return CX.map((cx, i) => i * g.plane - CY[i]! * g.pitch - cx);
}
