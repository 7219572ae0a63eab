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
export type { LoraSettings, SharedSettings } from "./factors.ts";
export { lora } from "./lora.ts";
export { rslora } from "./rslora.ts";
export { loraPlus } from "./lora_plus.ts";
export { dora } from "./dora.ts";
export { pissa } from "./pissa.ts";
export { adalora, type AdaloraSettings } from "./adalora.ts";
export { allocated, type Budget, budgetAt, importance } from "./budget.ts";
export { vera } from "./vera.ts";
export { loha, type LohaSettings } from "./loha.ts";
export { kronecker, kroneckerFactors, lokr, type LokrSettings } from "./lokr.ts";
export { geolora, type GeoloraSettings } from "./geolora.ts";
export { sora } from "./sora.ts";
export { dylora, type DyloraSettings, prefixOf } from "./dylora.ts";
export { svfit } from "./svfit.ts";
export { loldu, type LolduSettings } from "./loldu.ts";
export { loraXs } from "./lora_xs.ts";
export { firstStepOf, loraSb } from "./lora_sb.ts";
export { allora, type AlloraSettings } from "./allora.ts";
export { nola, type NolaSettings } from "./nola.ts";
export { randlora, type RandloraSettings } from "./randlora.ts";
export { sara, type SaraSettings } from "./sara.ts";
export {
  prunedNetwork,
  prunedStates,
  recoveredStates,
  strongestUnits,
  type Units,
} from "./loram.ts";
