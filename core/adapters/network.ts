/**
 * Which weights of a network are adapted, which train in full, and which stand still.
 *
 * @module
 */

import { suggest } from "../registry.ts";
import type { Settings } from "../settings.ts";
import {
  denseFormat,
  frozenFormat,
  type Layer,
  matchesWeight,
  type ParameterGroup,
  representationOf,
  type WeightSpec,
} from "../training/mod.ts";
import { matrixShape } from "../training/representation/matrix_factors.ts";
import { tune } from "../tunable.ts";
import { adapters } from "./registry.ts";

/** Weights with one adapter. */
export interface AdapterGroup {
  /** Which weights: a name in which * stands for anything, or a question. */
  readonly match: ParameterGroup["match"];
  /** Registry name of the adapter. */
  readonly adapter: string;
  /** Settings of the adapter; default: its own. */
  readonly settings?: Settings;
}

/** What of a network trains. */
export interface AdaptedNetworkOptions {
  /** Weights with adapters; where groups overlap, the last one decides. */
  readonly groups: readonly AdapterGroup[];
  /** Weights that train in full, such as a new head or biases; they go before the groups. */
  readonly full?: readonly ParameterGroup["match"][];
}

/**
 * The same network with adapters on some of its weights; the others stand still but for those that
 * are to train in full. Statistics stay statistics. States of the dense network become its states by
 * `compressStates`, and go back by `denseStates`, which merges.
 *
 * @throws {RangeError} When a group or a pattern matches no weight, an adapter or setting is unknown,
 * or what is matched is no matrix and no kernel.
 *
 * @example Adapters on a first layer, the classifier in full
 * ```ts
 * import { perceptron } from "@rankflow/rankflow";
 * import { adaptedNetwork } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const network = adaptedNetwork(perceptron({ sizes: [8, 6, 3] }), {
 *   groups: [{ match: "dense1.weight", adapter: "lora", settings: { rank: 2 } }],
 *   full: ["classifier.*"],
 * });
 * assertEquals(network.weights.map((w) => w.format), ["lora", "frozen", "dense", "dense"]);
 * ```
 */
export function adaptedNetwork(
  network: Layer,
  { groups, full = [] }: AdaptedNetworkOptions,
): Layer {
  const weights = network.weights.filter((spec) => representationOf(spec).anchor !== undefined);
  for (const match of [...groups.map((g) => g.match), ...full]) requireMatch(match, weights);
  const adapted = (spec: WeightSpec): WeightSpec => {
    if (!weights.includes(spec)) return spec;
    const { rank: _, ...plain } = spec;
    if (full.some((match) => matchesWeight(match, spec))) {
      return { ...plain, format: denseFormat.name };
    }
    const group = groups.findLast((g) => matchesWeight(g.match, spec));
    if (!group) return { ...plain, format: frozenFormat.name };
    requireMatrix(spec, group);
    const { adapter } = group;
    return { ...plain, format: adapter, settings: settingsOf(group, weights, groups) };
  };
  return { ...network, weights: network.weights.map(adapted) };
}

/** The settings of a group, with those that follow from all weights of its adapter. */
function settingsOf(
  { adapter, settings = {} }: AdapterGroup,
  weights: readonly WeightSpec[],
  groups: readonly AdapterGroup[],
): Settings {
  const { fitted } = tune(adapters, adapters.get(adapter), settings);
  if (!fitted) return settings;
  const own = weights.filter((spec) =>
    groups.findLast((g) => matchesWeight(g.match, spec))?.adapter === adapter
  );
  return { ...fitted(own.map(matrixShape)), ...settings };
}

function requireMatch(match: ParameterGroup["match"], weights: readonly WeightSpec[]): void {
  if (weights.some((spec) => matchesWeight(match, spec))) return;
  const asked = typeof match === "string" ? `"${match}"` : "a question";
  const names = weights.map(({ name }) => name);
  const near = typeof match === "string" ? suggest(match, names) : `known are ${names.join(", ")}`;
  throw new RangeError(`Cannot adapt the network: ${asked} matches no weight; ${near}`);
}

function requireMatrix({ name, shape }: WeightSpec, { adapter }: AdapterGroup): void {
  if (shape.length >= 2 && shape.length <= 4) return;
  throw new RangeError(
    `Cannot adapt "${name}" by "${adapter}": expected a matrix or a kernel, got shape [${shape}]`,
  );
}
