/**
 * What the integrators of matrices and of tensors share: sub-flows, how they are advanced, the
 * moments of an optimizer, and how ranks adapt.
 *
 * @module
 */

import type { Algebra, Matrix } from "../algebra/mod.ts";
import type { Awaitable, FieldAt } from "../geometry/fields/types.ts";
import type { LowRank } from "../geometry/low_rank.ts";
import type { Plugin } from "../registry.ts";
import type { Tunable } from "../tunable.ts";
import type { Memory, MomentSlots, RuleState } from "./memory.ts";

/** A moment within a step. */
export interface Timed {
  /** Time since the start of the step, for right-hand sides that depend on it. */
  readonly time: number;
}

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
  project(f: F): Awaitable<M>;
  /** F at point(start), where the integrator has it already: spares an evaluation. */
  readonly known?: F;
}

/** Where a sub-flow ends. */
export interface Advanced<M> {
  /** The factor after the sub-flow. */
  readonly value: M;
  /** What the stepper remembers of it, such as momentum, where it does. */
  readonly moments?: RuleState<M>;
}

/**
 * How a sub-flow is advanced: a Runge-Kutta method, or an optimizer rule.
 *
 * @example Explicit Euler of one's own
 * ```ts
 * import type { Advanced, Algebra, Stepper, SubFlow, Timed } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const euler: Stepper = {
 *   name: "own-euler",
 *   description: "one evaluation",
 *   order: 1,
 *   async *advance<M, P, F>(
 *     a: Algebra<M>,
 *     flow: SubFlow<M, P, F>,
 *     dt: number,
 *   ): AsyncGenerator<P & Timed, Advanced<M>, F> {
 *     const x = flow.start();
 *     const f = yield { ...flow.point(x), time: flow.time ?? 0 };
 *     return { value: a.lincomb(1, x, dt, await flow.project(f)) };
 *   },
 * };
 * assertEquals(euler.order, 1);
 * ```
 */
export interface Stepper extends Tunable<Stepper> {
  /** Order of consistency in the step size; 0 for optimizer rules. */
  readonly order: number;
  /** How what it remembers follows into other bases; absent: it remembers nothing. */
  readonly memory?: Memory;
  /** The same at another decay of the factors; absent where nothing decays. */
  withDecay?(decay: number): Stepper;
  /** Advances `flow` by `dt`; each yield asks for F at a point. */
  advance<M, P, F>(
    a: Algebra<M>,
    flow: SubFlow<M, P, F>,
    dt: number,
    moments: RuleState<M> | undefined,
  ): AsyncGenerator<P & Timed, Advanced<M>, F>;
}

/** Vectors that a truncation keeps in the bases; columns, of any length and scale. */
export interface FixedVectors {
  /** Left ones, m×p: Yᵀ A does not change. */
  readonly left?: Matrix;
  /** Right ones, n×q: Y B does not change. */
  readonly right?: Matrix;
}

/**
 * Chooses how many singular values to keep.
 *
 * @example A rule of one's own that keeps row sums
 * ```ts
 * import {
 *   type FixedVectors, matrix, type Truncation, type TruncationRule,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const rule: TruncationRule = {
 *   name: "above",
 *   description: "values above the tolerance, and Y times a vector of ones",
 *   rank: (sigma, tolerance) => sigma.filter((s) => s > tolerance).length,
 *   fixed: (_rows, columns): FixedVectors => ({ right: matrix(Array(columns).fill(1), columns, 1) }),
 * };
 * const truncation: Truncation = { rule, tolerance: 0.1, minRank: 1 };
 * assertEquals(truncation.rule.rank(Float64Array.of(3, 1, 0.01), truncation.tolerance), 2);
 * ```
 */
export interface TruncationRule extends Tunable<TruncationRule> {
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

/**
 * Settings and state of one step.
 *
 * @typeParam T How ranks adapt.
 */
export interface StepOptions<M, T = Truncation> {
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt; ignored by integrators of fixed rank. */
  readonly truncation: T;
  /** What the stepper remembers of the factors, as the previous step returned it. */
  readonly moments?: MomentSlots<M>;
}

/**
 * Outcome of one step.
 *
 * @typeParam Y What moves.
 * @typeParam S Its singular values: of a matrix, or for each mode of a tensor.
 */
export interface StepResult<M, Y = LowRank<M>, S = Float64Array> {
  /** The new point; bases orthonormal. */
  readonly y: Y;
  /** The same in the coordinates of the new bases. */
  readonly moments: MomentSlots<M>;
  /** Singular values of the new core where the step computed them, descending. */
  readonly singularValues?: S;
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/**
 * What is known of a time integrator, whatever it moves.
 *
 * @example What a method says of itself, and what a step needs and returns
 * ```ts
 * import {
 *   integrators, matrix, type Matrix, rk4, type StepOptions, type StepResult, type
 *   TimeIntegrator, truncationRules,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { order, evaluations, adaptive }: TimeIntegrator = integrators.get("augmented-bug");
 * assertEquals([order, evaluations, adaptive], [1, 1, true]);
 * const truncation = { rule: truncationRules.get("relative-frobenius"), tolerance: 0.01 };
 * const options: StepOptions<Matrix> = { stepper: rk4, truncation };
 * const one = matrix([1], 1, 1);
 * const end: StepResult<Matrix> = { y: { u: one, s: one, v: one }, moments: {}, discarded: 0 };
 * assertEquals([options.stepper.order, end.y.s.cols], [4, 1]);
 * ```
 */
export interface TimeIntegrator extends Plugin {
  /** Order of convergence in the step size that theory or experiment gives. */
  readonly order: number;
  /** Evaluations of F in a step whose stepper takes one stage. */
  readonly evaluations: number;
  /** Whether ranks adapt. */
  readonly adaptive: boolean;
}
