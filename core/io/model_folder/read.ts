import { join } from "node:path";
import { isRecord } from "../expectation.ts";
import { readText, unlessMissing } from "../files.ts";
import { brief, plainJson } from "../json.ts";
import { readSafetensors, type TensorData, type TensorFile } from "../safetensors.ts";
import { CONFIG, INDEX, WEIGHTS } from "./names.ts";
import { readShards } from "./shards.ts";

/** A model as it lies in a folder. */
export interface ModelFolder {
  /** What `config.json` says: kind and sizes of the network, under the names of their library. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights by name. */
  readonly tensors: Readonly<Record<string, TensorData>>;
}

/** Weights in forms that are not read. */
const OTHER_FORM = /\.(?:bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|npz)(?:\.index\.json)?$/;

/**
 * Reads `config.json` and the weights of a model: `model.safetensors`, or where that is missing the
 * files that `model.safetensors.index.json` names.
 *
 * @param folder The folder.
 * @throws {Error} When a file is missing or damaged, or a tensor is not where the index says; the
 * message names the file and what was expected.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const path = join(folder, CONFIG);
  const config = plainJson(await readText(path), path);
  if (!isRecord(config)) {
    throw new Error(`Cannot read ${path}: expected a JSON object, got ${brief(config)}`);
  }
  return { config, tensors: await readWeights(folder) };
}

async function readWeights(folder: string): Promise<TensorFile["tensors"]> {
  const whole = await unlessMissing(() => readSafetensors(join(folder, WEIGHTS)));
  if (whole) return whole.tensors;
  const index = await unlessMissing(() => readText(join(folder, INDEX)));
  if (index !== undefined) return await readShards(folder, index);
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const others = names.filter((name) => OTHER_FORM.test(name)).sort();
  const got = others.length > 0 ? `${others.join(", ")}; save the model as safetensors` : "neither";
  throw new Error(
    `Cannot read a model from ${folder}: expected ${WEIGHTS} or ${INDEX}, got ${got}`,
  );
}
