/**
 * The adapters of a network as the tensors of a file.
 *
 * @module
 */

import { type Algebra, hostAlgebra, type Matrix } from "../../algebra/mod.ts";
import type { Tensor } from "../../backend/mod.ts";
import {
  type AdapterBase,
  type BaseModule,
  outputsByInputs,
  PEFT_PREFIX,
  peftForms,
  type PeftType,
  type TensorData,
} from "../../io/mod.ts";
import type { Layer, TrainingMethod, WeightSpec, WeightStates } from "../../training/mod.ts";
import type { Settings } from "../../settings.ts";
import { tune } from "../../tunable.ts";
import type { Adapter, Attached, Tensors } from "../adapter.ts";
import { attachedOf } from "../record.ts";
import { adapters } from "../registry.ts";
import type { PeftCodec, StoredParts } from "./codec.ts";
import { folded } from "./fold.ts";
import { leftOf } from "./layout.ts";
import { codecOf } from "./table.ts";

const host: Algebra<Matrix> = hostAlgebra();

/** Rank of a folded module, and what folding left out. */
export interface ModuleRanks {
  /** Registry name of the adapter. */
  readonly adapter: string;
  /** Rank of the LoRA that it became. */
  readonly rank: number;
  /** Norm of what was left out, as much of that of the increment. */
  readonly discarded: number;
}

/** An adapted module as a file stores it. */
export interface StoredModule extends StoredParts {
  /** The module of the base. */
  readonly module: BaseModule;
  /** Its name in the file of the adapter. */
  readonly name: string;
  /** Type of the file. */
  readonly type: PeftType;
  /** Values of the config that say which adapter of the type it is. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What was folded; absent where the file has the adapter itself. */
  readonly folded?: ModuleRanks;
}

/** What {@linkcode storedModules} needs to know of the base. */
export interface StoringOptions {
  /** The module of a weight. */
  readonly moduleOf: (weight: string) => BaseModule;
  /** Tensors of the base. */
  readonly base: AdapterBase;
  /** What folding may leave out, as much of the norm of an increment. */
  readonly tolerance: number;
}

/**
 * All adapted weights of a network as a file stores them: in the form of their adapter where all have
 * one that files know, else folded into LoRA.
 *
 * @throws {Error} When no weight has an adapter.
 */
export async function storedModules(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  { moduleOf, base, tolerance }: StoringOptions,
): Promise<readonly StoredModule[]> {
  const weights = network.weights.filter(({ format }) => adapters.has(format));
  if (weights.length === 0) {
    throw new Error("Cannot export an adapter: expected weights with adapters, got none");
  }
  const codec = commonCodec(weights, moduleOf);
  const stored: StoredModule[] = [];
  for (const spec of weights) {
    const module = moduleOf(spec.name);
    const at = await onHost(method, spec, states);
    const name = module.names.at(-1)!;
    if (codec) {
      const { type } = codec;
      const parts = codec.write!(at, module, settingsOf(spec));
      const values = { ...codec.values, ...parts.values };
      stored.push({ ...parts, ...{ module, name, type, values } });
      continue;
    }
    const { format: adapter } = spec;
    const w = leftOf(outputsByInputs(module, base.tensors[`${module.name}.weight`]!), module);
    const { discarded, ...parts } = await folded(adapterOf(spec), at, w, module, tolerance);
    const lost = { adapter, rank: parts.rank, discarded };
    stored.push({ ...parts, ...{ module, name, type: "LORA", values: {}, folded: lost } });
  }
  return stored;
}

/** The form that all weights have in files; undefined where one has none, or they differ. */
function commonCodec(
  weights: readonly WeightSpec[],
  moduleOf: StoringOptions["moduleOf"],
): PeftCodec | undefined {
  const [codec, ...others] = new Set(weights.map(({ format }) => codecOf(format)));
  if (!codec?.write || others.length > 0) return undefined;
  const fits = weights.every(({ name }) => {
    const module = moduleOf(name);
    return peftForms[codec.type].refuses?.(module) === undefined &&
      codec.stores?.(module) !== false;
  });
  return fits ? codec : undefined;
}

/** All settings of a weight's adapter. */
function settingsOf({ format, settings }: WeightSpec): Settings {
  return { ...adapters.get(format).defaults, ...settings };
}

function adapterOf({ format, settings = {} }: WeightSpec): Adapter {
  return tune(adapters, adapters.get(format), settings);
}

async function onHost(
  { algebra, engine }: TrainingMethod,
  spec: WeightSpec,
  states: WeightStates,
): Promise<Attached<Matrix>> {
  return await engine.scope(async () => {
    const at = attachedOf(algebra, spec.shape, states[spec.name]!);
    const read = async (x: Tensor): Promise<Matrix> =>
      host.from(await algebra.read(x), algebra.rows(x), algebra.cols(x));
    const group = async (tensors: Tensors<Tensor> = {}): Promise<Tensors<Matrix>> => {
      const entries: [string, Matrix][] = [];
      for (const [name, x] of Object.entries(tensors)) entries.push([name, await read(x)]);
      return Object.fromEntries(entries);
    };
    return {
      base: await read(at.base),
      trained: await group(at.trained),
      frozen: await group(at.frozen),
      memory: await group(at.memory),
    };
  });
}

/** What numerators of scales are called; types that are not here have ranks only. */
const ALPHA: Partial<Readonly<Record<PeftType, string>>> = {
  LORA: "lora_alpha",
  LOHA: "alpha",
  LOKR: "alpha",
};

/** Rank and scale of all modules, the most frequent ones as those of the config. */
export function patternsOf(modules: readonly StoredModule[]): Readonly<Record<string, unknown>> {
  const [r, alpha] = [mode(modules.map((m) => m.rank)), mode(modules.map((m) => m.alpha))];
  const { type } = modules[0]!;
  const key = ALPHA[type];
  if (type === "ADALORA") return { lora_alpha: alpha, rank_pattern: masksOf(modules) };
  if (key === undefined) return { r };
  const pattern = (value: (m: StoredModule) => number, usual: number) =>
    Object.fromEntries(
      modules.filter((m) => value(m) !== usual)
        .map((m) => [`^${m.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, value(m)]),
    );
  return {
    r,
    [key]: alpha,
    rank_pattern: pattern((m) => m.rank, r),
    alpha_pattern: pattern((m) => m.alpha, alpha),
  };
}

/** Which columns of the start each module has left; null where all have all. */
function masksOf(modules: readonly StoredModule[]): Readonly<Record<string, unknown>> | null {
  if (modules.every(({ mask }) => !mask)) return null;
  return Object.fromEntries(
    modules.map(({ name, mask, rank }) =>
      [`${name}.lora_E`, mask ?? new Array<boolean>(rank).fill(true)] as const
    ),
  );
}

/** The most frequent number, the first one of several. */
function mode(numbers: readonly number[]): number {
  const count = (x: number) => numbers.filter((y) => y === x).length;
  return numbers.reduce((best, x) => count(x) > count(best) ? x : best);
}

/** The tensors of a file by their names. */
export function adapterTensors(
  modules: readonly StoredModule[],
  whole: Readonly<Record<string, TensorData>>,
  base: AdapterBase,
): Readonly<Record<string, TensorData>> {
  const own = modules.flatMap(({ name, parts }) =>
    Object.entries(parts).map(([part, t]) => [`${PEFT_PREFIX}${name}.${part}`, t] as const)
  );
  // What all modules share is as large as the largest of them needs.
  const shared = modules.flatMap(({ shared = {} }) =>
    Object.entries(shared).map(([name, t]) => [`base_model.${name}`, t] as const)
  ).sort(([, x], [, y]) => x.data.length - y.data.length);
  const names = new Map(modules.map(({ module, name }) => [module.name, name]));
  const saved = Object.entries(whole).map(([tensor, t]) => {
    const [, module = "", part = ""] = /^(.*)\.(.*)$/.exec(tensor) ?? [];
    const adapted = names.get(module);
    const place = adapted === undefined ? base.memoryName(module) : `${adapted}.base_layer`;
    return [`${PEFT_PREFIX}${place}.${part}`, t] as const;
  });
  return Object.fromEntries([...own, ...shared, ...saved]);
}
