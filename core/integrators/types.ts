/**
 * What an integrator of dynamical low-rank approximation is: dY/dt = F(Y) on the manifold of
 * rank-r matrices, one step at a time, written once for physics and for training.
 *
 * @module
 */

import type { Algebra, Matrix } from "../algebra/mod.ts";
import type { Plugin } from "../registry.ts";

/** A factorised matrix Y = U S Vᵀ. */
export interface LowRank<M> {
  /** Left basis, m×r; orthonormal columns between steps. */
  readonly u: M;
  /** Core, r×r. */
  readonly s: M;
  /** Right basis, n×r; orthonormal columns between steps. */
  readonly v: M;
}

/** A moment within a step. */
export interface Timed {
  /** Time since the start of the step, for right-hand sides that depend on it. */
  readonly time: number;
}

/** A matrix at which an integrator asks for F; its factors need not be orthonormal. */
export interface Point<M> extends LowRank<M>, Timed {}

/** F(Y) at one point, as an operator: never formed as m×n unless that is the cheapest way. */
export interface FieldAt<M> {
  /** F(Y) V: m×k for v n×k. */
  times(v: M): M;
  /** F(Y)ᵀ U: n×k for u m×k. */
  adjointTimes(u: M): M;
  /** Uᵀ F(Y) V: k×l for u m×k and v n×l. */
  galerkin(u: M, v: M): M;
}

/** Optimizer moments of one factor, in the coordinates of the current bases: a plain record. */
export interface Moments<M> {
  /** Updates taken. */
  readonly count: number;
  /** First moment (momentum), in the shape of the factor. */
  readonly first?: M;
  /** Second moment, in the shape of the factor. */
  readonly second?: M;
}

/** Moments by the name of the factor that they belong to: "k", "l" or "s". */
export type MomentSlots<M> = Readonly<Record<string, Moments<M>>>;

/**
 * One sub-flow of a step: a single factor moves while the others stand still.
 *
 * @typeParam M Matrices.
 * @typeParam P What is handed out to be evaluated; factorised matrices unless said otherwise.
 * @typeParam F What comes back: F there, as an operator.
 */
export interface SubFlow<M, P = LowRank<M>, F = FieldAt<M>> {
  /** Which factor moves: the slot of its moments; "s" is the core, "k1" the basis of mode 1. */
  readonly slot: "k" | "l" | "s" | `k${number}`;
  /** Where it starts; a function because not every stepper asks. */
  start(): M;
  /** Time since the start of the step at which it starts; default 0. */
  readonly time?: number;
  /** True when only the span of the result is used, to augment a basis. */
  readonly spanOnly?: boolean;
  /** The factorised matrix (or tensor) that the moving factor stands for. */
  point(x: M): P;
  /** The part of F that moves the factor. */
  project(f: F): M;
  /** F at point(start), where the integrator has it already: spares an evaluation. */
  readonly known?: F;
}

/** Where a sub-flow ends. */
export interface Advanced<M> {
  /** The factor after the sub-flow. */
  readonly value: M;
  /** Its moments, where the stepper keeps some. */
  readonly moments?: Moments<M>;
}

/** How a sub-flow is advanced: a Runge-Kutta method, or an optimizer rule. */
export interface Stepper extends Plugin {
  /** Order of consistency in the step size; 0 for optimizer rules. */
  readonly order: number;
  /** Advances `flow` by `dt`; each yield asks for F at a point. */
  advance<M, P, F>(
    a: Algebra<M>,
    flow: SubFlow<M, P, F>,
    dt: number,
    moments: Moments<M> | undefined,
  ): AsyncGenerator<P & Timed, Advanced<M>, F>;
}

/** Vectors that a truncation keeps in the bases; columns, of any length and scale. */
export interface FixedVectors {
  /** Left ones, m×p: Yᵀ A does not change. */
  readonly left?: Matrix;
  /** Right ones, n×q: Y B does not change. */
  readonly right?: Matrix;
}

/** Chooses how many singular values to keep. */
export interface TruncationRule extends Plugin {
  /**
   * Number of leading values to keep before clamping to [minRank, maxRank].
   *
   * @param sigma Singular values, descending.
   * @param tolerance The rule's threshold.
   * @param current Rank before the step, where there is one.
   */
  rank(sigma: Float64Array, tolerance: number, current?: number): number;
  /**
   * Vectors that stay in the bases of an m×n matrix, with the products of the matrix with them;
   * the rule then judges what is orthogonal to them. Absent: none.
   */
  fixed?(rows: number, cols: number): FixedVectors;
}

/** A truncation rule with its settings. */
export interface Truncation {
  /** The rule. */
  readonly rule: TruncationRule;
  /** Its threshold, ≥ 0. */
  readonly tolerance: number;
  /** Ranks never fall below this; default 1. */
  readonly minRank?: number;
  /** Ranks never rise above this; default: the smaller dimension. */
  readonly maxRank?: number;
}

/** A truncated matrix with what is needed to carry coordinates along. */
export interface Truncated<M> {
  /** The matrix after truncation; its core is diagonal. */
  readonly y: LowRank<M>;
  /** Singular values kept, descending. */
  readonly singularValues: Float64Array;
  /** Frobenius norm of the discarded part. */
  readonly discarded: number;
  /** Change of the left coordinates, k×r: UᵀU₁; without fixed vectors, U₁ is U times this. */
  readonly left: M;
  /** Change of the right coordinates, l×r. */
  readonly right: M;
}

/** Settings and state of one step. */
export interface StepOptions<M> {
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt; ignored by integrators of fixed rank. */
  readonly truncation: Truncation;
  /** Moments of the factors, as the previous step returned them. */
  readonly moments?: MomentSlots<M>;
}

/** Outcome of one step. */
export interface StepResult<M> {
  /** The new point; bases orthonormal. */
  readonly y: LowRank<M>;
  /** Moments in the coordinates of the new bases. */
  readonly moments: MomentSlots<M>;
  /** Singular values of the new core where the step computed them, descending. */
  readonly singularValues?: Float64Array;
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/**
 * A time integrator for low-rank matrices.
 *
 * `step` is a generator: each yield hands out one point and gets F there. An ODE driver answers
 * with a right-hand side, the trainer with one forward and backward pass for all layers at once;
 * the number of yields is the number of gradient evaluations.
 */
export interface Integrator extends Plugin {
  /** Order of convergence in the step size that theory or experiment gives. */
  readonly order: number;
  /** Evaluations of F in a step whose stepper takes one stage. */
  readonly evaluations: number;
  /** Whether the rank adapts. */
  readonly adaptive: boolean;
  /** One step of size `dt` from `y`. */
  step<M>(
    a: Algebra<M>,
    y: LowRank<M>,
    dt: number,
    o: StepOptions<M>,
  ): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>>;
}
