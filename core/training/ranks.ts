/**
 * Ranks and singular values of a network's weights.
 *
 * @module
 */

import type { MetricLine } from "../io/mod.ts";
import type { Layer } from "./network.ts";
import { type TrainingMethod, weightFormats } from "./parameter.ts";
import type { WeightStates } from "./step.ts";

/** Rank of each weight that has one, by name. */
export function ranksOf(network: Layer, states: WeightStates): Record<string, number> {
  const ranks: Record<string, number> = {};
  for (const { name, format } of network.weights) {
    const rank = weightFormats.get(format).rank(states[name]!);
    if (rank !== undefined) ranks[name] = rank;
  }
  return ranks;
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

async function spectra(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Record<string, number[]>> {
  const out: Record<string, number[]> = {};
  for (const { name, format } of network.weights) {
    const sigma = await method.engine.scope(() =>
      weightFormats.get(format).singularValues(method, states[name]!)
    );
    if (sigma) out[name] = [...sigma];
  }
  return out;
}
