/**
 * Folders of models as Hugging Face's libraries write and read them: `config.json` beside weights in
 * `model.safetensors`, or in several such files with an index.
 *
 * @module
 */

export { type ModelFolder, readModelFolder } from "./read.ts";
export { NamedTensors } from "./named_tensors.ts";
export { writeModelFolder, type WriteModelOptions } from "./write.ts";
