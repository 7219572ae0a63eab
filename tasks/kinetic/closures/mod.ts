/**
 * Entropy closures of moments, and networks that stand in for them.
 *
 * @module
 */

export type { ConvexLayer } from "./convex_kernel.ts";
export { type Closure, type Multipliers, NotRealisable } from "./closure.ts";
export {
  isRealisable,
  NewtonClosure,
  type NewtonOptions,
  type Regularisation,
  REGULARISATIONS,
  type Solved,
  solveMoments,
} from "./newton.ts";
export { type ClosureNetwork, closureNetworks, type ClosureShape } from "./networks.ts";
export { type EntropyOptions, EntropySolver } from "./solver.ts";
export {
  type MomentChoice,
  type MomentFunctions,
  momentsOf,
  type MomentSystem,
  momentSystem,
} from "./system.ts";
