import type { Algebra } from "../algebra/mod.ts";
import type { Integrator, LowRank, Moments, MomentSlots } from "./types.ts";
import { advance, collectMoments, kFlow, lFlow, sFlow } from "./flows.ts";
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
    const s = yield* advance(a, sFlow(lifted, f), dt, o, embedCore(a, o.moments, lifted));
    const t = await truncate(a, { ...lifted, s: s.value }, o.truncation);
    return {
      y: t.y,
      moments: carry(a, collectMoments({ k, l, s }), y, t),
      singularValues: t.singularValues,
      discarded: t.discarded,
    };
  },
};

/**
 * The same matrix in bases that also span the columns of `k` and `l`: [U | Ũ], [V | Ṽ] and the
 * core with zero blocks.
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
): Promise<LowRank<M>> {
  const newU = await a.complement(y.u, k);
  const newV = await a.complement(y.v, l);
  const u = newU === undefined ? y.u : a.hstack([y.u, newU]);
  const v = newV === undefined ? y.v : a.hstack([y.v, newV]);
  return { u, s: embed(a, y.s, a.cols(u), a.cols(v)), v };
}

function embedCore<M>(
  a: Algebra<M>,
  moments: MomentSlots<M> | undefined,
  lifted: LowRank<M>,
): MomentSlots<M> {
  if (!moments?.s) return {};
  return { s: embedMoments(a, moments.s, a.cols(lifted.u), a.cols(lifted.v)) };
}

function carry<M>(
  a: Algebra<M>,
  moments: MomentSlots<M>,
  from: LowRank<M>,
  to: { y: LowRank<M>; left: M; right: M },
): MomentSlots<M> {
  const out: Record<string, Moments<M>> = {};
  const { k, l, s } = moments;
  if (s) out.s = transportMoments(a, s, a.transpose(to.left), to.right);
  if (k) {
    const right = a.multiply(from.v, to.y.v, { transposeLeft: true });
    out.k = transportMoments(a, k, undefined, right);
  }
  if (l) {
    const left = a.multiply(from.u, to.y.u, { transposeLeft: true });
    out.l = transportMoments(a, l, undefined, left);
  }
  return out;
}
