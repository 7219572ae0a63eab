/**
 * What a regularizer of weights is: a function of the core of a factorised weight.
 *
 * All of them are unitarily invariant: R(U S Vᵀ) = R(S) for orthonormal U and V. So the gradient in
 * the whole weight is U ∇R(S) Vᵀ, which is tangent to the manifold and moves the core alone.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { Registry } from "../registry.ts";
import { checkedSettings, type Configurable } from "../settings.ts";

/** Value and gradient of a regularizer at one matrix. */
export interface RegularizerTerm<M> {
  /** R(S). */
  readonly value: number;
  /** ∇R(S), in the shape of S; undefined where it is zero or R has none, as at a kink. */
  readonly gradient?: M;
  /** The way down, where it is cheaper than by the gradient. */
  readonly descent?: Descent<M>;
}

/** The straight way along −∇R(S). */
export interface Descent<M> {
  /** ‖∇R(S)‖_F. */
  readonly slope: number;
  /** S − t ∇R(S). */
  at(t: number): M;
}

/** Settings of a regularizer by name. */
export type RegularizerSettings = Readonly<Record<string, number>>;

/**
 * A regularizer, found by name in the `regularizers` registry.
 *
 * @example Half the square of the core
 * ```ts
 * import {
 *   type Algebra, type Descent, hostAlgebra, matrix, type Regularizer, type RegularizerSettings,
 *   type RegularizerTerm,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const square: Regularizer = {
 *   name: "own-square",
 *   description: "‖S‖² / 2",
 *   defaults: { weight: 1 },
 *   async term<M>(a: Algebra<M>, s: M, { weight }: RegularizerSettings): Promise<RegularizerTerm<M>> {
 *     const norm = await a.norm(s);
 *     const value = weight! * norm * norm / 2;
 *     const descent: Descent<M> = {
 *       slope: -2 * value * weight!,
 *       at: (t) => a.scale(1 - t * weight!, s),
 *     };
 *     return { value, gradient: a.scale(weight!, s), descent };
 *   },
 * };
 * const { value } = await square.term!(hostAlgebra(), matrix([3, 0, 0, 4], 2, 2), square.defaults);
 * assertEquals(value, 12.5);
 * ```
 */
export interface Regularizer extends Configurable<RegularizerSettings> {
  /**
   * Value and gradient; absent for pure projections.
   *
   * @param core m×n matrix: the core of a matrix, or Mat(C)ᵀ of a Tucker core, of which the columns
   * belong to the output channels.
   */
  term?<M>(a: Algebra<M>, core: M, settings: RegularizerSettings): Promise<RegularizerTerm<M>>;
  /** The least value that R can have; absent where it has no lower bound. */
  readonly least?: number;
  /**
   * The nearest matrix that obeys a bound, for regularizers that are projections; undefined where
   * the core obeys it already.
   */
  project?<M>(a: Algebra<M>, core: M, settings: RegularizerSettings): Promise<M | undefined>;
}

/**
 * Regularizers by name.
 *
 * @example One by its name
 * ```ts
 * import { regularizers } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(regularizers.get("spectral").name, "spectral");
 * ```
 */
export const regularizers: Registry<Regularizer> = new Registry("regularizer");

/**
 * The defaults of a regularizer, overridden.
 *
 * @throws {RangeError} When a setting is unknown or outside its limits.
 */
export function regularizerSettings(
  regularizer: Regularizer,
  settings: RegularizerSettings = {},
): RegularizerSettings {
  return checkedSettings(regularizers, regularizer, settings);
}
