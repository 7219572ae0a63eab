/**
 * Ranks that the weights of a network share: what truncation leaves of each competes for a common
 * budget, and for a common tolerance.
 *
 * @module
 */

import { withSvd } from "../algebra/known.ts";
import type { Svd } from "../algebra/mod.ts";
import type { Tensor } from "../backend/mod.ts";
import type { MomentSlots } from "../integrators/mod.ts";
import { truncatedHeld } from "../integrators/matrix/held_bases.ts";
import { ranksKept } from "../integrators/truncation.ts";
import { rankForTail } from "../tensors/truncation.ts";
import { representationOf } from "./format.ts";
import { motionOf, type TrainingMethod } from "./method.ts";
import { memoryOf } from "./movers/integrator.ts";
import type { Stepped } from "./mover.ts";
import type { MatrixReading } from "./representation.ts";
import type { WeightRecord, WeightSpec, WeightState } from "./weight.ts";

/** What the weights share. */
export interface SharedRanks {
  /** Largest sum of ranks; default: none. */
  readonly budget?: number;
  /** Part of the norm of all increments together that may be cut; default 0. */
  readonly tolerance?: number;
  /** Rank that every weight keeps; default 1. */
  readonly minRank?: number;
  /** Rank that none exceeds; default: none. */
  readonly maxRank?: number;
}

/** A weight whose bases have turned in a step, and are at rest. */
interface Turned extends Stepped {
  readonly reading: MatrixReading;
  /** Of its core. */
  readonly svd: Svd<Tensor>;
}

/**
 * Truncates weights whose bases have turned in this step and are not to grow on: of all their
 * singular values the largest stay, as many as the budget leaves beside the ranks of the other
 * weights, and as the tolerance asks for. Moments follow as in a truncation of one weight.
 *
 * @param weights All that share, with readings as matrices.
 * @returns Their states, in the same order; those of weights that nothing is cut from as they were.
 */
export async function sharedRanks(
  method: TrainingMethod,
  weights: readonly Stepped[],
  { budget = Infinity, tolerance = 0, minRank = 1, maxRank = Infinity }: SharedRanks,
): Promise<readonly WeightRecord[]> {
  const turned = await turnedIn(method, weights);
  const others = weights.filter(({ spec }) => !turned.has(spec.name));
  const free = others.reduce((left, { spec, state }) => left - rankOf(spec, state), budget);
  const spectra = [...turned.values()].map((w) => w.svd.sigma);
  const ranks = keptRanks(spectra, { budget: free, tolerance, minRank, maxRank });
  const kept = new Map([...turned.keys()].map((name, i) => [name, ranks[i]!]));
  const out: WeightRecord[] = [];
  for (const { spec, state } of weights) {
    const own = turned.get(spec.name);
    const rank = kept.get(spec.name);
    const cuts = own !== undefined && rank! < own.svd.sigma.length;
    out.push(cuts ? await cut(method, own, rank!) : state);
  }
  return out;
}

/**
 * How many values stay of each list.
 *
 * @param spectra Singular values, each list descending.
 */
export function keptRanks(
  spectra: readonly Float64Array[],
  { budget, tolerance, minRank, maxRank }: Required<SharedRanks>,
): readonly number[] {
  const floors = spectra.map((sigma) => Math.min(minRank, sigma.length));
  const spare = spectra.flatMap((sigma, i) =>
    [...sigma.subarray(floors[i]!, maxRank)].map((value) => ({ value, i }))
  ).sort((x, y) => y.value - x.value);
  const total = Math.hypot(...spectra.map((sigma) => Math.hypot(...sigma)));
  const wanted = rankForTail(Float64Array.from(spare, (x) => x.value), tolerance * total);
  const room = budget - floors.reduce((sum, n) => sum + n, 0);
  const ranks = [...floors];
  for (const { i } of spare.slice(0, Math.max(0, Math.min(wanted, room)))) ranks[i]!++;
  return ranks;
}

/** The weights whose bases have turned and are at rest, by name. */
async function turnedIn(
  method: TrainingMethod,
  weights: readonly Stepped[],
): Promise<Map<string, Turned>> {
  const turned = new Map<string, Turned>();
  for (const { spec, before, state } of weights) {
    if (grownFrom(state) !== undefined) continue;
    const { asMatrix } = representationOf(spec);
    const [was, reading] = [before, state].map((s) => asMatrix!(method, spec, s));
    const same = was!.start.v === reading!.start.v && grownFrom(before) === undefined;
    if (same) continue;
    const svd = await method.algebra.svd(reading!.start.s);
    turned.set(spec.name, { spec, before, state, reading: reading!, svd });
  }
  return turned;
}

/** The rank from which bases have grown that are to be truncated later. */
function grownFrom({ cycle }: WeightState): number | undefined {
  return (cycle as { readonly ranks?: Readonly<Record<string, number>> } | undefined)?.ranks?.[0];
}

/** The rank that a weight has a right to: bases that have grown are counted as before. */
function rankOf(spec: WeightSpec, state: WeightState): number {
  return grownFrom(state) ?? representationOf(spec).rank(state) as number;
}

async function cut(
  method: TrainingMethod,
  { spec, state, reading, svd }: Turned,
  rank: number,
): Promise<WeightRecord> {
  const { stepper } = motionOf(method, spec, 0).method;
  const truncation = { ...ranksKept, minRank: rank, maxRank: rank };
  const moments = (state.moments ?? {}) as MomentSlots<Tensor>;
  const o = { stepper, truncation };
  const a = withSvd(method.algebra, reading.start.s, svd);
  const { y, ...moved } = await truncatedHeld(a, reading.start, moments, o, rank);
  const { cycle } = state;
  return {
    ...reading.store(y),
    ...memoryOf(moved.moments),
    ...(cycle === undefined ? {} : { cycle }),
  };
}
