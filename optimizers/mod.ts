/**
 * Optimizer rules and learning-rate schedules.
 *
 * @module
 */

export {
  adam,
  adamw,
  heavyBall,
  nesterov,
  type Optimizer,
  optimizers,
  type OptimizerSettings,
  sgd,
} from "./rules.ts";
export {
  constant,
  cosine,
  rateAt,
  type Schedule,
  schedules,
  type ScheduleSettings,
  stepDecay,
} from "./schedules.ts";
