/**
 * Problems of radiation transport: where what scatters, absorbs and shines, and what is asked.
 *
 *   ∂ψ/∂t + Ω·∇ψ + σt ψ = σs φ / |S| + q,  φ = Σ w ψ,  σt = σs + σa.
 *
 * Lengths are in mean free paths of a cross section of 1, the speed is 1.
 *
 * @module
 */

import { checkedSettings, type Plugin, Registry, type SettingLimits } from "../../core/mod.ts";
import type { Box, CartesianGrid } from "./grid.ts";
import type { Sides } from "./sides.ts";

/** A named set of cells whose absorption is asked for. */
export interface Region {
  /** As tables name it. */
  readonly name: string;
  /** 1 for its cells, else 0. */
  readonly cells: Float64Array;
}

/** A closed line of faces around a box, whose outflow is asked for. */
export interface Perimeter extends Box {
  /** As tables name it. */
  readonly name: string;
}

/** A problem on a grid. */
export interface Setup {
  /** The cells. */
  readonly grid: CartesianGrid;
  /** σs by cell. */
  readonly scattering: Float64Array;
  /** σa by cell. */
  readonly absorption: Float64Array;
  /** q of every direction by cell. */
  readonly source: Float64Array;
  /** φ at the start by cell; ψ is isotropic. */
  readonly start: Float64Array;
  /** The sides. */
  readonly sides: Sides;
  /** End time. */
  readonly time: number;
  /** Parts whose absorption is asked for. */
  readonly regions: readonly Region[];
  /** Lines whose outflow is asked for. */
  readonly perimeters: readonly Perimeter[];
  /** Points where moments of ψ are asked for. */
  readonly probes: readonly (readonly [x: number, y: number])[];
  /** φ at the end by cell centre, where it is known. */
  exact?(x: number, y: number, t: number): number;
}

/** Design parameters: the value of each unless chosen, what it is, and what others will do. */
export type Design = Readonly<
  Record<string, SettingLimits & { readonly value: number; readonly description: string }>
>;

/** A problem. */
export interface KineticProblem extends Plugin, ReturnType<typeof designed> {
  /** 1 for slabs, 2 for the plane. */
  readonly dimension: 1 | 2;
  /**
   * Lays the problem out.
   *
   * @param cells Cells along x.
   * @param design Chosen design parameters; others have their defaults.
   * @throws {RangeError} When edges do not lie on faces, or a parameter makes no sense.
   */
  setup(cells: number, design?: Readonly<Record<string, number>>): Setup;
}

/** Problems by name. */
export const kineticProblems: Registry<KineticProblem> = new Registry("kinetic problem");

/** Design parameters as the settings of a problem. */
export function designed(design: Design): {
  readonly defaults: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, SettingLimits>>;
} {
  const entries = Object.entries(design);
  return {
    defaults: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
    limits: Object.fromEntries(entries.map(([key, { value: _, ...limits }]) => [key, limits])),
  };
}

/**
 * The design parameters with their defaults.
 *
 * @throws {RangeError} When one is unknown or not finite.
 */
export function designOf(
  problem: KineticProblem,
  chosen: Readonly<Record<string, number>>,
): Record<string, number> {
  return checkedSettings(kineticProblems, problem, chosen);
}
