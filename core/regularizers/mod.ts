/**
 * Regularizers of factorised weights, as plugins: functions of the singular values of the core.
 *
 * @module
 */

export {
  type Descent,
  type Regularizer,
  regularizers,
  type RegularizerSettings,
  regularizerSettings,
  type RegularizerTerm,
} from "./regularizer.ts";
export { projectionOf, termOf } from "./evaluated.ts";
export { spectral } from "./spectral.ts";
export { orthogonality } from "./orthogonality.ts";
export { nuclearNorm } from "./nuclear_norm.ts";
export { lipschitz } from "./lipschitz.ts";
export { weightDecay } from "./weight_decay.ts";
export { clamp } from "./clamp.ts";
export {
  fadingStrength,
  risingStrength,
  steadyStrength,
  type StrengthSchedule,
  strengthSchedules,
} from "./strength.ts";
export type { Regularization, RegularizedWeight } from "./regularization.ts";
