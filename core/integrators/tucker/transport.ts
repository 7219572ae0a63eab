/**
 * Carrying the moments of a Tucker tensor along when its bases change.
 *
 * First moments of all factors represent a tangent vector ξ at Y: dS = ξ ×ₖ Uₖᵀ and
 * dKₖ = ξ_(k) Vₖ. As a Tucker tensor of twice the ranks, ξ is a field like any other; so carrying
 * it to another point is projecting it there, by the flows that project F.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { modeProducts, type TuckerTensor, unfoldCyclic } from "../../tensors/mod.ts";
import { transportMoments } from "../transport.ts";
import type { Moments, MomentSlots } from "../types.ts";
import { tuckerField } from "../../geometry/fields/tucker.ts";
import { outside } from "../../geometry/matrices.ts";
import {
  foldRows,
  type ModeView,
  projectMode,
  turnedTucker,
  viewModes,
} from "../../geometry/tucker_views.ts";
import type { LocalTuckerField, TuckerFieldAt } from "../../geometry/fields/types.ts";

/**
 * The tangent vector that first moments stand for, as a field: dS ×ₖ Uₖ + Σ (I − Uₖ Uₖᵀ) dKₖ Vₖᵀ.
 *
 * @param y The point, orthonormal factors.
 * @param views The point seen from the modes that can turn.
 * @param ks dKₖ by mode, n_k×s_k; undefined stands for no part off the basis.
 * @param s dS as the unfolding of mode 0.
 */
export function tuckerTangentField<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  ks: readonly (M | undefined)[],
  s: M,
): LocalTuckerField<M> {
  const turns = ks.map((k, mode) => k === undefined ? k : outside(a, y.factors[mode]!, k));
  return tuckerField(a, turnedTucker(a, y, views, { ...y.core, data: s }, turns));
}

/** The first moments as a field; undefined where the core has none. */
export function momentField<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  slots: MomentSlots<M>,
): LocalTuckerField<M> | undefined {
  const s = slots.s?.first;
  if (s === undefined) return undefined;
  const ks: (M | undefined)[] = y.factors.map(() => undefined);
  for (const { mode } of views) ks[mode] = slots[`k${mode}`]?.first;
  return tuckerTangentField(a, y, views, ks, s);
}

/** First moments of every factor at `y` from a field, with that count of updates. */
export async function projectMoments<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  field: TuckerFieldAt<M>,
  count: number,
): Promise<MomentSlots<M>> {
  const s = (await field.contract(y.factors)).data;
  return { ...await projectModeMoments(a, y, views, field, count), s: { count, first: s } };
}

/** The same of the bases alone. */
export async function projectModeMoments<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  field: TuckerFieldAt<M>,
  count: number,
): Promise<MomentSlots<M>> {
  const out: Record<string, Moments<M>> = {};
  for (const view of views) {
    out[`k${view.mode}`] = { count, first: await projectMode(a, y, view, field) };
  }
  return out;
}

/**
 * Carries the moments of all factors from one point to another: first moments as the orthogonal
 * projection of their tangent vector, also when ranks change. Where there are second moments, or
 * the core has no first ones, each factor is carried by the change of its own coordinates.
 *
 * @param slots Moments at `from`.
 * @param from Old point with its views.
 * @param to New point, orthonormal factors.
 */
export async function transportTuckerSlots<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  to: TuckerTensor<M>,
): Promise<MomentSlots<M>> {
  const given = Object.values(slots);
  if (given.length === 0) return slots;
  const after = await viewModes(a, to);
  if (given.every((m) => m.second === undefined)) {
    const field = momentField(a, from, views, slots);
    if (field) return await projectMoments(a, to, after, field, slots.s!.count);
  }
  const changes = changesOf(a, from, to);
  return {
    ...transportModes(a, slots, from, views, after, changes),
    ...(slots.s ? { s: transportCore(a, slots.s, from, changes) } : {}),
  };
}

/** Uₖ′ᵀ Uₖ for each mode; undefined where the basis is the same. */
export function changesOf<M>(
  a: Algebra<M>,
  from: TuckerTensor<M>,
  to: TuckerTensor<M>,
): (M | undefined)[] {
  return from.factors.map((u, k) => {
    const next = to.factors[k]!;
    return next === u ? undefined : a.multiply(next, u, { transposeLeft: true });
  });
}

/**
 * Moments of the core in new bases: m ×ₖ Aₖ and v ×ₖ (Aₖ∘Aₖ), as for matrices.
 *
 * @param y Whose core they belong to.
 * @param changes Aₖ, r_k′×r_k; undefined for the identity.
 */
export function transportCore<M>(
  a: Algebra<M>,
  m: Moments<M>,
  y: TuckerTensor<M>,
  changes: readonly (M | undefined)[],
): Moments<M> {
  const carry = (x: M, us: readonly (M | undefined)[]): M =>
    modeProducts(a, { ...y.core, data: x }, us).data;
  return {
    count: m.count,
    ...(m.first === undefined ? {} : { first: carry(m.first, changes) }),
    ...(m.second === undefined
      ? {}
      : { second: carry(m.second, changes.map((u) => u && a.square(u))) }),
  };
}

/**
 * Moments of the Kₖ in new coordinates: from the right by Vₖᵀ Vₖ′.
 *
 * @param from Old point.
 * @param before Old point seen from the modes that could turn.
 * @param after New point seen from the modes that can.
 * @param changes Uₖ′ᵀ Uₖ for each mode; undefined for the identity.
 */
export function transportModes<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: TuckerTensor<M>,
  before: readonly ModeView<M>[],
  after: readonly ModeView<M>[],
  changes: readonly (M | undefined)[],
): MomentSlots<M> {
  const out: Record<string, Moments<M>> = {};
  for (const { mode, q } of before) {
    const moments = slots[`k${mode}`];
    const view = after.find((v) => v.mode === mode);
    if (!moments || !view) continue;
    const rows = foldRows(a, a.transpose(q), from, mode);
    const others = changes.map((u, k) => k === mode ? undefined : u);
    const turned = unfoldCyclic(a, modeProducts(a, rows, others), mode);
    const right = a.multiply(turned, view.q);
    out[`k${mode}`] = transportMoments(a, moments, undefined, right);
  }
  return out;
}
