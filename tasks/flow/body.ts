/**
 * Bodies: closed curves given by a level function, with derivatives in their parameters.
 *
 * @module
 */

import { type Plugin, Registry } from "../../core/mod.ts";

/** Derivatives of a level function at a point. */
export interface LevelSlopes {
  /** In x. */
  readonly dx: number;
  /** In y. */
  readonly dy: number;
  /** In each parameter. */
  readonly dp: Float64Array;
}

/** A body about its centre, in units of the diameter of the circle of the same area. */
export interface Body {
  /** Negative inside, zero on the surface, positive outside; smooth near the surface. */
  level(x: number, y: number): number;
  /** Derivatives of {@linkcode Body.level}. */
  slopes(x: number, y: number): LevelSlopes;
  /** Largest distance of the surface from the centre. */
  readonly reach: number;
  /** Points on the surface, in order around it. */
  outline(count: number): [x: number, y: number][];
}

/** A family of bodies of area π/4, by parameters that are 0 for the circle. */
export interface BodyFamily extends Plugin {
  /** Names of the parameters. */
  parameters(count: number): string[];
  /** Makes a body. */
  create(parameters: ArrayLike<number>): Body;
}

/** Every family of bodies. */
export const bodies: Registry<BodyFamily> = new Registry("body");
