/** Somebody else may answer the points of a step: parts of a batch, answered apart and summed. */

import { assertEquals, assertLess } from "@std/assert";
import {
  batchEvaluator,
  crossEntropyLoss,
  initialStates,
  integrators,
  type Layer,
  ranksOf,
  relativeFrobenius,
  representationOf,
  summedEvaluator,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  trainStep,
  tuckerIntegrators,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, flatten, linear, perceptron, sequential } from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch } from "../../support/training.ts";

const COUNT = 12;
const FIRST = 5; // examples in the first part

/** One step from the same start, by one evaluator or by two that share the batch. */
async function step(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  shape: readonly number[],
  parts: readonly (readonly [begin: number, end: number])[],
): Promise<WeightStates> {
  const { engine } = method;
  const size = shape.reduce((n, d) => n * d, 1);
  const batch = randomBatch(engine, COUNT, size, 4);
  const rows = (t: Tensor, begin: number, end: number): Tensor =>
    engine.slice(t, [begin, ...t.shape.slice(1).map(() => 0)], [end - begin, ...t.shape.slice(1)]);
  const evaluators = parts.map(([begin, end]) => {
    const x = engine.reshape(rows(batch.x, begin, end), [end - begin, ...shape]);
    const part = { x, y: rows(batch.y, begin, end) };
    const evaluator = batchEvaluator(engine, network, crossEntropyLoss, part);
    return { evaluator, share: (end - begin) / COUNT };
  });
  const evaluator = evaluators.length === 1
    ? evaluators[0]!.evaluator
    : summedEvaluator(engine, evaluators);
  return (await trainStep(method, network, states, evaluator, { rate: 0.1, clipNorm: 0.5 })).states;
}

/** Largest difference of all tensors, relative to the largest entry. */
async function distance(method: TrainingMethod, network: Layer, a: WeightStates, b: WeightStates) {
  const { engine } = method;
  let worst = 0;
  for (const spec of network.weights) {
    const whole = async (s: WeightStates): Promise<ArrayLike<number>> => {
      return await engine.read(representationOf(spec).toDense!(method, spec, s[spec.name]!));
    };
    const [x, y] = [await whole(a), await whole(b)];
    const size = Math.max(1e-3, ...Array.from(x, Math.abs));
    worst = Math.max(worst, ...Array.from(x, (v, i) => Math.abs(v - y[i]!) / size));
  }
  return worst;
}

const truncation = { rule: relativeFrobenius, tolerance: 1e-3, minRank: 4, maxRank: 7 };

for (const integrator of integrators.list()) {
  for (const rule of [sgd.create(), adam.create()]) {
    const title =
      `two halves of a batch give the step of the whole, ${integrator.name}, ${rule.name}`;
    Deno.test({
      ...await onBackend("wasm", title),
      fn: async () => {
        const method = await methodOf({ backend: "wasm", integrator, rule, truncation });
        const network = perceptron({
          ...{ sizes: [9, 8, 7, 4], format: "low-rank", rank: 2, activation: "tanh" },
        });
        const before = method.engine.memory().numTensors;
        await method.engine.scope(async () => {
          let [whole, halves] = [await initialStates(method, network, 1), {} as WeightStates];
          // The second step sees moments; an entry that is zero but for rounding is Adam's own.
          whole = await step(method, network, whole, [9], [[0, COUNT]]);
          halves = await step(method, network, whole, [9], [[0, FIRST], [FIRST, COUNT]]);
          const next = await step(method, network, whole, [9], [[0, COUNT]]);
          assertEquals(ranksOf(network, halves), ranksOf(network, next));
          if (integrator.adaptive) {
            assertLess(2, Math.max(...Object.values(ranksOf(network, next))), "ranks have grown");
          }
          assertLess(await distance(method, network, halves, next), 2e-3);
        });
        assertEquals(method.engine.memory().numTensors, before);
      },
    });
  }
}

for (const tuckerIntegrator of tuckerIntegrators.list()) {
  Deno.test({
    ...await onBackend("wasm", `… and of kernels, ${tuckerIntegrator.name}`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", tuckerIntegrator, truncation });
      const network = sequential([
        conv2d({
          ...{ name: "a", inputs: 4, outputs: 6, size: 3, format: "tucker", rank: 2 },
          activation: "tanh",
        }),
        flatten(),
        linear({ name: "b", inputs: 96, outputs: 4 }),
      ]);
      await method.engine.scope(async () => {
        const start = await initialStates(method, network, 1);
        const whole = await step(method, network, start, [4, 4, 4], [[0, COUNT]]);
        const halves = await step(method, network, start, [4, 4, 4], [[0, FIRST], [FIRST, COUNT]]);
        assertEquals(ranksOf(network, halves), ranksOf(network, whole));
        assertLess(await distance(method, network, halves, whole), 1e-3);
        assertEquals(tensorsIn(whole).length, tensorsIn(halves).length);
      });
    },
  });
}
