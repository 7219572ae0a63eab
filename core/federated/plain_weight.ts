import type { Flow, SharedWeight } from "./types.ts";

/**
 * Matrices that are federated as they are: a dense weight, or the factors of one, whose averages
 * are no average of what they stand for.
 */
export function sharedMatrices<M>(parts: readonly M[]): SharedWeight<M> {
  const self: SharedWeight<M> = {
    hasBases: false,
    parts,
    coordinates: parts,
    withParts: sharedMatrices,
    withCoordinates: sharedMatrices,
    newColumns: () => Promise.resolve([]),
    grown: () => self,
    embedded: (coordinates) => coordinates,
    untold: (coordinates) => coordinates,
    told: (_directions, untold) => untold,
    truncated: () => Promise.resolve({ weight: self }),
  };
  return self;
}

/** The flow of such matrices: minus the gradient in each. */
export function matricesFlow<M>(gradients: readonly M[]): Flow<M> {
  return {
    directions: () => Promise.resolve([]),
    coordinates: () => Promise.resolve(gradients),
  };
}
