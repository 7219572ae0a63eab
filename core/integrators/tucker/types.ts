/**
 * What an integrator of dynamical low-rank approximation is for tensors in Tucker format: the same
 * shape as for matrices, with one basis for each mode and the core in place of S.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { Plugin } from "../../registry.ts";
import type { DenseTensor, TuckerTensor, TuckerTruncation } from "../../tensors/mod.ts";
import type { MomentSlots, Stepper, SubFlow, Timed, Truncation } from "../types.ts";

/** A tensor at which an integrator asks for F; its factors need not be orthonormal. */
export interface TuckerPoint<M> extends TuckerTensor<M>, Timed {}

/** F(Y) at one point, as an operator: the full tensor need never be formed. */
export interface TuckerFieldAt<M> {
  /**
   * F(Y) ×ₖ Bₖᵀ over the modes that have a basis.
   *
   * @param bases One n_k×b_k matrix for each mode, or undefined to leave the mode as it is.
   * @param split The blocks that a basis consists of, where it has grown from one of the point: a
   * field may take what it knows of the old block and look at the new one only.
   * @returns The tensor with extent b_k, or n_k, in mode k.
   */
  contract(
    bases: readonly (M | undefined)[],
    split?: readonly (SplitBasis<M> | undefined)[],
  ): DenseTensor<M>;
  /**
   * F(Y)₍ₖ₎ T₍ₖ₎ᵀ: the unfolding of a mode times that of a tensor that has s there. The field need
   * not form F with that mode left open, which is its largest contraction; absent where there is no
   * cheaper way than to do so.
   *
   * @param mode k, from 0.
   * @param others T: its core has extent s in mode k, which has no factor.
   * @returns n_k×s.
   */
  along?(mode: number, others: OpenTucker<M>): M;
  /**
   * F(Y)₍ₖ₎ times the unfolding of Y's own core with the other factors: the gradient in factor k,
   * which a backward pass may have formed on its way.
   *
   * @param mode k, from 0.
   * @returns n_k×r_k; undefined where the field does not have it.
   */
  factorGradient?(mode: number): M | undefined;
}

/** A basis [old | added]. */
export interface SplitBasis<M> {
  /** Leading columns: the very matrix that was the basis before. */
  readonly old: M;
  /** The other columns. */
  readonly added: M;
}

/** A Tucker tensor that lacks the factors of some modes: there the core stands as it is. */
export interface OpenTucker<M> {
  /** Core. */
  readonly core: DenseTensor<M>;
  /** Factor of each mode, or undefined. */
  readonly factors: readonly (M | undefined)[];
}

/** A sub-flow of a Tucker tensor: slot "k0", "k1", … for a basis, "s" for the core. */
export type TuckerFlow<M> = SubFlow<M, TuckerTensor<M>, TuckerFieldAt<M>>;

/**
 * How ranks adapt: by one rule for all modes, by one for each, or by an error of the whole tensor
 * that the modes share. A rule sees the singular values of one mode; where it keeps the relative
 * error of each below τ, that of the tensor is below √d τ. A shared error holds as it is.
 */
export type ModeTruncation = Truncation | readonly Truncation[] | TuckerTruncation;

/** Settings and state of one step. */
export interface TuckerStepOptions<M> {
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt. */
  readonly truncation: ModeTruncation;
  /** Moments of the factors, as the previous step returned them. */
  readonly moments?: MomentSlots<M>;
}

/** Outcome of one step. */
export interface TuckerStepResult<M> {
  /** The new point; bases orthonormal. */
  readonly y: TuckerTensor<M>;
  /** Moments in the coordinates of the new bases. */
  readonly moments: MomentSlots<M>;
  /** Singular values kept in each mode where the step computed them, descending. */
  readonly singularValues?: readonly Float64Array[];
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/** A time integrator for Tucker tensors: a generator as the integrators of matrices are. */
export interface TuckerIntegrator extends Plugin {
  /** Order of convergence in the step size that theory or experiment gives. */
  readonly order: number;
  /** Evaluations of F in a step whose stepper takes one stage. */
  readonly evaluations: number;
  /** Whether the ranks adapt. */
  readonly adaptive: boolean;
  /**
   * One step of size `dt` from `y`.
   *
   * @param y Orthonormal factors.
   */
  step<M>(
    a: Algebra<M>,
    y: TuckerTensor<M>,
    dt: number,
    o: TuckerStepOptions<M>,
  ): AsyncGenerator<TuckerPoint<M>, TuckerStepResult<M>, TuckerFieldAt<M>>;
}
