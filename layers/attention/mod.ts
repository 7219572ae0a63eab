/**
 * Kinds of attention, one file for each family, and what they remember.
 *
 * @module
 */

export {
  type HeadAttention,
  type TuckerAttention,
  tuckerOfHeads,
  type TuckerRanks,
} from "./conversion.ts";
export { type Converted, type NetworkStates, withTuckerAttention } from "./converted_states.ts";
export { groupedQuery, multiHead, multiQuery } from "./grouped.ts";
export { multiHeadLatent } from "./latent.ts";
export { AttentionMemory } from "./memory.ts";
export { type Projected, type Projections, scaledAttention } from "./scaled.ts";
export { tuckerAttention } from "./tucker.ts";
export {
  type AttentionKind,
  type AttentionLayer,
  type AttentionLayerOptions,
  attentions,
} from "./types.ts";
