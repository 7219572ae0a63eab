/**
 * What a manifold is: tangent spaces, a metric, and ways to move along it, written once for every
 * algebra.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Random } from "../random.ts";
import type { Plugin } from "../registry.ts";

/** Whether something is what it should be, and if not, why. */
export interface Check {
  /** True when it is. */
  readonly ok: boolean;
  /** One sentence that names the fault; absent when there is none. */
  readonly reason?: string;
}

/** A way from a tangent vector to a point: R(x, 0) = x and d/dt R(x, t ξ) = ξ at t = 0. */
export interface Retraction<P, T> {
  /** Name among the retractions of the manifold. */
  readonly name: string;
  /**
   * How far it follows the geodesic: 1 when R(x, t ξ) = Exp(x, t ξ) + O(t²), 2 when the error is
   * O(t³), Infinity for the exponential itself.
   */
  readonly order: number;
  /** R(x, ξ). */
  retract(x: P, xi: T): Promise<P>;
}

/** A way to carry tangent vectors from one point to another; linear in the vector. */
export interface Transport<P, T> {
  /** Name among the transports of the manifold. */
  readonly name: string;
  /** Whether it keeps inner products. */
  readonly isometric: boolean;
  /** The vector at `y` for ξ at `x`. */
  transport(x: P, y: P, xi: T): Promise<T>;
}

/**
 * A Riemannian manifold of matrices or tensors.
 *
 * P is the type of its points, T of tangent vectors and Z of ambient elements, such as Euclidean
 * gradients; for manifolds of plain matrices all are M. Quotient manifolds work with
 * representatives: a point stands for its class, a tangent vector is the horizontal one.
 */
export interface Manifold<M, P = M, T = M, Z = M> {
  /** Registry name of its kind. */
  readonly name: string;
  /** One line with its sizes. */
  readonly description: string;
  /** Its dimension, for real matrices. */
  readonly dimension: number;
  /** Whether the metric is that of the surrounding Euclidean space. */
  readonly induced: boolean;
  /** Whether points stand for classes, so that functions must not depend on the representative. */
  readonly quotient: boolean;
  /** Retractions; the first is the default. */
  readonly retractions: readonly Retraction<P, T>[];
  /** Vector transports; the first is the default. */
  readonly transports: readonly Transport<P, T>[];

  /** Whether `x` is a point to working precision: shapes, then constraints. */
  check(x: P): Promise<Check>;
  /** Whether `xi` is a tangent vector at `x` to working precision. */
  checkTangent(x: P, xi: T): Promise<Check>;
  /** The orthogonal projection of an ambient element onto the tangent space at `x`. */
  project(x: P, z: Z): Promise<T>;
  /** The Riemannian gradient for a Euclidean gradient: ⟨grad, ξ⟩ₓ = ⟨g, ξ⟩ for all tangent ξ. */
  gradient(x: P, g: Z): Promise<T>;
  /** ⟨ξ, η⟩ in the metric at `x`. */
  inner(x: P, xi: T, eta: T): Promise<number>;
  /** √⟨ξ, ξ⟩ in the metric at `x`. */
  norm(x: P, xi: T): Promise<number>;
  /** α ξ + β η. */
  lincomb(alpha: number, xi: T, beta: number, eta: T): T;
  /** α ξ. */
  scale(alpha: number, xi: T): T;
  /** Exp(x, ξ), where there is a closed form: the end of the geodesic that starts along ξ. */
  exp?(x: P, xi: T): Promise<P>;
  /** The shortest ξ with Exp(x, ξ) = y, where there is a closed form, or an iteration near `x`. */
  log?(x: P, y: P): Promise<T>;
  /** Length of the shortest geodesic, where there is a closed form. */
  distance?(x: P, y: P): Promise<number>;
  /** How far two points are apart in the surrounding space; 0 for the same point. */
  gap(x: P, y: P): Promise<number>;
  /** A random point. */
  randomPoint(random: Random): Promise<P>;
  /** A random tangent vector of unit norm. */
  randomTangent(x: P, random: Random): Promise<T>;
  /** The point as plain matrices: one, or one for each factor of a product. */
  toDense(x: P): readonly M[];
  /** The tangent vector as plain matrices. */
  tangentToDense(x: P, xi: T): Promise<readonly M[]>;
  /** The ambient element that plain matrices stand for. */
  fromDense(z: readonly M[]): Z;
}

/** Extents of a manifold. */
export interface ManifoldSize {
  /** Extents of the matrices or tensors. */
  readonly shape: readonly number[];
  /** Ranks, where the manifold has some: one for matrices, one per mode for tensors. */
  readonly ranks?: readonly number[];
}

/** A kind of manifold in the registry: it makes manifolds of any size over any algebra. */
export interface ManifoldKind extends Plugin {
  /** A small size, on which diagnostics run. */
  readonly example: ManifoldSize;
  /**
   * Makes one.
   *
   * @throws {RangeError} When the size makes no sense.
   */
  create<M>(a: Algebra<M>, size: ManifoldSize): Manifold<M, unknown, unknown, unknown>;
}
