/**
 * Layers: forward maps over weights, and how weights start.
 *
 * @module
 */

export {
  glorotNormal,
  glorotUniform,
  initialisers,
  kaimingNormal,
  kaimingUniform,
  zeros,
} from "./initialisers.ts";
export { linear, type LinearOptions } from "./linear.ts";
export { perceptron, type PerceptronOptions } from "./perceptron.ts";
export { sequential } from "./sequential.ts";
