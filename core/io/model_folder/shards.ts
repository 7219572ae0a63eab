import { join } from "node:path";
import { aRecord, aText, byName, checked } from "../expectation.ts";
import { unlessMissing } from "../files.ts";
import { brief, plainJson } from "../json.ts";
import { orderedRecord, readSafetensors, type TensorData } from "../safetensors.ts";
import { INDEX } from "./names.ts";

/** What the index must hold. */
const anIndex = aRecord<{ readonly weight_map: Readonly<Record<string, string>> }>({
  weight_map: byName(aText),
});

/**
 * Reads weights that are spread over several files.
 *
 * @param folder Where they lie.
 * @param index Text of the index.
 * @returns Weights by name, in the order of the index.
 * @throws {Error} When a file is missing or damaged, or does not hold just what the index says.
 */
export async function readShards(
  folder: string,
  index: string,
): Promise<Readonly<Record<string, TensorData>>> {
  const path = join(folder, INDEX);
  const { weight_map: map } = checked(anIndex, plainJson(index, path), path);
  const places = Object.entries(map);
  // An index from elsewhere must not make us read files outside of its folder.
  const stray = places.find(([, shard]) => /[/\\]|^\.*$/.test(shard));
  if (stray) {
    throw new Error(
      `Cannot read ${path}: expected names of files in its folder, got ${brief(stray[1])}`,
    );
  }
  const found = new Map<string, TensorData>();
  for (const shard of new Set(Object.values(map))) {
    const names = places.filter(([, place]) => place === shard).map(([name]) => name);
    for (const entry of await readShard(folder, shard, names)) found.set(...entry);
  }
  return orderedRecord(places.map(([name]) => [name, found.get(name)!]));
}

async function readShard(
  folder: string,
  shard: string,
  names: readonly string[],
): Promise<[string, TensorData][]> {
  const path = join(folder, shard);
  const file = await unlessMissing(() => readSafetensors(path));
  if (!file) {
    const index = join(folder, INDEX);
    throw new Error(`Cannot read ${index}: expected the file ${brief(shard)} beside it, got none`);
  }
  const missing = names.find((name) => !Object.hasOwn(file.tensors, name));
  if (missing !== undefined) {
    throw new Error(
      `Cannot read ${path}: expected tensor ${
        brief(missing)
      }, which ${INDEX} says is there, got none`,
    );
  }
  const expected = new Set(names);
  const stray = Object.keys(file.tensors).find((name) => !expected.has(name));
  if (stray !== undefined) {
    throw new Error(
      `Cannot read ${path}: expected only the tensors that ${INDEX} says are there, ` +
        `got ${brief(stray)}, too`,
    );
  }
  return Object.entries(file.tensors);
}
