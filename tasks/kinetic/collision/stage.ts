/**
 * General collisions within the stages of discrete ordinates.
 *
 * @module
 */

import { zeroMatrix } from "../../../core/mod.ts";
import { type CartesianGrid, layoutOf } from "../grid.ts";
import type { CollisionOperator } from "./operator.ts";

/** Adds collisions of one state to another one. */
export interface CollisionStage {
  /**
   * to += share σs Q(from), and the same of φ.
   *
   * @param scattering σs by cell.
   * @param flux φ by cell, rows {@linkcode Layout.fieldPitch} apart.
   */
  add(
    share: number,
    from: Float64Array,
    to: Float64Array,
    scattering: Float64Array,
    flux: Float64Array,
  ): void;
}

/**
 * Collisions on a grid.
 *
 * @param weights Of the directions, which are the nodes of the operator.
 */
export function collisionStage(
  grid: CartesianGrid,
  weights: Float64Array,
  operator: CollisionOperator,
): CollisionStage {
  const { pitch, plane, origin, fieldPitch } = layoutOf(grid);
  const { nx, ny } = grid;
  const n = weights.length;
  const place = (k: number): number => origin + Math.floor(k / nx) * pitch + k % nx;
  return {
    add(share, from, to, scattering, flux) {
      const f = zeroMatrix(nx * ny, n);
      for (let k = 0; k < nx * ny; k++) {
        for (let q = 0; q < n; q++) f.data[k * n + q] = from[q * plane + place(k)]!;
      }
      const { data } = operator.apply(f);
      for (let k = 0; k < nx * ny; k++) {
        const [factor, cell] = [share * scattering[k]!, Math.floor(k / nx) * fieldPitch + k % nx];
        for (let q = 0; q < n; q++) {
          const change = factor * data[k * n + q]!;
          to[q * plane + place(k)]! += change;
          flux[cell]! += weights[q]! * change;
        }
      }
    },
  };
}
