/**
 * Discrete ordinates: directions with weights, as quadratures make them.
 *
 * @module
 */

import { type Plugin, Registry } from "../../core/mod.ts";

/** Directions and their weights. */
export interface Ordinates {
  /** Components Ωₓ. */
  readonly x: Float64Array;
  /** Components Ω_y; zeros in a slab. */
  readonly y: Float64Array;
  /** Weights, positive. */
  readonly weights: Float64Array;
  /** Their exact sum |S|: 2π for the upper half-sphere, 2 for a slab. */
  readonly total: number;
}

/** A way to choose directions. */
export interface Quadrature extends Plugin {
  /** 1 for slabs, 2 for the half-sphere of problems in the plane. */
  readonly dimension: 1 | 2;
  /** Where a rule of other orders fails, the orders that there are, in words. */
  readonly orders: string;
  /**
   * The rule of an order.
   *
   * @throws {RangeError} When there is none of that order.
   */
  ordinates(order: number): Ordinates;
}

/** Quadratures by name. */
export const quadratures: Registry<Quadrature> = new Registry("quadrature");

/** A direction of the half-sphere with its weight. */
export type Point = readonly [x: number, y: number, z: number, weight: number];

/** Directions of one octant, mirrored in the planes x = 0 and y = 0. */
export function mirrored(octant: readonly Point[]): Ordinates {
  const signs = [[1, 1], [-1, 1], [-1, -1], [1, -1]] as const;
  const all = octant.flatMap(([x, y, , w]) => signs.map(([a, b]) => [a * x, b * y, w] as const));
  return {
    x: Float64Array.from(all, (p) => p[0]),
    y: Float64Array.from(all, (p) => p[1]),
    weights: Float64Array.from(all, (p) => p[2]),
    total: 2 * Math.PI,
  };
}

/**
 * By direction, the one that a mirror makes of it.
 *
 * @param sx −1 for the mirror x = 0, else 1.
 * @param sy −1 for the mirror y = 0, else 1.
 * @throws {RangeError} When a direction has no mirror image of the same weight.
 */
export function mirrorImages({ x, y, weights }: Ordinates, sx: number, sy: number): Int32Array {
  const same = (a: number, b: number): boolean => Math.abs(a - b) < 1e-12;
  return Int32Array.from(x, (_, q) => {
    const image = x.findIndex((_, p) =>
      same(x[p]!, sx * x[q]!) && same(y[p]!, sy * y[q]!) && same(weights[p]!, weights[q]!)
    );
    if (image >= 0) return image;
    throw new RangeError(
      `Cannot reflect at a side: expected a mirror image for every direction, got none for ` +
        `(${x[q]}, ${y[q]})`,
    );
  });
}
