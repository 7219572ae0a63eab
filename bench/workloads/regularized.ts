import {
  disposeStates,
  type Engine,
  engineAlgebra,
  initialStates,
  integrators,
  optimizerStepper,
  type Regularization,
  relativeFrobenius,
  spectral,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { regularisedStates } from "../../core/training/regularize.ts";
import { perceptron } from "../../layers/mod.ts";
import { sgd } from "../../optimizers/mod.ts";
import { BATCH, makeBatch, RATE, stepOn, WIDTHS } from "./network.ts";
import type { Workload } from "./workload.ts";

/** How the regularizer joins the step; undefined: there is none. */
export type Coupling = Regularization["coupling"];

/** Training steps, and what the regularizer does in each of them. */
export interface RegularizedTraining extends Workload {
  /** The regularizer's own step from where training is, whose result is thrown away. */
  alone(): Promise<void>;
}

/**
 * Training steps of the network of the first DLRT paper, with the spectral regularizer or without.
 *
 * @param rank Held by the bounds of truncation.
 */
export async function regularizedTraining(
  engine: Engine,
  integrator: string,
  rank: number,
  coupling: Coupling,
): Promise<RegularizedTraining> {
  const rule = sgd.create();
  const method: TrainingMethod = {
    engine,
    algebra: engineAlgebra(engine),
    rule,
    stepper: optimizerStepper(rule),
    integrator: integrators.get(integrator),
    truncation: { rule: relativeFrobenius, tolerance: 0.1, minRank: rank, maxRank: rank },
    ...(coupling ? { regularization: [{ regularizer: spectral, strength: 0.1, coupling }] } : {}),
  };
  const network = perceptron({ sizes: WIDTHS, format: "low-rank", rank });
  const batch = makeBatch(engine, BATCH);
  let states: WeightStates = await initialStates(method, network, 1);
  return {
    async step(): Promise<void> {
      const before = states;
      states = (await stepOn(method, network, before, batch, RATE)).states;
      disposeStates(before, states);
    },
    async alone(): Promise<void> {
      await engine.scope(async () => {
        await regularisedStates(method, network, states, RATE);
      });
    },
  };
}
