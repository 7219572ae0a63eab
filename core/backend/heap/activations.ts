/**
 * Activations as numbers, for pieces of jobs.
 *
 * @module
 */

import type { Activation } from "../engine.ts";

/** Names by number. */
export const NAMED: readonly Activation[] = ["identity", "relu", "tanh", "sigmoid", "softplus"];

/** The number of a name. */
export function activationNumber(name: Activation): number {
  return NAMED.indexOf(name);
}
