/**
 * Weighted sums of adapters as one adapter.
 *
 * @module
 */

import {
  type AdapterBase,
  adapterConfig,
  type AdapterFolder,
  combinedTensors,
  outputsByInputs,
  type WeightedAdapter,
} from "../../io/mod.ts";
import { hostAlgebra } from "../../algebra/mod.ts";
import { truncated } from "./fold.ts";
import { leftOf } from "./layout.ts";
import { adapterTensors, type ModuleRanks, patternsOf, type StoredModule } from "./stored.ts";

const host = hostAlgebra();

/** How {@linkcode combinedAdapter} truncates. */
export interface CombineOptions {
  /** Upper bound of the ranks; default: none. */
  readonly rank?: number;
  /** What may be left out of each module, as much of the norm of the sum; default 1e-6. */
  readonly tolerance?: number;
}

/** A sum of adapters as one. */
export interface CombinedAdapter {
  /** A LoRA. */
  readonly adapter: AdapterFolder;
  /** Ranks, and what was left out, by module. */
  readonly modules: Readonly<Record<string, ModuleRanks>>;
}

/**
 * Σ wᵢ ΔWᵢ of adapters of any types as one LoRA: the best one of its rank, by the SVD of the sum.
 *
 * @throws {Error} When an adapter is for another base, damaged, or changes what no LoRA can.
 */
export async function combinedAdapter(
  base: AdapterBase,
  parts: readonly WeightedAdapter[],
  { rank = Infinity, tolerance = 1e-6 }: CombineOptions = {},
): Promise<CombinedAdapter> {
  const { config: first } = parts[0]!.adapter;
  const tensors = await combinedTensors(base, parts);
  const modules: StoredModule[] = [];
  const whole = new Set(
    Object.keys(tensors).filter((name) => tensors[name] !== base.tensors[name]),
  );
  for (const module of base.modules) {
    const name = `${module.name}.weight`;
    if (!whole.delete(name)) continue;
    const [sum, w] = [tensors, base.tensors].map((t) => outputsByInputs(module, t[name]!));
    const increment = leftOf(host.lincomb(1, sum!, -1, w!), module);
    const { discarded, ...stored } = await truncated(increment, module, tolerance, rank);
    const folded = { adapter: "sum", rank: stored.rank, discarded };
    const own = { module, name: module.names.at(-1)!, type: "LORA", values: {}, folded } as const;
    modules.push({ ...stored, ...own });
  }
  const [stray] = whole;
  if (stray !== undefined) {
    throw new Error(
      `Cannot combine adapters: expected sums of matrices only, got changes of "${stray}"; merge ` +
        `them into the model instead`,
    );
  }
  const config = adapterConfig({
    ...patternsOf(modules),
    peft_type: "LORA",
    task_type: first.values.task_type,
    base_model_name_or_path: first.values.base_model_name_or_path,
    fan_in_fan_out: modules[0]!.module.kind === "conv1d",
    target_modules: modules.map(({ name }) => name).sort(),
  }, "the sum");
  return {
    adapter: { config, tensors: adapterTensors(modules, {}, base) },
    modules: Object.fromEntries(modules.map(({ name, folded }) => [name, folded!])),
  };
}
