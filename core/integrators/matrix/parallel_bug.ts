import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { Integrator, Point, StepOptions, StepResult } from "./types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { advance, collectMoments, kFlow, lFlow, sFlow } from "./flows.ts";
import { transportSlots } from "./transport.ts";
import { truncate } from "./truncation.ts";

/**
 * Parallel basis update and Galerkin integrator: K, L and S all start from the old factors, the
 * core of the augmented bases is put together from the three results (Ceruti, Kusch, Lubich: A
 * parallel rank-adaptive integrator for dynamical low-rank approximation, SISC 2024).
 */
export const parallelBug: Integrator = {
  name: "parallel-bug",
  description: "rank-adaptive: K, L and S in parallel from the old factors, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    return yield* parallelStep(a, y, f, dt, o, a.cols(y.u));
  },
};

/** Coordinates of the directions along which K and L augment the bases. */
export interface Directions<M> {
  /** Columns in the left coordinates: L times these are added on the right. */
  readonly left: M;
  /** Columns in the right coordinates: K times these are added on the left. */
  readonly right: M;
}

/**
 * The parallel step once F is known at its start.
 *
 * @param y Start, orthonormal bases; the core may be of any shape and rank.
 * @param f F there.
 * @param rank Rank of the old point, for truncation rules that ask.
 * @param only What of K and L augments the bases; default: all.
 */
export async function* parallelStep<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  f: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
  rank: number,
  only?: Directions<M>,
): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>> {
  const k = yield* advance(a, kFlow(a, y, f), dt, o);
  const l = yield* advance(a, lFlow(a, y, f), dt, o);
  const s = yield* advance(a, sFlow(y, f), dt, o);
  const assembled = await assemble(a, y, k.value, l.value, s.value, only);
  const t = await truncate(a, assembled, o.truncation, rank);
  return {
    y: t.y,
    moments: transportSlots(a, collectMoments({ k, l, s }), y, t.y),
    singularValues: t.singularValues,
    discarded: t.discarded,
  };
}

/**
 * The single-evaluation step of GeoLoRA: the parallel integrator with one Euler or optimizer step
 * for each factor. Before truncation it is Y₁ = Y₀ + dt P(Y₀) F(Y₀), Riemannian gradient descent
 * (Schotthöfer, Zangrando, Ceruti, Tudisco, Kusch: GeoLoRA, ICLR 2025).
 */
export const geolora: Integrator = {
  ...parallelBug,
  name: "geolora",
  description: "rank-adaptive: one gradient for K, L and S; Riemannian gradient descent",
};

/**
 * The matrix in augmented bases with core [[S₁, L₁ᵀ Ṽ], [Ũᵀ K₁, 0]].
 *
 * @param y Old point, orthonormal bases.
 * @param k K after its flow, m×r.
 * @param l L after its flow, n×r.
 * @param s S after its flow, r×r.
 * @param only What of K and L gives Ũ and Ṽ.
 */
async function assemble<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  k: M,
  l: M,
  s: M,
  only: Directions<M> | undefined,
): Promise<LowRank<M>> {
  const newU = await a.complement(y.u, only ? a.multiply(k, only.right) : k);
  const newV = await a.complement(y.v, only ? a.multiply(l, only.left) : l);
  const right = newV === undefined ? [] : [a.multiply(l, newV, { transposeLeft: true })];
  const top = a.hstack([s, ...right]);
  if (newU === undefined) {
    return { u: y.u, s: top, v: newV === undefined ? y.v : a.hstack([y.v, newV]) };
  }
  const below = a.multiply(newU, k, { transposeLeft: true });
  const zeros = newV === undefined ? [] : [a.zeros(a.cols(newU), a.cols(newV))];
  return {
    u: a.hstack([y.u, newU]),
    s: a.vstack([top, a.hstack([below, ...zeros])]),
    v: newV === undefined ? y.v : a.hstack([y.v, newV]),
  };
}
