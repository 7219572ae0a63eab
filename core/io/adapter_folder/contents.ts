/**
 * What an adapter holds for each module of a base, checked against that base.
 *
 * @module
 */

import { brief } from "../json.ts";
import type { TensorData } from "../safetensors.ts";
import { type AdapterBase, type BaseModule, extentsOf } from "./base.ts";
import { type AdapterConfig, near } from "./config.ts";
import { type AdaptedModule, FORMS } from "./forms/mod.ts";
import { questionOf, targetsOf } from "./targets.ts";

/** An adapter as it lies in a folder. */
export interface AdapterFolder {
  /** What `adapter_config.json` says. */
  readonly config: AdapterConfig;
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** An adapter module by module. */
export interface AdapterContents {
  /** The config. */
  readonly config: AdapterConfig;
  /** Modules whose weights it changes, in the order of the base. */
  readonly modules: readonly AdaptedModule[];
  /** Tensors that take the place of the base's, by their names in its file. */
  readonly saved: Readonly<Record<string, TensorData>>;
}

/** What stands before all names. */
export const PREFIX = "base_model.model.";
/** What stands before the names of what all modules share. */
export const SHARED_PREFIX = "base_model.";
/** What stands between the name of an adapted module and its own tensors. */
const BASE_LAYER = ".base_layer.";

/** Biases of modules that are kept whole, which `bias` "all" stores twice more. */
const REPEATED = /\.(?:original_module|modules_to_save)\.(?:.*\.)?bias$/;

/** Tensors of a file by what they belong to. */
interface Sorted {
  readonly parts: ReadonlyMap<string, Readonly<Record<string, TensorData>>>;
  readonly shared: Readonly<Record<string, TensorData>>;
  readonly others: Readonly<Record<string, TensorData>>;
}

/**
 * Sorts the tensors of an adapter by the modules of a base.
 *
 * @throws {Error} "Cannot read …" when a tensor is missing, has another shape or has no place, or
 * when the adapter is for another base.
 */
export function adapterContents(
  { config, tensors }: AdapterFolder,
  base: AdapterBase,
): AdapterContents {
  const targets = targetsOf(config, base);
  const sorted = sortedParts(config, tensors);
  const means = questionOf(config);
  const known = new Set<BaseModule>();
  const modules: AdaptedModule[] = [];
  for (const [name, parts] of sorted.parts) {
    const module = base.find(name);
    if (!module) throw strange(config, name, base);
    if (config.values.target_modules !== null && !means(module)) {
      throw refusal(config, `tensors of what "target_modules" names`, `also of ${brief(name)}`);
    }
    known.add(module);
    modules.push(adaptedModule(config, module, name, parts, sorted.shared));
  }
  const forgotten =
    config.values.target_modules === null || config.values.target_modules === "all-linear"
      ? undefined
      : targets.find((module) => !known.has(module));
  if (forgotten) {
    const part = FORMS[config.type].names[0]!;
    throw refusal(config, `tensor ${brief(`${PREFIX}${forgotten.name}.${part}`)}`, "none");
  }
  if (modules.length === 0) throw refusal(config, `tensors of ${config.type}`, "none");
  const order = new Map(base.modules.map((m, i) => [m, i]));
  modules.sort((a, b) => order.get(a.module)! - order.get(b.module)!);
  return { config, modules, saved: savedTensors(config, sorted.others, base) };
}

function sortedParts(config: AdapterConfig, tensors: AdapterFolder["tensors"]): Sorted {
  const form = FORMS[config.type];
  const parts = new Map<string, Record<string, TensorData>>();
  const shared: Record<string, TensorData> = {};
  const others: Record<string, TensorData> = {};
  for (const [key, tensor] of Object.entries(tensors)) {
    requireFloats(config, key, tensor);
    if (!key.startsWith(SHARED_PREFIX)) {
      throw refusal(config, `names that begin with "${PREFIX}"`, brief(key));
    }
    const whole = key.slice(SHARED_PREFIX.length);
    if (form.shared.includes(whole)) {
      shared[whole] = tensor;
      continue;
    }
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : whole;
    const part = form.names.find((end) => name.endsWith(`.${end}`));
    if (part === undefined) {
      others[name] = tensor;
      continue;
    }
    const module = name.slice(0, -part.length - 1);
    const own = parts.get(module) ?? {};
    own[part] = tensor;
    parts.set(module, own);
  }
  return { parts, shared, others };
}

function requireFloats(config: AdapterConfig, key: string, { data, shape }: TensorData): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw refusal(
      config,
      `tensor ${brief(key)} of F32, F16, BF16 or F64`,
      `${data.constructor.name} of shape [${shape}]`,
    );
  }
  const odd = data.findIndex((x) => !Number.isFinite(x));
  if (odd < 0) return;
  throw refusal(
    config,
    `tensor ${brief(key)} of finite numbers`,
    `${data[odd]} at position ${odd}`,
  );
}

function adaptedModule(
  config: AdapterConfig,
  module: BaseModule,
  name: string,
  parts: Readonly<Record<string, TensorData>>,
  shared: Readonly<Record<string, TensorData>>,
): AdaptedModule {
  const form = FORMS[config.type];
  const wanted = form.refuses?.(module);
  if (wanted !== undefined) {
    throw refusal(config, `${config.type} on ${wanted}`, `${brief(name)}, ${article(module)}`);
  }
  const rank = form.rank(config, name);
  const sizes = { ...extentsOf(module), module, rank, config };
  const shapes = form.shapes(sizes);
  for (const [key, least] of Object.entries(form.least?.(sizes) ?? {})) {
    requireShared(config, key, least, parts[key] ?? shared[key]);
  }
  for (const [part, shape] of Object.entries(shapes)) {
    requireShape(config, name, part, shape, parts);
  }
  const stray = Object.keys(parts).find((p) =>
    !Object.hasOwn(shapes, p) && !form.shared.includes(p)
  );
  if (stray !== undefined) {
    const key = `${PREFIX}${name}.${stray}`;
    throw refusal(config, `tensors that its config speaks of`, `also ${brief(key)}`);
  }
  return { module, name, rank, scale: form.scale(config, name, rank), parts, shared };
}

function requireShape(
  config: AdapterConfig,
  name: string,
  part: string,
  shape: readonly number[],
  parts: Readonly<Record<string, TensorData>>,
): void {
  const key = brief(`${PREFIX}${name}.${part}`);
  const found = parts[part];
  if (!found) throw refusal(config, `tensor ${key} of shape [${shape}]`, "none");
  if (found.shape.join() === shape.join()) return;
  throw refusal(
    config,
    `tensor ${key} of shape [${shape}], as its config and the model say`,
    `one of shape [${found.shape}]; an adapter of another model?`,
  );
}

/** What all modules use must be large enough for each. */
function requireShared(
  config: AdapterConfig,
  name: string,
  least: readonly number[],
  found: TensorData | undefined,
): void {
  const key = brief(SHARED_PREFIX + name);
  if (!found) throw refusal(config, `tensor ${key}`, "none; save the adapter with save_projection");
  const { shape } = found;
  if (shape.length === least.length && shape.every((n, i) => n >= least[i]!)) return;
  throw refusal(config, `tensor ${key} of shape [${least}] at least`, `one of shape [${shape}]`);
}

/** Tensors in the place of the base's: biases, and modules that are kept whole. */
function savedTensors(
  config: AdapterConfig,
  others: Readonly<Record<string, TensorData>>,
  base: AdapterBase,
): Record<string, TensorData> {
  const { modules_to_save: listed, bias } = config.values;
  const modules = (listed ?? []) as readonly string[];
  const saved: Record<string, TensorData> = {};
  for (const [key, tensor] of Object.entries(others)) {
    if (bias === "all" && REPEATED.test(key)) continue;
    const plain = key.replace(BASE_LAYER, ".");
    const meant = key !== plain || modules.some((m) => within(plain, m)) ||
      bias !== "none" && bias !== undefined && plain.endsWith(".bias");
    const name = base.tensorName(plain);
    const own = base.tensors[name];
    if (!meant || !own) {
      throw refusal(
        config,
        meant ? "tensors that the model has" : `tensors of ${config.type}, biases as "bias" says ` +
          `and what "modules_to_save" names`,
        `${brief(PREFIX + key)}${near(plain, Object.keys(base.tensors))}`,
      );
    }
    if (own.shape.join() !== tensor.shape.join()) {
      throw refusal(
        config,
        `tensor ${brief(PREFIX + key)} of shape [${own.shape}], as the model has it`,
        `one of shape [${tensor.shape}]; an adapter of another model?`,
      );
    }
    saved[name] = tensor;
  }
  for (const name of Object.keys(base.tensors)) {
    if (!modules.some((m) => within(name, m)) || Object.hasOwn(saved, name)) continue;
    throw refusal(config, `tensor ${brief(PREFIX + name)}, which "modules_to_save" names`, "none");
  }
  return saved;
}

/** Whether a tensor is one of a module, by the end of the module's name. */
function within(tensor: string, module: string): boolean {
  return tensor.startsWith(`${module}.`) || tensor.includes(`.${module}.`);
}

function strange(config: AdapterConfig, name: string, base: AdapterBase): Error {
  const names = base.modules.flatMap((m) => [...m.names]);
  return refusal(config, "modules that the model has", `${brief(name)}${near(name, names)}`);
}

function article({ kind, shape }: BaseModule): string {
  const what = {
    linear: "a linear map",
    conv1d: "a linear map stored inputs×outputs",
    conv2d: "a convolution",
    embedding: "a table",
  };
  return `${what[kind]} of shape [${shape}]`;
}

/** What speaks against an adapter. */
export function refusal({ source }: AdapterConfig, expected: string, got: string): Error {
  return new Error(`Cannot read ${source}: expected ${expected}, got ${got}`);
}
