/**
 * Networks whose weights lie in the files of other libraries: one file for each kind of models.
 *
 * @module
 */

export { pretrainedBase } from "./adapters.ts";
export { attachedAdapter, type AttachedNetwork } from "./attach.ts";
export type { Config } from "./config.ts";
export { asBert, asDeberta, asVit, bertModels, debertaModels, vitModels } from "./encoders.ts";
export { gpt2, gptAsGpt2 } from "./gpt2.ts";
export { forImagesOf } from "./image_size.ts";
export { asLlama, llamaFamily } from "./llama.ts";
export { pretrainedStates, pretrainedTensors } from "./states.ts";
export { type ExportedAdapter, exportedAdapter, type ExportOptions } from "./export.ts";
export {
  type Place,
  type Pretrained,
  pretrainedFamilies,
  type PretrainedFamily,
  pretrainedOf,
} from "./types.ts";
