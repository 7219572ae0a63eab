/**
 * The modules of a model as adapters see them: matrices, kernels and tables by the names of its file.
 *
 * @module
 */

import { type Matrix, matrix, transposed } from "../../algebra/mod.ts";
import { checkFinite } from "../../checks.ts";
import type { ModelFolder } from "../model_folder/mod.ts";
import type { TensorData } from "../safetensors.ts";

/** What a module does with its weight. */
export type ModuleKind = "linear" | "conv1d" | "conv2d" | "embedding";

/** A module with a weight that an adapter may change. */
export interface BaseModule {
  /** Its name in the file of the model. */
  readonly name: string;
  /** All names that adapters may call it by; the first is that of the file. */
  readonly names: readonly string[];
  /** What it does with its weight: outputs×inputs, the transpose ("conv1d"), or as named. */
  readonly kind: ModuleKind;
  /** Extents of the weight in the file. */
  readonly shape: readonly number[];
}

/** Extents of a weight whatever its layout: what comes out, what comes in, and the window. */
export interface Extents {
  /** Outputs. */
  readonly outputs: number;
  /** Inputs, or rows of a table. */
  readonly inputs: number;
  /** Height and width of a kernel; empty for matrices. */
  readonly window: readonly number[];
}

/** A model as an adapter sees it. */
export interface AdapterBase {
  /** Its modules in the order of the file. */
  readonly modules: readonly BaseModule[];
  /** Its tensors by name. */
  readonly tensors: ModelFolder["tensors"];
  /** Finds a module by any of its names. */
  find(name: string): BaseModule | undefined;
  /** The name of a tensor in the file, by a name that an adapter calls it. */
  tensorName(name: string): string;
  /** The name that new adapters call a tensor or module of the file by. */
  memoryName(name: string): string;
}

/** How a kind of models names and stores its modules. */
export interface ModuleNaming {
  /** Whether linear maps are stored inputs×outputs; default false. */
  readonly turned?: boolean;
  /** Names in files and in memory, where newer or older versions of their library differ. */
  readonly renamed?: readonly (readonly [file: RegExp, memory: string])[];
}

/** How tables of vectors are called. */
const TABLE =
  /(?:^|[._])(?:embed(?:dings?)?(?:_tokens|_positions|_in)?|\w+_embeddings?|wte|wpe|shared)$/;

/**
 * The modules of a model folder.
 *
 * @example A name of older files beside that of newer ones
 * ```ts
 * import { adapterBase } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const map = { shape: [2, 6], data: new Float32Array(12) };
 * const model = { config: {}, tensors: { "h.0.map.weight": map } };
 * const base = adapterBase(model, { turned: true, renamed: [[/^h\./, "blocks."]] });
 * assertEquals(base.find("blocks.0.map")?.kind, "conv1d");
 * ```
 */
export function adapterBase(
  { tensors }: Pick<ModelFolder, "tensors">,
  { turned = false, renamed = [] }: ModuleNaming = {},
): AdapterBase {
  const namesOf = (name: string): string[] => {
    const others = renamed.filter(([file]) => file.test(name));
    return [name, ...others.map(([file, memory]) => name.replace(file, memory))];
  };
  const modules = Object.entries(tensors).flatMap(([tensor, { shape }]) => {
    const name = tensor.replace(/\.weight$/, "");
    if (name === tensor || shape.length !== 2 && shape.length !== 4) return [];
    return [{ name, names: namesOf(name), kind: kindOf(name, shape, turned), shape }];
  });
  const byName = new Map(modules.flatMap((m) => m.names.map((name) => [name, m] as const)));
  const tensorNames = new Map(
    Object.keys(tensors).flatMap((file) => namesOf(file).map((name) => [name, file] as const)),
  );
  return {
    modules,
    tensors,
    find: (name) => byName.get(name),
    tensorName: (name) => tensorNames.get(name) ?? name,
    memoryName: (name) => namesOf(name).at(-1)!,
  };
}

function kindOf(name: string, shape: readonly number[], turned: boolean): ModuleKind {
  if (shape.length === 4) return "conv2d";
  if (TABLE.test(name)) return "embedding";
  return turned && name !== "lm_head" ? "conv1d" : "linear";
}

/** Extents of a module whatever its layout. */
export function extentsOf({ kind, shape }: BaseModule): Extents {
  const [first, second, ...window] = shape as [number, number, ...number[]];
  const turned = kind === "conv1d" || kind === "embedding";
  return turned
    ? { outputs: second, inputs: first, window: [] }
    : { outputs: first, inputs: second, window };
}

/** A weight as a matrix outputs×(inputs·window). */
export function asOutputsByInputs({ kind, shape }: BaseModule, { data }: TensorData): Matrix {
  const rows = shape[0]!;
  const m = matrix(data as Float32Array, rows, rows === 0 ? 0 : data.length / rows);
  return kind === "conv1d" || kind === "embedding" ? transposed(m) : m;
}

/**
 * The weight of a module to be merged, in that layout.
 *
 * @throws {NonFiniteError} When it is damaged.
 */
export function weightOf(module: BaseModule, { tensors }: Pick<AdapterBase, "tensors">): Matrix {
  const name = `${module.name}.weight`;
  const weight = asOutputsByInputs(module, tensors[name]!);
  checkFinite("merge an adapter", `tensor "${name}" of the model`, weight.data);
  return weight;
}

/** The way back, rounded to float32. */
export function asStored({ name, kind, shape }: BaseModule, m: Matrix): TensorData {
  const { data } = kind === "conv1d" || kind === "embedding" ? transposed(m) : m;
  return rounded(`${name}.weight`, shape, data);
}

/**
 * A merged tensor as it is stored.
 *
 * @throws {NonFiniteError} When float32 cannot hold what came out.
 */
export function rounded(
  name: string,
  shape: readonly number[],
  data: ArrayLike<number>,
): TensorData {
  const stored = Float32Array.from(data);
  return { shape, data: checkFinite("merge an adapter", `merged tensor "${name}"`, stored) };
}
