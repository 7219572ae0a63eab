import { join } from "node:path";
import { checkInteger } from "../../checks.ts";
import { writeAtomic } from "../atomic.ts";
import { writeNewFolder } from "../new_folder.ts";
import { type TensorData, writeSafetensors } from "../safetensors.ts";
import { CONFIG, INDEX, shardName, WEIGHTS } from "./names.ts";
import type { ModelFolder } from "./read.ts";

/**
 * Options of {@linkcode writeModelFolder}.
 *
 * @example Weights in half precision, in one file
 * ```ts
 * import type { WriteModelOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: WriteModelOptions = { dtype: "F16", shardBytes: 2 ** 30, files: { "NOTE.md": "Mine" } };
 * assertEquals(Object.keys(options.files!), ["NOTE.md"]);
 * ```
 */
export interface WriteModelOptions {
  /** Type of the numbers in the files; default: F32. What is no Float32Array stays as it is. */
  readonly dtype?: "F32" | "F16" | "BF16";
  /** Bytes of weights in a file, above which there are several; default: 5·10⁹. */
  readonly shardBytes?: number;
  /** Further files by name, such as `tokenizer.json`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Names of the types in `config.json`. */
const CONFIG_TYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" };
/** Without this word in their metadata, files of weights are refused by the `transformers` library. */
const METADATA = { format: "pt" };

type Tensors = ModelFolder["tensors"];

/**
 * Writes `config.json` and weights into a folder that appears at once, when all of it is there.
 *
 * @param folder A new folder, or an empty one.
 * @param model Config and weights, under the names that their library gives them; `dtype` of the
 * config is set.
 * @throws {Error} When there are files in the folder, or it cannot be written; nothing is left then.
 * @throws {RangeError} When a tensor does not fit its shape or the type; nothing is left then.
 */
export async function writeModelFolder(
  folder: string,
  { config, tensors }: ModelFolder,
  { dtype = "F32", shardBytes = 5e9, files = {} }: WriteModelOptions = {},
): Promise<void> {
  checkInteger("write a model", "shardBytes", shardBytes);
  await writeNewFolder(folder, "model", async (temporary) => {
    const described = { ...config, dtype: CONFIG_TYPES[dtype] };
    await writeWeights(temporary, typed(tensors, dtype), shardBytes);
    for (const [name, content] of Object.entries(files)) {
      await writeAtomic(join(temporary, name), content);
    }
    await writeAtomic(join(temporary, CONFIG), `${JSON.stringify(described, null, 2)}\n`);
  });
}

function typed(tensors: Tensors, dtype: "F32" | "F16" | "BF16"): Tensors {
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const other = data instanceof Float32Array ? { dtype } : {};
    return [name, { shape, data, ...other }] as const;
  });
  return Object.fromEntries(entries);
}

async function writeWeights(folder: string, tensors: Tensors, most: number): Promise<void> {
  const shards = shardsOf(tensors, most);
  if (shards.length < 2) return await writeSafetensors(join(folder, WEIGHTS), tensors, METADATA);
  const places: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    const file = shardName(i + 1, shards.length);
    await writeSafetensors(join(folder, file), Object.fromEntries(shard), METADATA);
    for (const [name] of shard) places.push([name, file]);
  }
  const size = Object.values(tensors).reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const index = { metadata: { total_size: size }, weight_map: Object.fromEntries(places) };
  await writeAtomic(join(folder, INDEX), `${JSON.stringify(index, null, 2)}\n`);
}

/** Tensors in their order, as many to a file as it may hold, at least one. */
function shardsOf(tensors: Tensors, most: number): [string, TensorData][][] {
  const shards: [string, TensorData][][] = [];
  let room = 0;
  for (const entry of Object.entries(tensors)) {
    const size = bytesOf(entry[1]);
    if (shards.length === 0 || size > room) {
      shards.push([]);
      room = most;
    }
    shards.at(-1)!.push(entry);
    room -= size;
  }
  return shards;
}

function bytesOf({ data, dtype }: TensorData): number {
  return dtype === "F16" || dtype === "BF16" ? 2 * data.length : data.byteLength;
}
