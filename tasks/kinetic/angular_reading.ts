/**
 * What depends on direction, read off ψ: what leaves through faces, and moments at points.
 *
 * @module
 */

import { type FaceRates, faceRates, type Faces } from "./boundary_flow.ts";
import { type CartesianGrid, layoutOf } from "./grid.ts";
import type { Ordinates } from "./ordinates.ts";

/** Σ w ψ, Σ w Ωₓ ψ and Σ w Ω_y ψ. */
export type CellMoments = readonly [u0: number, u1: number, u2: number];

/** A view of the ψ of a solver, always as it is now. */
export interface AngularReading {
  /** Whether single directions are known, and with them the largest (Ω·n) ψ. */
  readonly directions: boolean;
  /** What leaves through faces; largest is 0 where single directions are not known. */
  leaving(faces: readonly Faces[]): Omit<FaceRates, "inflow">;
  /** Means over cells, given as places in the plane of a direction; 0 of none. */
  moments(places: Int32Array): CellMoments;
}

/** Reads ψ in all directions, in the frame of {@linkcode layoutOf}. */
export function ordinateReading(
  grid: CartesianGrid,
  ordinates: Ordinates,
  psi: () => Float64Array,
): AngularReading {
  const { plane } = layoutOf(grid);
  return {
    directions: true,
    leaving: (faces) => faceRates(faces, ordinates, psi(), plane),
    moments: (places) => momentsAt(places, ordinates, psi(), plane),
  };
}

function momentsAt(
  places: Int32Array,
  { x, y, weights }: Ordinates,
  psi: Float64Array,
  plane: number,
): CellMoments {
  const moments: [number, number, number] = [0, 0, 0];
  // A part of a domain has no cells at the probes of the whole.
  if (places.length === 0) return moments;
  for (let q = 0; q < weights.length; q++) {
    const sum = places.reduce((s, place) => s + psi[q * plane + place]!, 0);
    const value = weights[q]! * sum / places.length;
    moments[0] += value;
    moments[1] += x[q]! * value;
    moments[2] += y[q]! * value;
  }
  return moments;
}
