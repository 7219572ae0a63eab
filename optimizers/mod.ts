/**
 * Optimizer rules and learning-rate schedules.
 *
 * @module
 */

import { adam, adamw } from "./adam.ts";
import { galore } from "./galore.ts";
import { heavyBall, nesterov } from "./momentum.ts";
import { muon } from "./muon.ts";
import { optimizers } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

optimizers.add(sgd);
optimizers.add(heavyBall);
optimizers.add(nesterov);
optimizers.add(adam);
optimizers.add(adamw);
optimizers.add(muon);
optimizers.add(galore);

export {
  type BaseSettings,
  defineOptimizer,
  type Optimizer,
  type OptimizerDefinition,
  optimizers,
} from "./optimizer.ts";
export { adam, type AdamSettings, adamw, type AdamwSettings } from "./adam.ts";
export { galore, type GaloreSettings } from "./galore.ts";
export { heavyBall, type MomentumSettings, nesterov } from "./momentum.ts";
export { accumulate, type Moments, moments } from "./moments.ts";
export { muon, type MuonSettings, newtonSchulz, type Quintic } from "./muon.ts";
export { sgd, type SgdSettings } from "./sgd.ts";
export {
  constant,
  cosine,
  rateAt,
  type Schedule,
  schedules,
  type ScheduleSettings,
  stepDecay,
} from "./schedules.ts";
