/**
 * Ranks and singular values of a network's weights.
 *
 * @module
 */

import type { MetricLine } from "../io/mod.ts";
import { representationOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { ExecutionPlan } from "./representation.ts";
import { matrixShape } from "./representation/matrix_factors.ts";
import type { WeightSpec, WeightStates } from "./weight.ts";

/**
 * Rank of each weight that has one, by name; a weight with a rank for each mode has a name for each,
 * such as "conv1.kernel/in".
 */
export function ranksOf(network: Layer, states: WeightStates): Record<string, number> {
  const ranks: Record<string, number> = {};
  for (const spec of network.weights) {
    const rank = representationOf(spec).rank(states[spec.name]!);
    for (const [key, value] of named(spec.name, rank)) ranks[key] = value;
  }
  return ranks;
}

/**
 * The same network whose weights start at the ranks that another ended with.
 *
 * @param ranks Ranks as {@linkcode ranksOf} names them; weights that it does not name stay as they
 * are.
 */
export function withRanks(network: Layer, ranks: Readonly<Record<string, number>>): Layer {
  const weights = network.weights.map((spec) => {
    const modes = Object.entries(ranks).filter(([key]) => key.startsWith(`${spec.name}/`));
    const named = Object.fromEntries(
      modes.map(([key, rank]) => [key.slice(spec.name.length + 1), rank]),
    );
    const rank = ranks[spec.name];
    return {
      ...spec,
      ...(rank === undefined ? {} : { rank }),
      ...(modes.length === 0 ? {} : { ranks: named }),
    };
  });
  return { ...network, weights };
}

/**
 * The same network whose matrices, and kernels held as matrices, have a share of the rank at which
 * factors hold as many numbers as the whole: ⌊share · m n / (m + n)⌋, and 1 at least.
 *
 * @param share Below 1 each of these weights gets smaller.
 */
export function withBreakEvenRanks(network: Layer, share: number): Layer {
  const weights = network.weights.map((spec) => {
    if (!becomesMatrix(spec)) return spec;
    const [m, n] = matrixShape(spec);
    const rank = Math.max(1, Math.min(m, n, Math.floor(share * m * n / (m + n))));
    return { ...spec, rank, minRank: rank, maxRank: rank };
  });
  return { ...network, weights };
}

/** Whether a weight is held as one matrix of some rank, for which there may be a whole one. */
export function becomesMatrix(spec: WeightSpec): boolean {
  const { fromDense, asTucker, anchor } = representationOf(spec);
  const isWhole = anchor === undefined || anchor === "value";
  return !isWhole && spec.shape.length > 1 && fromDense !== undefined && asTucker === undefined;
}

/** How each factorised kernel runs in training, and what that costs, by name. */
export function executionPlans(
  network: Layer,
  states: WeightStates,
): Record<string, ExecutionPlan> {
  const plans: Record<string, ExecutionPlan> = {};
  for (const spec of network.weights) {
    const plan = representationOf(spec).plan?.(spec, states[spec.name]!);
    if (plan) plans[spec.name] = plan;
  }
  return plans;
}

/** Ranks and singular values as metrics; nothing for a network without factorised weights. */
export async function rankMetrics(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Partial<MetricLine>> {
  const ranks = ranksOf(network, states);
  if (Object.keys(ranks).length === 0) return {};
  return { ranks, singularValues: await spectra(method, network, states) };
}

/** What a weight has once, or for each of its modes, with names. */
function named<T extends number | Float64Array>(
  weight: string,
  value: T | Readonly<Record<string, T>> | undefined,
): [string, T][] {
  if (value === undefined) return [];
  if (typeof value === "number" || ArrayBuffer.isView(value)) return [[weight, value as T]];
  const modes = Object.entries(value as Readonly<Record<string, T>>);
  return modes.map(([mode, v]) => [`${weight}/${mode}`, v]);
}

async function spectra(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Record<string, number[]>> {
  const out: Record<string, number[]> = {};
  for (const spec of network.weights) {
    const sigma = await method.engine.scope(() =>
      representationOf(spec).singularValues(method, states[spec.name]!)
    );
    for (const [key, values] of named(spec.name, sigma)) out[key] = [...values];
  }
  return out;
}
