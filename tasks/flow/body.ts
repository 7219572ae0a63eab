/**
 * Bodies: closed curves given by a level function, with derivatives in their parameters.
 *
 * @module
 */

import { Registry, type Tunable } from "../../core/mod.ts";

/** A body about its centre, in units of the diameter of the circle of the same area. */
export interface Body {
  /** About the distance from the surface, negative inside; smooth near the surface. */
  level(x: number, y: number): number;
  /** Derivatives of {@linkcode Body.level} in the parameters. */
  slopes(x: number, y: number): Float64Array;
  /** Largest distance of the surface from the centre. */
  readonly reach: number;
  /** Points on the surface, in order around it. */
  outline(count: number): [x: number, y: number][];
}

/** A family of bodies of area π/4, by parameters that are 0 for the circle. */
export interface BodyFamily extends Tunable<BodyFamily> {
  /** Names of the parameters. */
  parameters(count: number): string[];
  /** Makes a body. */
  create(parameters: ArrayLike<number>): Body;
}

/** Every family of bodies. */
export const bodies: Registry<BodyFamily> = new Registry("body");
