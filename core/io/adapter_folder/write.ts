import { join } from "node:path";
import { writeAtomic } from "../atomic.ts";
import { writeNewFolder } from "../new_folder.ts";
import { orderedRecord, writeSafetensors } from "../safetensors.ts";
import { adapterConfigText } from "./config.ts";
import type { AdapterFolder } from "./contents.ts";
import { CONFIG, WEIGHTS } from "./names.ts";

/** Without this word in their metadata, files are refused by other libraries. */
const METADATA = { format: "pt" };

/**
 * Writes an adapter as Hugging Face's PEFT library reads it, into a folder that appears at once.
 *
 * @param folder A new folder, or an empty one.
 * @param adapter Config and tensors; each tensor has the type in the file that its `dtype` says.
 * @throws {Error} When there are files in the folder, or it cannot be written; nothing is left then.
 *
 * @example What is written is what is read
 * ```ts
 * import { adapterConfig, readAdapterFolder, writeAdapterFolder } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = `${await Deno.makeTempDir()}/adapter`;
 * const config = adapterConfig({ peft_type: "LORA", r: 1, target_modules: ["map"] }, "here");
 * const one = { shape: [1, 2], data: Float32Array.of(1, 2) };
 * await writeAdapterFolder(folder, {
 *   config,
 *   tensors: { "base_model.model.map.lora_A.weight": one },
 * });
 * assertEquals((await readAdapterFolder(folder)).config.values, config.values);
 * ```
 */
export async function writeAdapterFolder(
  folder: string,
  { config, tensors }: AdapterFolder,
): Promise<void> {
  const sorted = Object.entries(tensors).sort(([a], [b]) => a < b ? -1 : 1);
  await writeNewFolder(folder, "adapter", async (temporary) => {
    await writeSafetensors(join(temporary, WEIGHTS), orderedRecord(sorted), METADATA);
    await writeAtomic(join(temporary, CONFIG), adapterConfigText(config));
  });
}
