import type { Algebra } from "../algebra/mod.ts";
import type { FieldAt, Integrator, LowRank, Moments, MomentSlots } from "./types.ts";
import { advance, kFlow, lFlow, sFlow } from "./flows.ts";
import { embed, embedMoments, transportMoments } from "./transport.ts";
import { truncate } from "./truncation.ts";

/**
 * Rank-adaptive basis update and Galerkin integrator: the bases are augmented by the directions of
 * the K- and L-flows, the core moves in the doubled bases, an SVD truncates (Ceruti, Kusch, Lubich:
 * A rank-adaptive robust integrator for dynamical low-rank approximation, BIT 2022).
 *
 * The lifted core represents the old matrix exactly, so with one-stage steppers all three flows
 * start from the same point and one evaluation of F serves them; the step is then
 * Y₁ = Y₀ + dt Û Ûᵀ F(Y₀) V̂ V̂ᵀ before truncation.
 *
 * Momentum is a tangent vector at Y: its factors "k" and "l" also point the augmentation, and the
 * core's moments are lifted into the augmented bases and projected back after truncation.
 */
export const augmentedBug: Integrator = {
  name: "augmented-bug",
  description: "rank-adaptive: bases augmented by K and L, Galerkin step in them, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const k = yield* advance(a, { ...kFlow(a, y, f), spanOnly: true }, dt, o);
    const l = yield* advance(a, { ...lFlow(a, y, f), spanOnly: true }, dt, o);
    const lifted = await augment(a, y, k.value, l.value);
    const core = liftMoments(a, o.moments, a.cols(y.u), lifted);
    const flow = { ...sFlow(lifted, f), project: (g: typeof f) => blockGalerkin(a, g, lifted) };
    const s = yield* advance(a, flow, dt, o, core);
    const t = await truncate(a, { ...lifted, s: s.value }, o.truncation);
    return {
      y: t.y,
      moments: lowerMoments(a, s.moments, lifted, t),
      singularValues: t.singularValues,
      discarded: t.discarded,
    };
  },
};

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
 * @param y m×n of rank r, orthonormal bases; they stay the leading columns.
 * @param k m×r whose span is added on the left.
 * @param l n×r whose span is added on the right.
 */
export async function augment<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  k: M,
  l: M,
): Promise<Augmented<M>> {
  const newU = await a.complement(y.u, k);
  const newV = await a.complement(y.v, l);
  const left = newU === undefined ? [y.u] : [y.u, newU];
  const right = newV === undefined ? [y.v] : [y.v, newV];
  const [u, v] = [a.hstack(left), a.hstack(right)];
  return { u, s: embed(a, y.s, a.cols(u), a.cols(v)), v, left, right };
}

/** Uᵀ F V block by block, so that a field can use what it knows of the leading blocks. */
function blockGalerkin<M>(a: Algebra<M>, f: FieldAt<M>, y: Augmented<M>): M {
  return a.vstack(y.left.map((u) => a.hstack(y.right.map((v) => f.galerkin(u, v)))));
}

/**
 * The core's moments in augmented bases. The tangent vector of first moments becomes
 * Ûᵀ ξ V̂ = [[dS, dLᵀ Ṽ], [Ũᵀ dK, 0]]; second moments are continued by their means.
 */
function liftMoments<M>(
  a: Algebra<M>,
  moments: MomentSlots<M> | undefined,
  rank: number,
  lifted: LowRank<M>,
): MomentSlots<M> {
  const { k, l, s } = moments ?? {};
  if (!s) return {};
  const [rows, cols] = [a.cols(lifted.u), a.cols(lifted.v)];
  const embedded = embedMoments(a, s, rows, cols);
  if (!k?.first || !l?.first || !s.first) return { s: embedded };
  const right = cols > rank
    ? [a.multiply(l.first, a.columns(lifted.v, rank, cols), { transposeLeft: true })]
    : [];
  const top = a.hstack([s.first, ...right]);
  if (rows === rank) return { s: { ...embedded, first: top } };
  const below = a.multiply(a.columns(lifted.u, rank, rows), k.first, { transposeLeft: true });
  const corner = cols > rank ? [a.zeros(rows - rank, cols - rank)] : [];
  return { s: { ...embedded, first: a.vstack([top, a.hstack([below, ...corner])]) } };
}

/**
 * The moments of the augmented core at the truncated point: Û m V̂ᵀ is projected onto the tangent
 * space there, so that momentum across the bases survives truncation.
 */
function lowerMoments<M>(
  a: Algebra<M>,
  m: Moments<M> | undefined,
  lifted: LowRank<M>,
  t: { left: M; right: M },
): MomentSlots<M> {
  if (!m) return {};
  const s = transportMoments(a, m, a.transpose(t.left), t.right);
  if (!m.first) return { s };
  const { count } = m;
  const k = a.multiply(lifted.u, a.multiply(m.first, t.right));
  const l = a.multiply(lifted.v, a.multiply(m.first, t.left, { transposeLeft: true }));
  return { s, k: { count, first: k }, l: { count, first: l } };
}
