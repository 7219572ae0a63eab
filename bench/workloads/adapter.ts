import {
  adaptedNetwork,
  adapters,
  batchEvaluator,
  compressStates,
  currentPoints,
  disposeStates,
  engineAlgebra,
  initialStates,
  integrators,
  meanSquare,
  optimizerStepper,
  parseChoice,
  relativeFrobenius,
  type Task,
  tensorsIn,
  type TrainingMethod,
  trainStep,
  type WeightStates,
} from "../../core/mod.ts";
import { perceptron } from "../../layers/mod.ts";
import { adam } from "../../optimizers/mod.ts";
import { fixed, integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Rows of a batch: tokens. */
const TOKENS = 256;

/** Step size: small enough to stay put over thousands of steps on one batch. */
const RATE = 1e-4;

/** Steps of the run that allocations of ranks count in. */
const ALL = 1_000_000;

/** One training step by Adam of a frozen map with an adapter, on rows that stay. */
export const adapter: WorkloadKind = {
  name: "adapter",
  usage: "adapter inputs outputs name[:settings]",
  async create(engine, words): Promise<Workload> {
    const [inputs, outputs] = integers(words, 2, this.usage) as [number, number];
    const { plugin, settings } = parseChoice(adapters, words.slice(2).join(" "));
    const groups = [{ match: "classifier.weight", adapter: plugin.name, settings }];
    const plain = perceptron({ sizes: [inputs, outputs] });
    const network = adaptedNetwork(plain, { groups });
    const rule = adam.create();
    const method: TrainingMethod = {
      engine,
      algebra: engineAlgebra(engine),
      rule,
      stepper: optimizerStepper(rule),
      integrator: integrators.get("augmented-bug"),
      truncation: { rule: relativeFrobenius, tolerance: 0 },
    };
    const batch = { x: fixed(engine, [TOKENS, inputs]), y: fixed(engine, [TOKENS, outputs], 1, 2) };
    const loss: Task["loss"] = (model, { x, y }) => meanSquare(model, model.forward(x!), y!);
    const dense = await initialStates(method, plain, 1);
    const names = new Set(Object.keys(dense));
    // Some adapters begin with the gradient in the whole weight.
    const first = await batchEvaluator(engine, plain, loss, batch)(
      currentPoints(plain, dense),
      names,
    );
    const gradients = Object.fromEntries(
      [...first.evidence].map(([name, { gradient }]) => [name, gradient]),
    );
    let { states } = await compressStates(method, network, dense, { gradients });
    disposeStates(dense, states);
    first.dispose();
    let done = 0;
    const step = async (): Promise<void> => {
      const before = states;
      const evaluator = batchEvaluator(engine, network, loss, batch);
      const count = { done: done++, all: ALL };
      ({ states } = await trainStep(method, network, before, evaluator, { rate: RATE, count }));
      disposeStates(before, states);
    };
    await step();
    return { step, numbers: numbersOf(states) };
  },
};

/** Numbers of a state beside the frozen weight and the bias: trained, frozen, moments, scores. */
function numbersOf(states: WeightStates): number {
  const { base: _, ...own } = states["classifier.weight"]!;
  return tensorsIn(own).reduce((sum, t) => sum + t.size, 0);
}
