import { join } from "node:path";
import { readText, unlessMissing } from "../files.ts";
import { plainJson } from "../json.ts";
import { readSafetensors } from "../safetensors.ts";
import { adapterConfig } from "./config.ts";
import type { AdapterFolder } from "./contents.ts";
import { CONFIG, WEIGHTS } from "./names.ts";

/** Tensors in a form that is not read. */
const PICKLE = "adapter_model.bin";

/**
 * Reads an adapter as Hugging Face's PEFT library writes it: `adapter_config.json` beside
 * `adapter_model.safetensors`.
 *
 * @param folder The folder.
 * @throws {Error} When a file is missing or damaged, or the config says something that nothing here
 * does; the message names the file and what was expected.
 */
export async function readAdapterFolder(folder: string): Promise<AdapterFolder> {
  const path = join(folder, CONFIG);
  const text = await unlessMissing(() => readText(path));
  if (text === undefined) {
    throw new Error(
      `Cannot read an adapter from ${folder}: expected ${CONFIG} in it, got none; name the folder ` +
        `that PEFT saved`,
    );
  }
  const config = { ...adapterConfig(plainJson(text, path), path), source: folder };
  const file = await unlessMissing(() => readSafetensors(join(folder, WEIGHTS)));
  if (file) return { config, tensors: file.tensors };
  const pickle = await unlessMissing(() => Deno.stat(join(folder, PICKLE)));
  const got = pickle ? `${PICKLE}; save the adapter as safetensors` : "none";
  throw new Error(`Cannot read an adapter from ${folder}: expected ${WEIGHTS}, got ${got}`);
}
