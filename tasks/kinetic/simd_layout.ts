/**
 * Where everything lies in the memory of the stages in WebAssembly, in bytes.
 *
 * @module
 */

import { layoutOf } from "./grid.ts";
import { DIRECTION, sizesOf, type SweepScheme } from "./kernel.ts";

/** Bytes of a number. */
export const BYTES = 8;
/** Most pieces that a stage is cut into: each has rows of face values of its own. */
export const MOST_PIECES = 64;
/** Rows of face values of a piece: along x, and along y of this row and of the one before. */
const FACE_ROWS = 3;

/** Places of the signs of a direction, in its row of the table of integers. */
export const TURN = { upX: 0, rowStep: 4, fieldStep: 8, clipStep: 12, maskStep: 16, down: 20 };
/** Bytes of such a row. */
export const TURN_BYTES = 24;

/** Addresses. */
export interface SweepAddresses {
  /** Bytes from a row of a direction to the next. */
  readonly pitch: number;
  /** Bytes of a direction. */
  readonly plane: number;
  /** Bytes from a row of a field to the next. */
  readonly fieldPitch: number;
  /** Bytes of a field. */
  readonly field: number;
  /** Bytes of a row of face values. */
  readonly faces: number;
  /** Numbers of directions. */
  readonly directions: number;
  /** Integers of directions. */
  readonly turns: number;
  /** Masks of slopes by column and by row. */
  readonly maskX: number;
  readonly maskY: number;
  /** Three fields: kept, source, flux. */
  readonly kept: number;
  /** What was clipped. */
  readonly clipped: number;
  /** Rows of face values of the pieces. */
  readonly rings: number;
  /** Bytes of those of one piece. */
  readonly ring: number;
  /** The two states. */
  readonly states: readonly [number, number];
  /** Bytes of it all. */
  readonly end: number;
}

/** Lays out the memory. */
export function addressesOf(scheme: SweepScheme): SweepAddresses {
  const { grid: { ny }, ordinates: { weights } } = scheme;
  const { pitch, plane, fieldPitch } = layoutOf(scheme.grid);
  const { state, field } = sizesOf(scheme);
  let end = 0;
  const place = (bytes: number): number => {
    const start = end;
    // Loads of pairs may reach beyond the last number.
    end += 64 * Math.ceil((bytes + 2 * BYTES) / 64);
    return start;
  };
  const faces = 64 * Math.ceil(BYTES * (pitch + 2) / 64);
  const ring = FACE_ROWS * faces;
  return {
    pitch: BYTES * pitch,
    plane: BYTES * plane,
    fieldPitch: BYTES * fieldPitch,
    field: BYTES * field,
    faces,
    directions: place(BYTES * DIRECTION.size * weights.length),
    turns: place(TURN_BYTES * weights.length),
    maskX: place(BYTES * pitch),
    maskY: place(BYTES * (ny + 2)),
    kept: place(3 * BYTES * field),
    clipped: place(2 * BYTES * ny),
    rings: place(MOST_PIECES * ring),
    ring,
    states: [place(BYTES * state), place(BYTES * state)],
    end,
  };
}

/** What of a direction is whole: bytes to the upwind cell and from row to row, upwind first. */
export function writeTurns(scheme: SweepScheme, a: SweepAddresses, table: Int32Array): void {
  const { x, y } = scheme.ordinates;
  x.forEach((_, q) => {
    const up = y[q]! < 0 ? -1 : 1;
    const row = [
      x[q]! < 0 ? BYTES : -BYTES,
      ...[a.pitch, a.fieldPitch, 2 * BYTES, BYTES].map((bytes) => up * bytes),
      up < 0 ? 1 : 0,
    ];
    table.set(row, q * TURN_BYTES / 4);
  });
}
