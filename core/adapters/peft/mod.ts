/**
 * Adapters between their weights here and the files of Hugging Face's PEFT library.
 *
 * @module
 */

export type { AdapterRecord } from "../record.ts";
export type { AdapterParts, PeftCodec, StoredParts } from "./codec.ts";
export { type CombinedAdapter, combinedAdapter, type CombineOptions } from "./combine.ts";
export { type Folded, folded, truncated } from "./fold.ts";
export {
  adapterTensors,
  type ModuleRanks,
  patternsOf,
  type StoredModule,
  storedModules,
  type StoringOptions,
} from "./stored.ts";
export { codecFor, codecOf } from "./table.ts";
