/**
 * Balls around images: steepest directions, projections, random points and distances.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** Norm of the ball: largest change of a pixel, or Euclidean length of the change. */
export type BallNorm = "linf" | "l2";

/** Geometry of one norm, over images as flat arrays of equal length. */
export interface Ball {
  /** Turns a gradient into the direction of steepest ascent of unit length, in place; 0 stays 0. */
  steepest(gradient: Float32Array): void;
  /** Moves `x` to the ball of `radius` around `centre` and into [0, 1], in place. */
  project(x: Float32Array, centre: Float32Array, radius: number): void;
  /** A point of the ball, uniform before the projection, in place. */
  scatter(x: Float32Array, centre: Float32Array, radius: number, random: Random): void;
  /** Distance of two images. */
  distance(x: Float32Array, y: Float32Array): number;
}

/** Largest change of a pixel. */
const linf: Ball = {
  steepest(g) {
    for (let j = 0; j < g.length; j++) g[j] = Math.sign(g[j]!);
  },
  project(x, centre, radius) {
    for (let j = 0; j < x.length; j++) {
      const [low, high] = [centre[j]! - radius, centre[j]! + radius];
      x[j] = Math.min(1, high, Math.max(0, low, x[j]!));
    }
  },
  scatter(x, centre, radius, random) {
    for (let j = 0; j < x.length; j++) x[j] = centre[j]! + radius * (2 * random.uniform() - 1);
    linf.project(x, centre, radius);
  },
  distance: (x, y) => maxNorm(x, y),
};

/** Euclidean length. */
const l2: Ball = {
  steepest(g) {
    // By way of the largest entry: squares of tiny gradients underflow.
    const largest = maxNorm(g);
    if (!(largest > 0) || largest === Infinity) return void g.fill(0);
    let square = 0;
    for (let j = 0; j < g.length; j++) square += (g[j]! / largest) ** 2;
    const length = Math.sqrt(square);
    for (let j = 0; j < g.length; j++) g[j] = g[j]! / largest / length;
  },
  project(x, centre, radius) {
    const length = l2.distance(x, centre);
    const factor = length > radius ? radius / length : 1;
    for (let j = 0; j < x.length; j++) {
      const moved = centre[j]! + factor * (x[j]! - centre[j]!);
      // The box holds the centre: what is cut off only shortens the way.
      x[j] = Math.min(1, Math.max(0, factor === 1 ? x[j]! : moved));
    }
  },
  scatter(x, centre, radius, random) {
    const direction = random.fillNormal(new Float32Array(x.length));
    l2.steepest(direction);
    const length = radius * random.uniform() ** (1 / x.length);
    for (let j = 0; j < x.length; j++) x[j] = centre[j]! + length * direction[j]!;
    l2.project(x, centre, radius);
  },
  distance(x, y) {
    let square = 0;
    for (let j = 0; j < x.length; j++) square += (x[j]! - y[j]!) ** 2;
    return Math.sqrt(square);
  },
};

/** Balls by norm. */
export const balls: Readonly<Record<BallNorm, Ball>> = { linf, l2 };

/** Largest |x − y|, or |x|. */
export function maxNorm(x: Float32Array, y?: Float32Array): number {
  let largest = 0;
  for (let j = 0; j < x.length; j++) {
    largest = Math.max(largest, Math.abs(x[j]! - (y === undefined ? 0 : y[j]!)));
  }
  return largest;
}

/** g/‖g‖_∞, in place; 0 stays 0. */
export function toUnitMaximum(g: Float32Array): void {
  const largest = maxNorm(g);
  for (let j = 0; j < g.length; j++) g[j] = largest > 0 ? g[j]! / largest : 0;
}

/** Calls `f` with each row of matrices of equal height. */
export function forRows(
  count: number,
  matrices: readonly Float32Array[],
  f: (index: number, ...rows: Float32Array[]) => void,
): void {
  for (let i = 0; i < count; i++) {
    f(i, ...matrices.map((m) => m.subarray(i * m.length / count, (i + 1) * m.length / count)));
  }
}
