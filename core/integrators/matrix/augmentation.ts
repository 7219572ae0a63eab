/**
 * Bases that grow within a step: augmentation, the core in augmented bases, and the Galerkin step
 * that the augmenting integrators end with.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import { beside, type LowRank } from "../../geometry/low_rank.ts";
import { advance } from "../flows.ts";
import {
  type MomentSlots,
  type RuleState,
  type Stepping,
  tangentAlone,
  tangentIn,
  withTangent,
} from "../memory.ts";
import { embed, embedMoments, transportMoments } from "../transport.ts";
import type { StepOptions, StepResult, SubFlow } from "../types.ts";
import { sFlow } from "./flows.ts";
import { truncate } from "./truncation.ts";
import type { Point } from "./types.ts";

/** A matrix in augmented bases: [U | Ũ], [V | Ṽ] and the core with zero blocks. */
export interface Augmented<M> extends LowRank<M> {
  /** The left basis in parts: U, and Ũ where there are new directions. */
  readonly left: readonly M[];
  /** The right basis in parts: V, and Ṽ where there are new directions. */
  readonly right: readonly M[];
}

/**
 * The same matrix in bases that also span the columns of `k` and `l`.
 *
 * @param y m×n of rank r, orthonormal bases; they stay the leading columns. One that was augmented
 * before keeps its parts.
 * @param k m×p whose span is added on the left.
 * @param l n×q whose span is added on the right.
 */
export async function augment<M>(
  a: Algebra<M>,
  y: LowRank<M> & Partial<Augmented<M>>,
  k: M,
  l: M,
): Promise<Augmented<M>> {
  const newU = await a.complement(y.u, k);
  const newV = await a.complement(y.v, l);
  const [u, v] = [beside(a, y.u, newU), beside(a, y.v, newV)];
  const left = [...(y.left ?? [y.u]), ...(newU === undefined ? [] : [newU])];
  const right = [...(y.right ?? [y.v]), ...(newV === undefined ? [] : [newV])];
  return { u, s: embed(a, y.s, a.cols(u), a.cols(v)), v, left, right };
}

/** S-flow in augmented bases, block by block so that a field can use what it knows of U and V. */
export function augmentedFlow<M>(
  a: Algebra<M>,
  y: Augmented<M>,
  known?: FieldAt<M>,
): SubFlow<M> {
  return {
    ...sFlow(y, known),
    async project(f) {
      const rows: M[] = [];
      for (const u of y.left) {
        const blocks: M[] = [];
        for (const v of y.right) blocks.push(await f.galerkin(u, v));
        rows.push(a.hstack(blocks));
      }
      return a.vstack(rows);
    },
  };
}

/**
 * The end of an augmenting step: the core moves in the augmented bases, an SVD truncates.
 *
 * @param rank Rank of the old point, whose bases are the leading columns of `lifted`.
 * @param lifted The old point in augmented bases.
 * @param known F at the old point.
 */
export async function* galerkinStep<M>(
  a: Algebra<M>,
  rank: number,
  lifted: Augmented<M>,
  known: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>> {
  const core = liftMoments(a, o, o.moments, rank, lifted);
  const s = yield* advance(a, augmentedFlow(a, lifted, known), dt, o, core);
  return await truncatedResult(a, { ...lifted, s: s.value }, s.moments, o, rank);
}

/**
 * Truncates a moved core and carries its moments along.
 *
 * @param moved The new point in augmented bases.
 * @param moments Moments of its core.
 * @param rank Rank of the old point.
 */
export async function truncatedResult<M>(
  a: Algebra<M>,
  moved: LowRank<M>,
  moments: RuleState<M> | undefined,
  o: StepOptions<M>,
  rank: number,
): Promise<StepResult<M>> {
  const t = await truncate(a, moved, o.truncation, rank);
  return {
    y: t.y,
    moments: lowerMoments(a, o, moments, moved, t),
    singularValues: t.singularValues,
    discarded: t.discarded,
  };
}

/**
 * The core's moments in augmented bases. The tangent vector of all factors becomes
 * Ûᵀ ξ V̂ = [[dS, dLᵀ Ṽ], [Ũᵀ dK, 0]]; the rest is embedded.
 *
 * @param moments Moments at the old point.
 * @param rank Its rank.
 * @param lifted It in augmented bases.
 */
export function liftMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  moments: MomentSlots<M> | undefined,
  rank: number,
  lifted: LowRank<M>,
): MomentSlots<M> {
  if (!moments?.s) return {};
  const [rows, cols] = [a.cols(lifted.u), a.cols(lifted.v)];
  const embedded = embedMoments(a, o, moments.s, rows, cols);
  const [k, l, s] = [moments.k, moments.l, moments.s].map((state) => tangentIn(o, state));
  if (!k || !l || !s) return { s: embedded };
  const right = cols > rank
    ? [a.multiply(l, a.columns(lifted.v, rank, cols), { transposeLeft: true })]
    : [];
  const top = a.hstack([s, ...right]);
  if (rows === rank) return { s: withTangent(o, embedded, top) };
  const below = a.multiply(a.columns(lifted.u, rank, rows), k, { transposeLeft: true });
  const corner = cols > rank ? [a.zeros(rows - rank, cols - rank)] : [];
  return { s: withTangent(o, embedded, a.vstack([top, a.hstack([below, ...corner])])) };
}

/**
 * The moments of the augmented core at the truncated point: Û m V̂ᵀ is projected onto the tangent
 * space there, so that momentum across the bases survives truncation.
 */
function lowerMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  m: RuleState<M> | undefined,
  lifted: LowRank<M>,
  t: { left: M; right: M },
): MomentSlots<M> {
  if (!m) return {};
  const s = transportMoments(a, o, m, a.transpose(t.left), t.right);
  const core = tangentIn(o, m);
  if (!core) return { s };
  const k = a.multiply(lifted.u, a.multiply(core, t.right));
  const l = a.multiply(lifted.v, a.multiply(core, t.left, { transposeLeft: true }));
  return { s, k: tangentAlone(o, m, k), l: tangentAlone(o, m, l) };
}
