/**
 * Optimizer rules and learning-rate schedules.
 *
 * @module
 */

import { adafactor } from "./adafactor.ts";
import { adam, adamw } from "./adam.ts";
import { apollo, apolloMini } from "./apollo.ts";
import { fira } from "./fira.ts";
import { galore } from "./galore.ts";
import { mofasgd } from "./mofasgd.ts";
import { heavyBall, nesterov } from "./momentum.ts";
import { muon } from "./muon.ts";
import { optimizers } from "./optimizer.ts";
import { shampoo } from "./shampoo.ts";
import { soap } from "./soap.ts";
import { sgd } from "./sgd.ts";

optimizers.add(sgd);
optimizers.add(heavyBall);
optimizers.add(nesterov);
optimizers.add(adam);
optimizers.add(adamw);
optimizers.add(muon);
optimizers.add(galore);
optimizers.add(fira);
optimizers.add(apollo);
optimizers.add(apolloMini);
optimizers.add(mofasgd);
optimizers.add(shampoo);
optimizers.add(soap);
optimizers.add(adafactor);

export {
  type BaseSettings,
  defineOptimizer,
  type Optimizer,
  type OptimizerDefinition,
  optimizers,
  seededRule,
} from "./optimizer.ts";
export { adafactor, type AdafactorSettings } from "./adafactor.ts";
export { apollo, apolloMini, type ApolloSettings } from "./apollo.ts";
export { fira, type FiraSettings } from "./fira.ts";
export { mofasgd, type MofasgdSettings } from "./mofasgd.ts";
export { shampoo, type ShampooSettings } from "./shampoo.ts";
export { soap, type SoapSettings } from "./soap.ts";
export { type VectorSettings } from "./base_rule.ts";
export { type ProjectionSettings } from "./projection.ts";
export { type ChoiceSettings } from "./choice.ts";
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
