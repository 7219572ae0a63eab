/**
 * What training and the thread that prepares its batches tell each other.
 *
 * @module
 */

import type { BatchPlan } from "./batch_maker.ts";
import type { BatchArrays } from "./examples.ts";

/** First message to the thread. */
export interface Opening {
  /** Decides the batches. */
  readonly plan: BatchPlan;
  /** Addresses of modules that register the plan's augmentations. */
  readonly modules: readonly string[];
}

/** Asks for a batch in arrays that travel along; they come back in the order of the orders. */
export interface Order {
  /** Number of the order. */
  readonly ticket: number;
  /** Number of the epoch. */
  readonly epoch: number;
  /** Number of the batch in it. */
  readonly index: number;
  /** Receive the columns. */
  readonly arrays: BatchArrays;
}

/** A batch that is ready, or why there is none. */
export type Delivery = Pick<Order, "ticket" | "arrays"> | { readonly failure: string };

/** What travels with a message instead of being copied. */
export function buffersOf(arrays: BatchArrays): ArrayBuffer[] {
  return Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer);
}
