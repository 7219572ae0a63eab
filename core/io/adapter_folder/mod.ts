/**
 * Folders of adapters as Hugging Face's PEFT library writes and reads them, and what they do to the
 * weights of a base.
 *
 * @module
 */

export {
  type AdapterBase,
  adapterBase,
  asOutputsByInputs as outputsByInputs,
  type BaseModule,
  type Extents,
  extentsOf,
  type ModuleKind,
  type ModuleNaming,
} from "./base.ts";
export { combinedTensors, unmergedTensors, type WeightedAdapter } from "./combine.ts";
export { type AdapterConfig, adapterConfig, adapterConfigText } from "./config.ts";
export {
  type AdapterContents,
  adapterContents,
  type AdapterFolder,
  PREFIX as PEFT_PREFIX,
} from "./contents.ts";
export type { PeftType } from "./fields.ts";
export {
  type AdaptedModule,
  type AdapterForm,
  FORMS as peftForms,
  kroneckerExtents,
  type Product,
  type Sizes,
} from "./forms/mod.ts";
export { mergedTensors } from "./merge.ts";
export { readAdapterFolder } from "./read.ts";
export { writeAdapterFolder } from "./write.ts";
