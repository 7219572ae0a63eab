/**
 * Adapters for fine-tuning: low-rank, diagonal, sparse and other increments of frozen weights.
 *
 * @module
 */

export type {
  Adapter,
  AdapterEvidence,
  AttachContext,
  Attached,
  Settled,
  Settling,
  Tensors,
} from "./adapter.ts";
export { adapters } from "./registry.ts";
export { adapterFormat } from "./format.ts";
export { attachedOf, pointOf, recordOf, tensorsOf } from "./record.ts";
export { attachTo, mergedWeight } from "./representation.ts";
export { adaptedNetwork, type AdaptedNetworkOptions, type AdapterGroup } from "./network.ts";
export type { LoraSettings } from "./factors.ts";
export { lora } from "./lora.ts";
export { rslora } from "./rslora.ts";
export { loraPlus } from "./lora_plus.ts";
export { dora } from "./dora.ts";
export { pissa } from "./pissa.ts";
