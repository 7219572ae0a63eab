/**
 * Cartesian grids and how directions lie in memory: one plane each, with a frame of two cells.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../../core/mod.ts";

/** Equal cells on a rectangle; a slab has one row of height 1. */
export interface CartesianGrid {
  /** Cells along x. */
  readonly nx: number;
  /** Cells along y. */
  readonly ny: number;
  /** Width of a cell. */
  readonly hx: number;
  /** Height of a cell. */
  readonly hy: number;
  /** Left end. */
  readonly x0: number;
  /** Lower end. */
  readonly y0: number;
}

/** A rectangle. */
export interface Box {
  /** Left and right end. */
  readonly x: readonly [number, number];
  /** Lower and upper end. */
  readonly y: readonly [number, number];
}

/**
 * Square cells on a box.
 *
 * @param nx Cells along x.
 * @throws {RangeError} When the height is no whole number of cells.
 */
export function squareGrid({ x, y }: Box, nx: number): CartesianGrid {
  checkInteger("make a grid", "the number of cells", nx);
  const h = (x[1] - x[0]) / nx;
  const ny = Math.round((y[1] - y[0]) / h);
  if (Math.abs(ny * h - (y[1] - y[0])) > 1e-9 * (y[1] - y[0])) {
    throw new RangeError(
      `Cannot make a grid: expected a height that is a whole number of cells of ${h}, got ${
        y[1] - y[0]
      }`,
    );
  }
  return { nx, ny, hx: h, hy: (y[1] - y[0]) / ny, x0: x[0], y0: y[0] };
}

/** A slab. */
export function slabGrid([begin, end]: readonly [number, number], nx: number): CartesianGrid {
  checkInteger("make a grid", "the number of cells", nx, { least: 3 });
  checkNumber("make a grid", "the end", end, { above: begin });
  return { nx, ny: 1, hx: (end - begin) / nx, hy: 1, x0: begin, y0: -0.5 };
}

/** Area of a cell. */
export function areaOf({ hx, hy }: CartesianGrid): number {
  return hx * hy;
}

/** Whether it is a slab, of which nothing varies along y. */
export function isSlab({ ny, hy }: CartesianGrid): boolean {
  return ny === 1 && hy === 1;
}

/** Square of the width of cells, as limiters take it for what is smooth. */
export function squaredWidth(g: CartesianGrid): number {
  return isSlab(g) ? g.hx * g.hx : areaOf(g);
}

/** f(x, y) at the centres of cells, nx × ny numbers, cell (i, j) at j nx + i. */
export function sampled(g: CartesianGrid, f: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({ length: g.nx * g.ny }, (_, k) => {
    const [i, j] = [k % g.nx, Math.floor(k / g.nx)];
    return f(g.x0 + (i + 0.5) * g.hx, g.y0 + (j + 0.5) * g.hy);
  });
}

/** Cells of the frame on each side: slopes in its inner ones need the outer ones. */
export const FRAME = 2;

/** The cell at a place in the plane of a direction, as {@linkcode sampled} counts them. */
export function cellAt(g: CartesianGrid, place: number): number {
  const { pitch } = layoutOf(g);
  return (Math.floor(place / pitch) - FRAME) * g.nx + place % pitch - FRAME;
}

/** How the numbers of one direction, and those of a field, lie in memory. */
export interface Layout {
  /** Numbers from a row of a direction to the next, even. */
  readonly pitch: number;
  /** Numbers of a direction, its frame included. */
  readonly plane: number;
  /** Place of cell (0, 0) in its direction. */
  readonly origin: number;
  /** Numbers from a row of a field, which has no frame, to the next, even. */
  readonly fieldPitch: number;
}

/** The layout of a grid. */
export function layoutOf({ nx, ny }: CartesianGrid): Layout {
  const pitch = 2 * Math.ceil((nx + 2 * FRAME) / 2);
  return {
    pitch,
    plane: pitch * (ny + 2 * FRAME),
    origin: FRAME * pitch + FRAME,
    fieldPitch: 2 * Math.ceil(nx / 2),
  };
}
