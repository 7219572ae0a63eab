/**
 * The base rule in a subspace of the gradients, and how that is chosen: what GaLore and Fira share.
 *
 * @module
 */

import type { Algebra, OptimizerRule, RuleState } from "../core/mod.ts";
import { directionOf } from "./base_rule.ts";
import {
  type Bases,
  basesOf,
  type Choice,
  choice,
  type ChoiceOptions,
  type Pace,
  paceAfter,
} from "./choice.ts";
import { type Side, sideOf } from "./sides.ts";

/** Which subspace it is, and what becomes of the base rule's state. */
interface SubspaceSettings extends ChoiceOptions {
  /** One of the sides of a matrix, or {@linkcode BOTH}; default "short". */
  readonly side?: string;
  /** Whether the state of the base rule is carried into another subspace; default false. */
  readonly carry?: boolean;
}

/** The side that stands for both: Pᵀ G Q, r×r. */
export const BOTH = "full";

/** State of a matrix in the subspace of its gradients. */
export type SubspaceState<M> = Bases<M> & {
  /** Updates taken. */
  readonly count: number;
  /** The next choice, where steps between choices grow. */
  readonly pace?: Pace;
  /** State of the base rule in the coordinates of the bases. */
  readonly base?: RuleState<M>;
};

/** One step of the base rule in the subspace. */
export interface SubspaceStep<M> {
  /** The side that is projected; the left one of both. */
  readonly side: Side<M>;
  /** The projected flow. */
  readonly low: M;
  /** Where the base rule goes with it, at a rate of 1. */
  readonly direction: M;
  /** What is projected, back in the shape of the matrix. */
  lift(x: M): M;
  /** State after it. */
  readonly state: SubspaceState<M>;
}

/**
 * The base rule on the flow projected on a subspace, which is chosen anew every so many steps with
 * signs that follow the old ones: moments keep their coordinates, unless they are carried along. A
 * flow that is zero, or not finite, chooses none; undefined as long as there has been no other.
 */
export async function subspaceStep<M>(
  a: Algebra<M>,
  base: OptimizerRule,
  settings: SubspaceSettings,
  flow: M,
  before: Partial<SubspaceState<M>>,
): Promise<SubspaceStep<M> | undefined> {
  const { every, carry = false, lazy } = settings;
  const { count = 0, pace, base: old } = before;
  const sides = sidesOf(a, flow, settings.side);
  const isDue = pace ? count >= pace.due : count % every === 0;
  const chosen = isDue ? await choice(a, sides, settings, flow, before) : undefined;
  const bases = chosen?.bases ?? basesOf(before);
  if (!bases) return undefined;
  const { project, lift } = projection(sides, bases);
  const low = project(flow);
  const known = chosen && carry ? carried(a, base, sides, chosen, before) : old;
  const { value: direction, state } = await directionOf(a, base, low, known);
  const next = lazy > 0 ? paceAfter(count, settings, chosen, pace) : undefined;
  return {
    ...{ side: sides[0]!, low, direction, lift },
    state: {
      ...{ count: count + 1, ...bases },
      ...(next ? { pace: next } : {}),
      ...(state ? { base: state } : {}),
    },
  };
}

/** The sides that are projected. */
function sidesOf<M>(a: Algebra<M>, flow: M, which = "short"): readonly Side<M>[] {
  const names = which === BOTH ? ["left", "right"] : [which];
  return names.map((name) => sideOf(a, flow, name));
}

/** Pᵀ X and P X; with both sides Pᵀ X Q and P X Qᵀ. */
function projection<M>(
  [side, other]: readonly Side<M>[],
  { basis, right }: Bases<M>,
): { project(x: M): M; lift(x: M): M } {
  const isBoth = other !== undefined && right !== undefined;
  return {
    project: (x) => {
      const half = side!.project(basis, x);
      return isBoth ? other.project(right, half) : half;
    },
    lift: (x) => side!.lift(basis, isBoth ? other.lift(right, x) : x),
  };
}

/** The state of the base rule in another subspace: Q = Pᵀ P₀ m, as LDAdam carries it. */
function carried<M>(
  a: Algebra<M>,
  base: OptimizerRule,
  sides: readonly Side<M>[],
  { bases }: Choice<M>,
  before: Partial<SubspaceState<M>>,
): RuleState<M> | undefined {
  const old = basesOf(before);
  if (!old || !before.base || !base.transport) return before.base;
  const turn = (from: M, to: M): M => a.multiply(from, to, { transposeLeft: true });
  const right = old.right && bases.right && turn(old.right, bases.right);
  const turns = { basis: turn(old.basis, bases.basis), ...(right ? { right } : {}) };
  const squares = {
    basis: a.square(turns.basis),
    ...(right ? { right: a.square(right) } : {}),
  };
  return base.transport(a, before.base, {
    carry: projection(sides, turns).project,
    carrySquare: projection(sides, squares).project,
  });
}
