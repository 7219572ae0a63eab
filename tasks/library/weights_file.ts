/**
 * Weights as a safetensors file that other programs read.
 *
 * Tensors have the names of the weights, such as "dense1.bias"; a weight that is not stored in full
 * has a tensor for each of its parts: "dense1.weight.u", ".s" and ".v" of U S Vᵀ; ".kernel", ".in"
 * and ".out" of a Tucker kernel. Matrices are inputs×outputs and kernels height×width×inputs×outputs,
 * float32. The free text of the file has `format` "rankflow", `weights` with the format, the full
 * shape and the ranks of each weight as JSON, and `input` with the shape of one example.
 *
 * @module
 */

import {
  brief,
  checkFinite,
  type Engine,
  initialStates,
  isTensor,
  type Layer,
  NonFiniteError,
  ranksOf,
  readSafetensors,
  type StateTree,
  type TensorData,
  type TensorFile,
  type TrainingMethod,
  type WeightSpec,
  type WeightState,
  type WeightStates,
  withRanks,
  writeSafetensors,
} from "../../core/mod.ts";

/** The inputs that a network was trained on. */
export interface InputKind {
  /** Extents of one example. */
  readonly shape: readonly number[];
  /** Whether they are whole numbers, such as tokens. */
  readonly whole: boolean;
}

/** What is written down of the weights beside their numbers. */
interface Description {
  /** Registry name of the format of each weight, with its full shape. */
  readonly weights: Readonly<Record<string, Pick<WeightSpec, "format" | "shape">>>;
  /** Ranks as {@linkcode ranksOf} names them. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Inputs. */
  readonly input: InputKind;
}

/**
 * Writes the weights of a network, in one step.
 *
 * @throws {NonFiniteError} When a weight is not finite; nothing is written then.
 */
export async function writeWeights(
  path: string,
  engine: Engine,
  network: Layer,
  states: WeightStates,
  input: InputKind,
): Promise<void> {
  const tensors: Record<string, TensorData> = {};
  for (const { name } of network.weights) {
    for (const [part, tensor] of partsOf(name, states[name]!)) {
      const data = await engine.read(tensor);
      if (part in tensors) throw new RangeError(`Cannot save: two tensors are named "${part}"`);
      tensors[part] = { shape: tensor.shape, data: checkFinite("save the model", part, data) };
    }
  }
  const weights = network.weights.map(({ name, format, shape }) => [name, { format, shape }]);
  await writeSafetensors(path, tensors, {
    format: "rankflow",
    weights: JSON.stringify(Object.fromEntries(weights)),
    ranks: JSON.stringify(ranksOf(network, states)),
    input: JSON.stringify(input),
  });
}

/** Weights that were read. */
export interface ReadWeights {
  /** The weights; the caller disposes them. */
  readonly states: WeightStates;
  /** Inputs that the network was trained on; undefined in files of others. */
  readonly input: InputKind | undefined;
}

/**
 * Reads the weights of a network.
 *
 * @throws {Error} When the file is missing or damaged, or holds the weights of another network.
 */
export async function readWeights(
  path: string,
  method: TrainingMethod,
  network: Layer,
): Promise<ReadWeights> {
  const file = await readSafetensors(path);
  const { weights, ranks, input } = describedIn(path, file);
  for (const { name, format, shape } of network.weights) {
    const found = weights?.[name];
    if (!weights || found?.format === format && String(found.shape) === String(shape)) continue;
    const got = found ? `${found.format} ${found.shape.join("×")}` : "none of that name";
    throw refusal(path, `weight "${name}" as ${format} ${shape.join("×")}`, got);
  }
  const states = await method.engine.scope(async () => {
    const like = await initialStates(method, withRanks(network, ranks ?? {}), 0);
    const known = new Set(
      network.weights.flatMap(({ name }) => partsOf(name, like[name]!).map(([part]) => part)),
    );
    const odd = Object.keys(file.tensors).find((name) => !known.has(name));
    if (odd !== undefined) throw refusal(path, [...known].join(", "), `a tensor "${odd}" beside`);
    return Object.fromEntries(
      network.weights.map((
        { name },
      ) => [name, filled(path, method.engine, file, name, like[name]!) as WeightState]),
    );
  });
  return { states, input };
}

/** The tensors of a weight by their names in the file; moments stay behind. */
function partsOf(name: string, state: StateTree): [string, Extract<StateTree, { size: number }>][] {
  if (typeof state !== "object" || state === null) return [];
  if (isTensor(state)) return [[name, state as Extract<StateTree, { size: number }>]];
  return partNames(state).flatMap(([key, part]) => partsOf(nameOf(name, key), part));
}

/** What is stored of a weight: what movers keep beside it begins anew. */
function partNames(state: { readonly [key: string]: StateTree }): [string, StateTree][] {
  return Object.entries(state).filter(([key]) => key !== "moments");
}

/** Name of a part; what is all of its weight has the weight's own. */
function nameOf(weight: string, key: string): string {
  return key === "value" ? weight : `${weight}.${key}`;
}

/** A weight like another one, with the numbers of a file. */
function filled(
  path: string,
  engine: Engine,
  file: TensorFile,
  name: string,
  like: StateTree,
): StateTree {
  if (typeof like !== "object" || like === null) return like;
  if (!isTensor(like)) {
    return Object.fromEntries(
      partNames(like).map((
        [key, part],
      ) => [key, filled(path, engine, file, nameOf(name, key), part)]),
    );
  }
  const { shape } = like as { readonly shape: readonly number[] };
  const found = file.tensors[name];
  if (!found) throw refusal(path, `a tensor "${name}" of shape [${shape}]`, "none of that name");
  if (String(found.shape) !== String(shape)) {
    throw refusal(path, `tensor "${name}" of shape [${shape}]`, `[${found.shape}]`);
  }
  if (!(found.data instanceof Float32Array || found.data instanceof Float64Array)) {
    throw refusal(path, `floats in "${name}"`, found.data.constructor.name);
  }
  const data = Float32Array.from(found.data);
  const odd = data.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw new NonFiniteError(`Cannot load ${path}: "${name}" holds ${data[odd]}`);
  return engine.tensor(data, shape);
}

/** What a file says of its weights; nothing in files of others. */
function describedIn(path: string, { metadata }: TensorFile): Partial<Description> {
  if (metadata.format !== "rankflow") return {};
  const part = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "");
    } catch {
      throw refusal(path, `JSON as its "${key}"`, brief(metadata[key]));
    }
  };
  return { weights: part("weights"), ranks: part("ranks"), input: part("input") } as Description;
}

function refusal(path: string, expected: string, got: string): Error {
  return new Error(`Cannot load ${path}: expected ${expected}, got ${got}`);
}
