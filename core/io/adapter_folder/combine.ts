/**
 * Several adapters merged into one base, and one taken out of a model again.
 *
 * @module
 */

import { orderedRecord, type TensorData } from "../safetensors.ts";
import { type AdapterBase, asStored, rounded, weightOf } from "./base.ts";
import { adapterContents, type AdapterFolder, refusal } from "./contents.ts";
import { MAGNITUDE } from "./forms/mod.ts";
import { host } from "./forms/matrices.ts";
import { incrementOf, mergedTensors, RESIDUAL } from "./merge.ts";

/** An adapter and how much of it is added. */
export interface WeightedAdapter {
  /** The adapter. */
  readonly adapter: AdapterFolder;
  /** Factor of what it changes; 1 for all of it. */
  readonly weight: number;
}

/**
 * The tensors of a model with W₀ + Σ wᵢ (Wᵢ − W₀), where Wᵢ is the weight with the i-th adapter
 * alone: what is added does not depend on the order, also of adapters that scale outputs.
 *
 * @throws {Error} When an adapter is for another base, or a number is not finite.
 */
export async function combinedTensors(
  base: AdapterBase,
  parts: readonly WeightedAdapter[],
): Promise<Readonly<Record<string, TensorData>>> {
  const sums = new Map<string, Float64Array>();
  for (const { adapter, weight } of parts) {
    const merged = await mergedTensors(base, adapter);
    for (const [name, { data }] of Object.entries(merged)) {
      const own = base.tensors[name]!.data as Float32Array;
      if (data === own) continue;
      const sum = sums.get(name) ?? Float64Array.from(own);
      const numbers = data as Float32Array;
      sums.set(name, sum.map((x, i) => x + weight * (numbers[i]! - own[i]!)));
    }
  }
  return orderedRecord(
    Object.entries(base.tensors).map(([name, tensor]) => {
      const sum = sums.get(name);
      return [name, sum ? rounded(name, tensor.shape, sum) : tensor];
    }),
  );
}

/**
 * The tensors of the base of a merged model, to round-off.
 *
 * @param merged A model into which the adapter was merged.
 * @throws {Error} When the adapter keeps too little to find the base again: it scales outputs, is
 * meant for another base, or replaced tensors.
 */
export function unmergedTensors(
  merged: AdapterBase,
  adapter: AdapterFolder,
): Readonly<Record<string, TensorData>> {
  const { config, modules, saved } = adapterContents(adapter, merged);
  const lost = modules.some(({ parts }) => parts[MAGNITUDE])
    ? "one that scales outputs"
    : RESIDUAL.test(String(config.values.init_lora_weights))
    ? "one that took its start out of the base"
    : config.values.lora_bias || Object.keys(saved).length > 0
    ? `one that replaced ${Object.keys(saved)[0] ?? "biases"}`
    : undefined;
  if (lost !== undefined) {
    throw refusal(config, "an adapter that only adds to weights", `${lost}; go back to the base`);
  }
  const changed = new Map<string, TensorData>(modules.map((adapted) => {
    const { module, scale } = adapted;
    const w = weightOf(module, merged);
    const base = host.lincomb(1, w, -scale, incrementOf(adapted, config));
    return [`${module.name}.weight`, asStored(module, base)] as const;
  }));
  return orderedRecord(
    Object.entries(merged.tensors).map(([name, tensor]) => [name, changed.get(name) ?? tensor]),
  );
}
