/**
 * What a stepper remembers of the factors that it moves, and how that follows them into other
 * bases. Integrators carry it along without knowing what it is.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";

/**
 * What an optimizer rule remembers of one variable: a plain record of matrices and numbers, so that
 * a checkpoint is a walk over it. Nobody but the rule knows what its entries mean.
 */
export type RuleState<M> = { readonly [key: string]: M | number | RuleState<M> };

/** States by the name of the factor that they belong to: "k", "l" or "s", and "k1" of mode 1. */
export type MomentSlots<M> = Readonly<Record<string, RuleState<M>>>;

/** A change of the bases in which a factor is written, which may also grow or shrink it. */
export interface BasisChange<M> {
  /** A matrix of the factor's shape as the factor itself is carried: A x B. */
  carry(x: M): M;
  /**
   * The variances of its entries, were they independent: (A∘A) x (B∘B). That keeps them
   * non-negative and, for orthogonal A and B, keeps their sum. The rule (A √x B)² of the public
   * code of RobustDLRT (arXiv 2505.08022) cancels where signs differ, and m / √v then explodes.
   */
  carrySquare(x: M): M;
}

/**
 * How the states of a rule follow their factors into other bases.
 *
 * @example Momentum that follows into new bases
 * ```ts
 * import {
 *   type BasisChange, hostAlgebra, matrix, type Matrix, type Memory, type MomentSlots, type
 *   RuleState,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const memory: Memory = {
 *   transport: (_a, state, { carry }) => ({ m: carry(state.m as Parameters<typeof carry>[0]) }),
 * };
 * const turned: BasisChange<Matrix> = { carry: (x) => a.scale(-1, x), carrySquare: (x) => x };
 * const core: RuleState<Matrix> = { m: matrix([1, 2], 1, 2) };
 * const slots: MomentSlots<Matrix> = { s: memory.transport(a, core, turned) };
 * assertEquals(slots, { s: { m: matrix([-1, -2], 1, 2) } });
 * ```
 */
export interface Memory {
  /**
   * Name of the entry of a state that is a linear mean of gradients, such as momentum: those of all
   * factors together are a tangent vector, which integrators project as one. Absent: none is.
   */
  readonly tangent?: string;
  /**
   * A state in other bases.
   *
   * @param state Of one factor; it may lack all matrices but the tangent one.
   */
  transport<M>(a: Algebra<M>, state: RuleState<M>, change: BasisChange<M>): RuleState<M>;
}

/** Whatever says how sub-flows are advanced, such as the options of a step. */
export interface Stepping {
  /** The stepper, of which states need to know this. */
  readonly stepper: {
    /** Registry name. */
    readonly name: string;
    /** How its states follow into other bases; absent: it keeps none. */
    readonly memory?: Memory;
  };
}

/**
 * A state in other bases.
 *
 * @throws {Error} When the stepper keeps states that it cannot carry.
 */
export function carried<M>(
  a: Algebra<M>,
  { stepper }: Stepping,
  state: RuleState<M>,
  change: BasisChange<M>,
): RuleState<M> {
  if (stepper.memory) return stepper.memory.transport(a, state, change);
  throw new Error(
    `Cannot change bases: expected a stepper that carries its states, got "${stepper.name}"`,
  );
}

/** The tangent entry of a state; undefined where there is none. */
export function tangentIn<M>(
  { stepper: { memory } }: Stepping,
  state: RuleState<M> | undefined,
): M | undefined {
  return memory?.tangent === undefined ? undefined : state?.[memory.tangent] as M | undefined;
}

/** A state with another tangent entry. */
export function withTangent<M>(
  { stepper }: Stepping,
  state: RuleState<M>,
  tangent: M,
): RuleState<M> {
  return { ...state, [stepper.memory!.tangent!]: tangent };
}

/** The numbers of a state with a tangent entry, perhaps of another factor, and no other matrix. */
export function tangentAlone<M>(o: Stepping, state: RuleState<M>, tangent: M): RuleState<M> {
  const numbers = Object.entries(state).filter(([, entry]) => typeof entry === "number");
  return withTangent(o, Object.fromEntries(numbers), tangent);
}

/**
 * Whether a state has matrices beside the tangent one. They belong to the coordinates of the factor
 * and scale its steps, so that nothing may come to it from other factors.
 */
export function hasScales<M>(
  { stepper: { memory } }: Stepping,
  state: RuleState<M> | undefined,
): boolean {
  return Object.entries(state ?? {}).some(([name, entry]) =>
    typeof entry !== "number" && name !== memory?.tangent
  );
}

/** Whether the core alone has scales: then moments of bases stand for momentum beside its own. */
export function momentumOfCore<M>(o: Stepping, { s, ...bases }: MomentSlots<M>): boolean {
  return hasScales(o, s) && !Object.values(bases).some((state) => hasScales(o, state));
}
