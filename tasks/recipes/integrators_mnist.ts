import {
  compareIntegrators,
  integratorTrainingDefaults,
  integratorTrainingSchema,
} from "../integrator_training.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { mnist } from "./mnist.ts";

/** The net of `mnist` by every integrator through one trainer: accuracy and time in one table. */
export const integratorsMnist: Recipe = recipe({
  name: "integrators-mnist",
  description: "the net of mnist by every integrator: accuracy and time per step in one table",
  defaults: integratorTrainingDefaults,
  schema: integratorTrainingSchema,
  job: (options, context) => compareIntegrators("integrators-mnist", mnist, options, context),
});
