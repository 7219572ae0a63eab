/**
 * How a subspace of gradients is chosen, and when.
 *
 * @module
 */

import type { Algebra, SettingLimits } from "../core/mod.ts";
import type { Side } from "./sides.ts";

/** Settings of how a subspace is chosen. */
export type ChoiceSettings = {
  /** Way to a subspace: leading singular vectors by an "svd", or a "power" step from the one before. */
  readonly choice: string;
  /**
   * Mean cosine between the first vectors of the last five choices from which on steps between
   * choices double, as in Q-GaLore, where it is 0.4; 0: never.
   */
  readonly lazy: number;
};

/** What {@linkcode ChoiceSettings} are unless said otherwise. */
export const choiceDefaults: ChoiceSettings = { choice: "svd", lazy: 0 };

/** Limits of {@linkcode ChoiceSettings}. */
export const choiceLimits: Record<keyof ChoiceSettings, SettingLimits> = {
  choice: {
    oneOf: ["svd", "power"],
    description: "way to a subspace: by an SVD, or by a power step from the one before",
  },
  lazy: {
    min: 0,
    max: 1,
    description:
      "mean cosine of the last choices from which on steps between them double; 0: never",
  },
};

/** How a subspace is chosen. */
export interface ChoiceOptions extends ChoiceSettings {
  /** Its dimension, or the length of a side that has less. */
  readonly rank: number;
  /** Steps between two choices. */
  readonly every: number;
}

/** How many cosines a mean is of. */
const COSINES = 5;

/** Orthonormal columns on one side of a matrix, or on both. */
export type Bases<M> = {
  /** P, s×r for the side s; for both sides that of the left one. */
  readonly basis: M;
  /** Q, n×r, where both sides are projected. */
  readonly right?: M;
};

/** When the subspace is chosen again, where that is not as often all the time. */
export type Pace = {
  /** Updates at the next choice. */
  readonly due: number;
  /** Steps from it to the one after. */
  readonly every: number;
  /** The last cosines between first vectors of successive choices, the oldest first. */
  readonly cosines?: { readonly [age: string]: number };
};

/** The bases in a state. */
export function basesOf<M>({ basis, right }: Partial<Bases<M>>): Bases<M> | undefined {
  return basis && { basis, ...(right ? { right } : {}) };
}

/** Bases with signs after the old ones. */
export interface Choice<M> {
  readonly bases: Bases<M>;
  /** Of the angle between the first vectors and those before, where there were some. */
  readonly cosine?: number;
}

/** A choice; undefined where the flow allows none. */
export async function choice<M>(
  a: Algebra<M>,
  sides: readonly Side<M>[],
  { rank, choice: way }: ChoiceOptions,
  flow: M,
  before: Partial<Bases<M>>,
): Promise<Choice<M> | undefined> {
  const old = basesOf(before);
  const found = (way === "power" && old ? await powerStep(a, sides, flow, old) : undefined) ??
    await leadingVectors(a, sides, flow, rank);
  if (!found || !old) return found && { bases: found };
  const basis = await signed(a, old.basis, found.basis);
  const right = found.right && old.right && await signed(a, old.right, found.right);
  return {
    bases: { basis: basis.vectors, ...(right ? { right: right.vectors } : {}) },
    cosine: basis.cosine,
  };
}

/** The first singular vectors of the sides; undefined where there are none. */
async function leadingVectors<M>(
  a: Algebra<M>,
  [side, other]: readonly Side<M>[],
  flow: M,
  rank: number,
): Promise<Bases<M> | undefined> {
  const x = side!.first(flow);
  const first = (vectors: M): M => a.columns(vectors, 0, Math.min(rank, a.cols(vectors)));
  const left = !other && a.rows(x) <= a.cols(x) ? await a.leftSvd?.(x) : undefined;
  if (left) return left.sigma[0]! > 0 ? { basis: first(left.p) } : undefined;
  const { p, sigma, q } = await a.svd(x);
  if (!(sigma[0]! > 0)) return undefined;
  return { basis: first(p), ...(other ? { right: first(q) } : {}) };
}

/** Orthonormal columns of G Gᵀ P; with both sides of G Q, and of Gᵀ times that. */
async function powerStep<M>(
  a: Algebra<M>,
  [side, other]: readonly Side<M>[],
  flow: M,
  { basis, right }: Bases<M>,
): Promise<Bases<M> | undefined> {
  const low = side!.project(basis, flow);
  const size = await a.norm(low);
  if (!(size > 0 && Number.isFinite(size))) return undefined;
  const next = await a.orthonormalize(
    other && right ? other.project(right, flow) : side!.across(flow, low),
  );
  if (!other) return { basis: next };
  return { basis: next, right: await a.orthonormalize(other.across(flow, next)) };
}

/** Vectors of signs for which the diagonal of their product with others is not negative. */
async function signed<M>(
  a: Algebra<M>,
  before: M,
  vectors: M,
): Promise<{ readonly vectors: M; readonly cosine: number }> {
  const r = a.cols(before);
  const overlap = await a.read(a.multiply(before, vectors, { transposeLeft: true }));
  const signs = Float64Array.from({ length: r }, (_, i) => overlap[i * r + i]! < 0 ? -1 : 1);
  return { vectors: a.weighted(vectors, { columns: signs }), cosine: Math.abs(overlap[0]!) };
}

/** Twice as many steps to the next choice where the last ones were as good as the same. */
export function paceAfter<M>(
  count: number,
  { every, lazy }: ChoiceOptions,
  chosen: Choice<M> | undefined,
  pace: Pace = { due: 0, every },
): Pace {
  if (count < pace.due) return pace;
  const newest = chosen?.cosine === undefined ? [] : [chosen.cosine];
  const cosines = [...Object.values(pace.cosines ?? {}), ...newest].slice(-COSINES);
  const mean = cosines.reduce((sum, x) => sum + x, 0) / COSINES;
  const steps = cosines.length === COSINES && mean >= lazy ? 2 * pace.every : pace.every;
  return {
    ...{ due: count + steps, every: steps },
    ...(cosines.length > 0 ? { cosines: Object.fromEntries(cosines.entries()) } : {}),
  };
}
