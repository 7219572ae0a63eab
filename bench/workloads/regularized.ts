import {
  disposeStates,
  type Engine,
  initialStates,
  type Regularization,
  spectral,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { regularisedStates } from "../../core/training/regularize.ts";
import { perceptron } from "../../layers/mod.ts";
import { BATCH, makeBatch, methodOf, RATE, stepOn, WIDTHS } from "./network.ts";
import { integers, type Workload, type WorkloadKind } from "./workload.ts";

/** How the regularizer joins the step; undefined: there is none. */
type Coupling = Regularization["coupling"];

/** Ways a step and the regularizer meet, by their word. */
const COUPLINGS: Readonly<Record<string, Coupling>> = {
  none: undefined,
  split: "split",
  field: "field",
  alone: "split",
};

/**
 * Training steps of the network of the first DLRT paper, with the spectral regularizer or without;
 * or the regularizer's own step alone, whose result is thrown away. Bounds of truncation hold the
 * rank.
 */
export const regularized: WorkloadKind = {
  name: "regularized",
  usage: "regularized <integrator> none|split|field|alone rank",
  async create(engine, words): Promise<Workload> {
    const [integrator, way] = words;
    const [rank] = integers(words.slice(2), 1, this.usage) as [number];
    if (integrator === undefined || !Object.hasOwn(COUPLINGS, way!)) {
      throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    }
    const method = regularizedMethod(engine, integrator, rank, COUPLINGS[way!]);
    const network = perceptron({ sizes: WIDTHS, format: "low-rank", rank });
    let states: WeightStates = await initialStates(method, network, 1);
    if (way === "alone") {
      return {
        step: () =>
          engine.scope(async () => void await regularisedStates(method, network, states, RATE)),
      };
    }
    const batch = makeBatch(engine, BATCH);
    return {
      async step(): Promise<void> {
        const before = states;
        states = (await stepOn(method, network, before, batch, RATE)).states;
        disposeStates(before, states);
      },
    };
  },
};

function regularizedMethod(
  engine: Engine,
  integrator: string,
  rank: number,
  coupling: Coupling,
): TrainingMethod {
  const method = methodOf(engine, integrator, rank);
  if (!coupling) return method;
  return { ...method, regularization: [{ regularizer: spectral, strength: 0.1, coupling }] };
}
