/**
 * The nine velocities of the lattice: rest, four along the axes, four along the diagonals.
 *
 * @module
 */

/** Directions per cell. */
export const DIRECTIONS = 9;

/** x of each velocity in cells per step: rest, E, N, W, S, NE, NW, SW, SE. */
export const CX: readonly number[] = [0, 1, 0, -1, 0, 1, -1, -1, 1];
/** y of each velocity in cells per step. */
export const CY: readonly number[] = [0, 0, 1, 0, -1, 1, 1, -1, -1];
/** Weights of the quadrature; they sum to 1. */
export const WEIGHTS: readonly number[] = [
  4 / 9,
  ...[1 / 9, 1 / 9, 1 / 9, 1 / 9],
  ...[1 / 36, 1 / 36, 1 / 36, 1 / 36],
];
/** The direction that points the other way. */
export const OPPOSITE: readonly number[] = [0, 3, 4, 1, 2, 7, 8, 5, 6];

/** A direction and its opposite with what they share. */
export interface DirectionPair {
  /** One direction. */
  readonly i: number;
  /** Its opposite. */
  readonly o: number;
  /** x of the first one. */
  readonly cx: number;
  /** y of the first one. */
  readonly cy: number;
  /** Weight of either. */
  readonly w: number;
}

/** The four pairs of opposite directions. */
export const PAIRS: readonly DirectionPair[] = [1, 2, 5, 6].map((i) => ({
  i,
  o: OPPOSITE[i]!,
  cx: CX[i]!,
  cy: CY[i]!,
  w: WEIGHTS[i]!,
}));

/** Momentum Σ cᵢ hᵢ of a cell along the channel. */
export function momentumX(h: Float64Array): number {
  return h[1]! - h[3]! + h[5]! - h[6]! - h[7]! + h[8]!;
}

/** Momentum of a cell across the channel. */
export function momentumY(h: Float64Array): number {
  return h[2]! - h[4]! + h[5]! + h[6]! - h[7]! - h[8]!;
}
