/**
 * What crosses sides and other lines of faces.
 *
 * @module
 */

import { type Box, type CartesianGrid, layoutOf } from "./grid.ts";
import type { Ordinates } from "./ordinates.ts";
import type { Setup } from "./problem.ts";
import { isOpen, SIDE_NAMES } from "./sides.ts";

/** Faces in a row with one normal. */
export interface Faces {
  /** Outer normal. */
  readonly normal: readonly [x: number, y: number];
  /** Length of a face. */
  readonly length: number;
  /** Places of the cells inside, in the plane of a direction. */
  readonly inside: Int32Array;
  /** Places of the cells outside. */
  readonly outside: Int32Array;
}

/** The four sides of a domain, those only through which something leaves. */
export function openSides({ grid: g, sides }: Setup): Faces[] {
  const whole = { x: [g.x0, g.x0 + g.nx * g.hx], y: [g.y0, g.y0 + g.ny * g.hy] } as const;
  const all = facesAround(g, whole);
  return SIDE_NAMES.flatMap((name, k) => isOpen(sides[name]) ? [all[k]!] : []);
}

/** The faces around a box, as far as they lie within the grid or at its sides. */
export function facesAround(g: CartesianGrid, { x, y }: Box): [Faces, Faces, Faces, Faces] {
  const { pitch, origin } = layoutOf(g);
  const column = (at: number): number => Math.round((at - g.x0) / g.hx);
  const row = (at: number): number => Math.round((at - g.y0) / g.hy);
  const [left, right] = [column(x[0]), column(x[1])];
  const [bottom, top] = [row(y[0]), row(y[1])];
  const [columns, rows] = [within(left, right, g.nx), within(bottom, top, g.ny)];
  const vertical = (i: number, step: number): Faces => ({
    normal: [step, 0],
    length: g.hy,
    inside: Int32Array.from(i < 0 || i >= g.nx ? [] : rows, (j) => origin + j * pitch + i),
    outside: Int32Array.from(i < 0 || i >= g.nx ? [] : rows, (j) => origin + j * pitch + i + step),
  });
  const horizontal = (j: number, step: number): Faces => ({
    normal: [0, step],
    length: g.hx,
    inside: Int32Array.from(j < 0 || j >= g.ny ? [] : columns, (i) => origin + j * pitch + i),
    outside: Int32Array.from(
      j < 0 || j >= g.ny ? [] : columns,
      (i) => origin + (j + step) * pitch + i,
    ),
  });
  return [
    vertical(left, -1),
    vertical(right - 1, 1),
    horizontal(bottom, -1),
    horizontal(top - 1, 1),
  ];
}

function within(begin: number, end: number, most: number): number[] {
  const [first, last] = [Math.max(begin, 0), Math.min(end, most)];
  return Array.from({ length: Math.max(0, last - first) }, (_, k) => first + k);
}

/** What crosses faces per time. */
export interface FaceRates {
  /** Σ w (Ω·n) ψ of the cells inside over what leaves. */
  readonly outflow: number;
  /** The same of the cells outside over what enters. */
  readonly inflow: number;
  /** Largest (Ω·n) ψ of one direction at one face. */
  readonly largest: number;
}

/**
 * What crosses faces whose cells have no slopes.
 *
 * @param state ψ in the frame of {@linkcode layoutOf}, its frame filled.
 * @param plane Numbers of a direction.
 */
export function faceRates(
  all: readonly Faces[],
  { x, y, weights }: Ordinates,
  state: Float64Array,
  plane: number,
): FaceRates {
  let [outflow, inflow, largest] = [0, 0, 0];
  for (const { normal, length, inside, outside } of all) {
    for (let q = 0; q < weights.length; q++) {
      const speed = x[q]! * normal[0] + y[q]! * normal[1];
      const cells = speed > 0 ? inside : outside;
      let [sum, most] = [0, 0];
      for (let k = 0; k < cells.length; k++) {
        const psi = state[q * plane + cells[k]!]!;
        sum += psi;
        if (psi > most) most = psi;
      }
      const rate = weights[q]! * Math.abs(speed) * length * sum;
      if (speed > 0) [outflow, largest] = [outflow + rate, Math.max(largest, speed * most)];
      else inflow += rate;
    }
  }
  return { outflow, inflow, largest };
}
