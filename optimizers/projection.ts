/**
 * The base rule on a part of the gradient: what GaLore, Fira and APOLLO share.
 *
 * @module
 */

import {
  type Algebra,
  columnSquares,
  type OptimizerRule,
  rowSquares,
  type RuleState,
  type SettingLimits,
} from "../core/mod.ts";
import { decayLimits } from "./moments.ts";

/** Settings of rules that project gradients. */
export type ProjectionSettings = {
  /** Rank of the projection, or the short side of a matrix that has less. */
  readonly rank: number;
  /** Steps between two choices of the subspace. */
  readonly every: number;
  /** Length of the step, α. */
  readonly scale: number;
  /** Optimizer of the projected gradients, and of vectors. */
  readonly base: string;
  /** Decoupled decay of the weights. */
  readonly weightDecay: number;
};

/** Limits of {@linkcode ProjectionSettings}. */
export const projectionLimits: Record<keyof ProjectionSettings, SettingLimits> = {
  rank: { integer: true, min: 1, description: "rank of the projection" },
  every: { integer: true, min: 1, description: "steps between two choices of the subspace" },
  scale: { min: 0, description: "length of the step, α" },
  base: { description: "optimizer of the projected gradients, and of vectors" },
  weightDecay: decayLimits,
};

/** A side of a matrix, and what is done along it. */
export interface Side<M> {
  /** Its length. */
  readonly length: number;
  /** The matrix with this side as its rows. */
  first(x: M): M;
  /** Pᵀ X for the left side, X P for the right one; P has as many rows as the side is long. */
  project(p: M, x: M): M;
  /** P R for the left side, R Pᵀ for the right one. */
  lift(p: M, r: M): M;
  /** Norms of the vectors that the projection shortens: the columns of X for the left side. */
  norms(x: M): Promise<Float64Array>;
  /** X with these vectors multiplied by a number each. */
  weighted(x: M, weights: ArrayLike<number>): M;
}

/** What sides a projection can be on. */
export const SIDES = ["short", "long", "left", "right"] as const;

/** A side of a matrix; of a square, the short one is the left one. */
export function sideOf<M>(a: Algebra<M>, x: M, which: string): Side<M> {
  const isShort = a.rows(x) <= a.cols(x);
  const isLeft = which === "left" || which === (isShort ? "short" : "long");
  return isLeft ? leftSide(a, a.rows(x)) : rightSide(a, a.cols(x));
}

function leftSide<M>(a: Algebra<M>, length: number): Side<M> {
  return {
    length,
    first: (x) => x,
    project: (p, x) => a.multiply(p, x, { transposeLeft: true }),
    lift: (p, r) => a.multiply(p, r),
    norms: async (x) => roots(await a.read(columnSquares(a, x))),
    weighted: (x, weights) => a.weighted(x, { columns: weights }),
  };
}

function rightSide<M>(a: Algebra<M>, length: number): Side<M> {
  return {
    length,
    first: (x) => a.transpose(x),
    project: (p, x) => a.multiply(x, p),
    lift: (p, r) => a.multiply(r, p, { transposeRight: true }),
    norms: async (x) => roots(await a.read(rowSquares(a, x))),
    weighted: (x, weights) => a.weighted(x, { rows: weights }),
  };
}

function roots(squares: Float64Array): Float64Array {
  return squares.map(Math.sqrt);
}

/** How a subspace is chosen. */
export interface SubspaceSettings {
  /** Its dimension, or the length of a side that has less. */
  readonly rank: number;
  /** Steps between two choices. */
  readonly every: number;
  /** One of {@linkcode SIDES}; default "short". */
  readonly side?: string;
  /** Whether the state of the base rule is carried into another subspace; default false. */
  readonly carries?: boolean;
}

/** State of a matrix in the subspace of its gradients. */
export type SubspaceState<M> = {
  /** Updates taken. */
  readonly count: number;
  /** P, s×r for the short side s. */
  readonly basis: M;
  /** State of the base rule in the coordinates of P. */
  readonly base?: RuleState<M>;
};

/** One step of the base rule in the subspace. */
export interface SubspaceStep<M> {
  /** The side that is projected. */
  readonly side: Side<M>;
  /** The projected flow. */
  readonly low: M;
  /** Where the base rule goes with it, at a rate of 1. */
  readonly direction: M;
  /** State after it. */
  readonly state: SubspaceState<M>;
}

/**
 * The base rule on the flow projected on its leading singular vectors, which are chosen anew every
 * so many steps with signs that follow the old ones: moments keep their coordinates, unless they are
 * carried along. A flow that is zero, or not finite, chooses none; undefined as long as there has
 * been no other.
 */
export async function subspaceStep<M>(
  a: Algebra<M>,
  base: OptimizerRule,
  { rank, every, side: which = "short", carries = false }: SubspaceSettings,
  flow: M,
  before: Partial<SubspaceState<M>>,
): Promise<SubspaceStep<M> | undefined> {
  const { count = 0 } = before;
  const side = sideOf(a, flow, which);
  const basis = count % every === 0
    ? await leadingVectors(a, side.first(flow), rank, before.basis)
    : before.basis;
  if (!basis) return undefined;
  const low = side.project(basis, flow);
  const known = carries && basis !== before.basis
    ? carried(a, base, side, basis, before)
    : before.base;
  const { value, state } = await directionOf(a, base, low, known);
  return {
    side,
    low,
    direction: value,
    state: { count: count + 1, basis, ...(state ? { base: state } : {}) },
  };
}

/** Where a rule goes along a flow, at a rate of 1 and without decay. */
export async function directionOf<M>(
  a: Algebra<M>,
  rule: OptimizerRule,
  flow: M,
  state: RuleState<M> | undefined,
): Promise<{ readonly value: M; readonly state?: RuleState<M> }> {
  return await rule.update(a, a.zerosLike(flow), flow, { rate: 1, decay: 0 }, state);
}

/** The state of the base rule in another subspace: Q = Pᵀ P₀ m, as LDAdam carries it. */
function carried<M>(
  a: Algebra<M>,
  base: OptimizerRule,
  side: Side<M>,
  basis: M,
  before: Partial<SubspaceState<M>>,
): RuleState<M> | undefined {
  if (!before.basis || !before.base || !base.transport) return before.base;
  const turn = a.multiply(before.basis, basis, { transposeLeft: true });
  return base.transport(a, before.base, {
    carry: (x) => side.project(turn, x),
    carrySquare: (x) => side.project(a.square(turn), x),
  });
}

/** The first left singular vectors, s×r; the old ones where there are none. */
async function leadingVectors<M>(
  a: Algebra<M>,
  flow: M,
  rank: number,
  before: M | undefined,
): Promise<M | undefined> {
  const left = a.rows(flow) <= a.cols(flow) ? await a.leftSvd?.(flow) : undefined;
  const { p, sigma } = left ?? await a.svd(flow);
  if (!(sigma[0]! > 0)) return before;
  const basis = a.columns(p, 0, Math.min(rank, a.cols(p)));
  return before === undefined ? basis : a.multiply(basis, await signs(a, before, basis));
}

/** The diagonal D for which the diagonal of Aᵀ B D is not negative. */
async function signs<M>(a: Algebra<M>, x: M, y: M): Promise<M> {
  const [r, overlap] = [a.cols(x), await a.read(a.multiply(x, y, { transposeLeft: true }))];
  return a.diagonal(Array.from({ length: r }, (_, i) => overlap[i * r + i]! < 0 ? -1 : 1));
}

/**
 * X times ‖after‖ / ‖before‖, as a whole or vector by vector along the side; 0 where the norm before
 * vanishes.
 */
export async function rescaled<M>(
  a: Algebra<M>,
  side: Side<M>,
  x: M,
  { after, before, whole }: { readonly after: M; readonly before: M; readonly whole: boolean },
): Promise<M> {
  if (whole) return a.scale(ratio(await a.norm(after), await a.norm(before)), x);
  const [above, below] = [await side.norms(after), await side.norms(before)];
  return side.weighted(x, above.map((norm, i) => ratio(norm, below[i]!)));
}

function ratio(above: number, below: number): number {
  return below > 0 ? above / below : 0;
}

/**
 * The factor that keeps a norm from growing faster than `growth` a step.
 *
 * @param before The last norm; where it is 0, and where `growth` is 0, there is no limit.
 */
export function growthFactor(norm: number, before: number, growth: number): number {
  return before > 0 && growth > 0 ? Math.min(1, growth * before / norm) : 1;
}

/** Limits of the growth of a norm. */
export const growthLimits: SettingLimits = {
  min: 0,
  description: "most that a step's length may grow by, as a factor; 0: as it likes",
};
