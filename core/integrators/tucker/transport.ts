/**
 * Carrying the moments of a Tucker tensor along when its bases change.
 *
 * Tangent entries of all factors represent a tangent vector ξ at Y: dS = ξ ×ₖ Uₖᵀ and
 * dKₖ = ξ_(k) Vₖ. As a Tucker tensor of twice the ranks, ξ is a field like any other; so carrying
 * it to another point is projecting it there, by the flows that project F.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { tuckerField } from "../../geometry/fields/tucker.ts";
import type { LocalTuckerField, TuckerFieldAt } from "../../geometry/fields/types.ts";
import { outside } from "../../geometry/matrices.ts";
import {
  foldRows,
  type ModeView,
  projectMode,
  turnedTucker,
  viewModes,
} from "../../geometry/tucker_views.ts";
import { modeProducts, type TuckerTensor, unfoldCyclic } from "../../tensors/mod.ts";
import {
  carried,
  hasScales,
  type MomentSlots,
  type RuleState,
  type Stepping,
  tangentAlone,
  tangentIn,
} from "../memory.ts";
import { transportMoments, variancesBy } from "../transport.ts";

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
  o: Stepping,
  slots: MomentSlots<M>,
): LocalTuckerField<M> | undefined {
  const s = tangentIn(o, slots.s);
  if (s === undefined) return undefined;
  const ks: (M | undefined)[] = y.factors.map(() => undefined);
  for (const { mode } of views) ks[mode] = tangentIn(o, slots[`k${mode}`]);
  return tuckerTangentField(a, y, views, ks, s);
}

/** States of every factor at `y` with a field for a tangent vector, and the numbers of `like`. */
export async function projectMoments<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  o: Stepping,
  field: TuckerFieldAt<M>,
  like: RuleState<M>,
): Promise<MomentSlots<M>> {
  const s = (await field.contract(y.factors)).data;
  return {
    ...await projectModeMoments(a, y, views, o, field, like),
    s: tangentAlone(o, like, s),
  };
}

/** The same of the bases alone. */
export async function projectModeMoments<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  o: Stepping,
  field: TuckerFieldAt<M>,
  like: RuleState<M>,
): Promise<MomentSlots<M>> {
  const out: Record<string, RuleState<M>> = {};
  for (const view of views) {
    out[`k${view.mode}`] = tangentAlone(o, like, await projectMode(a, y, view, field));
  }
  return out;
}

/**
 * Carries the states of all factors from one point to another: tangent entries as the orthogonal
 * projection of their tangent vector, also when ranks change. Where there are other matrices, or
 * the core has no tangent entry, each factor is carried by the change of its own coordinates.
 *
 * @param slots States at `from`.
 * @param from Old point with its views.
 * @param to New point, orthonormal factors.
 */
export async function transportTuckerSlots<M>(
  a: Algebra<M>,
  o: Stepping,
  slots: MomentSlots<M>,
  from: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  to: TuckerTensor<M>,
): Promise<MomentSlots<M>> {
  const given = Object.values(slots);
  if (given.length === 0) return slots;
  const after = await viewModes(a, to);
  const scaled = given.some((state) => hasScales(o, state));
  if (!scaled) {
    const field = momentField(a, from, views, o, slots);
    if (field) return await projectMoments(a, to, after, o, field, slots.s!);
  }
  const changes = changesOf(a, from, to);
  return {
    ...await transportModes(a, o, slots, from, views, after, changes),
    ...(slots.s
      ? { s: transportCore(a, o, slots.s, from, changes, await sharesOf(a, changes, scaled)) }
      : {}),
  };
}

/** What carries variances in each mode. */
async function sharesOf<M>(
  a: Algebra<M>,
  changes: readonly (M | undefined)[],
  scaled: boolean,
): Promise<(M | undefined)[]> {
  const out: (M | undefined)[] = [];
  for (const u of changes) out.push(u && (scaled ? await variancesBy(a, u) : a.square(u)));
  return out;
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
 * The state of the core in new bases: x ×ₖ Aₖ, as for matrices.
 *
 * @param y Whose core they belong to.
 * @param changes Aₖ, r_k′×r_k; undefined for the identity.
 * @param shares What carries variances; default Aₖ∘Aₖ, as in `changeOf`.
 */
export function transportCore<M>(
  a: Algebra<M>,
  o: Stepping,
  state: RuleState<M>,
  y: TuckerTensor<M>,
  changes: readonly (M | undefined)[],
  shares: readonly (M | undefined)[] = changes.map((u) => u && a.square(u)),
): RuleState<M> {
  const times = (x: M, us: readonly (M | undefined)[]): M =>
    modeProducts(a, { ...y.core, data: x }, us).data;
  return carried(a, o, state, {
    carry: (x) => times(x, changes),
    carrySquare: (x) => times(x, shares),
  });
}

/**
 * States of the Kₖ in new coordinates: from the right by Vₖᵀ Vₖ′.
 *
 * @param from Old point.
 * @param before Old point seen from the modes that could turn.
 * @param after New point seen from the modes that can.
 * @param changes Uₖ′ᵀ Uₖ for each mode; undefined for the identity.
 */
export async function transportModes<M>(
  a: Algebra<M>,
  o: Stepping,
  slots: MomentSlots<M>,
  from: TuckerTensor<M>,
  before: readonly ModeView<M>[],
  after: readonly ModeView<M>[],
  changes: readonly (M | undefined)[],
): Promise<MomentSlots<M>> {
  const out: Record<string, RuleState<M>> = {};
  for (const { mode, q } of before) {
    const moments = slots[`k${mode}`];
    const view = after.find((v) => v.mode === mode);
    if (!moments || !view) continue;
    const rows = foldRows(a, a.transpose(q), from, mode);
    const others = changes.map((u, k) => k === mode ? undefined : u);
    const turned = unfoldCyclic(a, modeProducts(a, rows, others), mode);
    const right = a.multiply(turned, view.q);
    const columns = hasScales(o, moments)
      ? a.transpose(await variancesBy(a, a.transpose(right)))
      : a.square(right);
    const shares = { left: undefined, right: columns };
    out[`k${mode}`] = transportMoments(a, o, moments, undefined, right, shares);
  }
  return out;
}
