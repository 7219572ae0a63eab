/**
 * Adapters on networks of ours as files of PEFT.
 *
 * @module
 */

import {
  type AdapterBase,
  adapterConfig,
  type AdapterContents,
  type AdapterFolder,
  adapterTensors,
  type Layer,
  type ModuleRanks,
  patternsOf,
  type PeftType,
  type StoredModule,
  storedModules,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { pretrainedTensors } from "./states.ts";
import type { Pretrained } from "./types.ts";

/** How {@linkcode exportedAdapter} writes. */
export interface ExportOptions {
  /** The adapter that was read, whose config and names are kept; default: new ones. */
  readonly contents?: AdapterContents;
  /** Name or folder of the base, for the config; default: none. */
  readonly baseName?: string;
  /** What folding may leave out, as much of the norm of an increment; default 1e-6. */
  readonly tolerance?: number;
}

/** An adapter for other libraries. */
export interface ExportedAdapter {
  /** What the folder holds. */
  readonly adapter: AdapterFolder;
  /** Adapters that other libraries do not know, folded into LoRA: rank and loss by module. */
  readonly folded: Readonly<Record<string, ModuleRanks>>;
}

/**
 * The adapters of a network as PEFT reads them. Those that it does not know are folded into LoRA of
 * their rank. Weights that train in full are kept whole.
 *
 * @param pretrained The network that was adapted, read with `joined`.
 * @param base Tensors of the base, to which the adapter will be added.
 * @throws {Error} When no weight has an adapter, or one has no place in the file of the base.
 */
export async function exportedAdapter(
  method: TrainingMethod,
  pretrained: Pretrained,
  base: AdapterBase,
  { network, states }: { readonly network: Layer; readonly states: WeightStates },
  options: ExportOptions = {},
): Promise<ExportedAdapter> {
  const { contents, baseName, tolerance = 1e-6 } = options;
  const moduleOf = modulesOf(pretrained, base);
  const modules = await storedModules(method, network, states, { moduleOf, base, tolerance });
  const known = new Map(contents?.modules.map(({ module, name }) => [module.name, name]));
  const named = modules.map((m) => ({ ...m, name: known.get(m.module.name) ?? m.name }));
  const whole = {
    ...contents?.saved,
    ...await savedTensors(method, pretrained, base, network, states),
  };
  const adapted = new Set(modules.map(({ module }) => module.name));
  const same = contents?.modules.every(({ module, rank }) =>
    modules.some((m) => m.module.name === module.name && m.rank === rank && !m.folded)
  );
  const config = contents && same ? contents.config : adapterConfig({
    ...describe(named, pretrained, baseName),
    ...kept(modules[0]!.type, Object.keys(whole), adapted, base),
  }, "the adapter");
  const lost = named.flatMap((m) => m.folded ? [[m.name, m.folded] as const] : []);
  return {
    adapter: { config, tensors: adapterTensors(named, whole, base) },
    folded: Object.fromEntries(lost),
  };
}

/** The module of each weight that is one. */
function modulesOf({ places }: Pretrained, base: AdapterBase) {
  const found = new Map(places.flatMap(({ theirs, ours }) => {
    const module = base.find(base.tensorName(theirs).replace(/\.weight$/, ""));
    return module && ours.length === 1 ? [[ours[0]!, module] as const] : [];
  }));
  return (weight: string) => {
    const module = found.get(weight);
    if (module) return module;
    throw new Error(
      `Cannot export an adapter: expected a module of the base for "${weight}", got none; read the ` +
        `model joined`,
    );
  };
}

/** The config of a new adapter. */
function describe(modules: readonly StoredModule[], { config }: Pretrained, baseName?: string) {
  const { type, values, module } = modules[0]!;
  const [architecture] = (config.architectures ?? []) as readonly string[];
  const task = /CausalLM|LMHead/.test(architecture ?? "")
    ? "CAUSAL_LM"
    : /ForSequenceClassification/.test(architecture ?? "")
    ? "SEQ_CLS"
    : null;
  return {
    ...values,
    ...patternsOf(modules),
    peft_type: type,
    task_type: task,
    base_model_name_or_path: baseName ?? null,
    target_modules: modules.map(({ name }) => name).sort(),
    ...(module.kind === "conv1d" ? { fan_in_fan_out: true } : {}),
  };
}

/** Tensors of the weights that train in full, by their names in the file. */
async function savedTensors(
  method: TrainingMethod,
  pretrained: Pretrained,
  base: AdapterBase,
  network: Layer,
  states: WeightStates,
) {
  const full = new Set(network.weights.filter((w) => w.format === "dense").map((w) => w.name));
  if (full.size === 0) return {};
  const tensors = await pretrainedTensors(method, { ...pretrained, network }, states);
  const places = pretrained.places.filter(({ ours }) => ours.some((name) => full.has(name)));
  return Object.fromEntries(
    places.map(({ theirs }) => [base.tensorName(theirs), tensors[theirs]!] as const),
  );
}

/** How each type says that biases of adapted maps are kept; the others cannot keep them. */
const OWN_BIASES: Readonly<Record<string, string>> = {
  LORA: "lora_only",
  ADALORA: "lora_only",
  VERA: "vera_only",
  RANDLORA: "randlora_only",
};

/** What the config says of them: biases of adapted maps, or modules that are kept whole. */
function kept(
  type: PeftType,
  names: readonly string[],
  adapted: ReadonlySet<string>,
  base: AdapterBase,
) {
  const moduleOf = (name: string) => name.slice(0, name.lastIndexOf("."));
  const biases = names.filter((n) => n.endsWith(".bias") && adapted.has(moduleOf(n)));
  const others = names.filter((n) => !biases.includes(n)).map(moduleOf);
  const own = OWN_BIASES[type];
  if (biases.length > 0 && own === undefined) {
    throw new Error(
      `Cannot export an adapter: expected biases of adapted maps that stand still, as files of ` +
        `${type} keep none, got "${biases[0]}", which trains`,
    );
  }
  return {
    ...own === undefined ? {} : { bias: biases.length > 0 ? own : "none" },
    modules_to_save: others.length > 0 ? [...new Set(others)].map(base.memoryName).sort() : null,
  };
}
