/**
 * Collision operators of kinetic equations, and densities to learn them from.
 *
 * @module
 */

export {
  henyeyGreenstein,
  isotropic,
  type ScatteringKernel,
  scatteringKernels,
} from "./kernels.ts";
export { collisionNetwork, type CollisionNetworkOptions, learntCollision } from "./learnt.ts";
export { integrals, slabNodes, sphereNodes, type VelocityNodes } from "./nodes.ts";
export {
  type CollisionOperator,
  entropies,
  exactCollision,
  type LinearCollision,
} from "./operator.ts";
export { entropySamples, naiveSamples, type Sampling } from "./sampling.ts";
