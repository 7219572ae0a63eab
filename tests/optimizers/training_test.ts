/** Every optimizer trains networks: dense ones, and factorised ones where it can move factors. */

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  dense,
  movesFactors,
  type OptimizerRule,
  Random,
  stateOf,
  type Tensor,
  tensorsIn,
  train,
  updateWeight,
  type WeightSpec,
} from "../../core/mod.ts";
import { initialisers, perceptron } from "../../layers/mod.ts";
import { galore, type Optimizer, optimizers } from "../../optimizers/mod.ts";
import { onBackend } from "../support/algebras.ts";
import { blobsOf, methodOf, shortRun } from "../support/training.ts";

/** Rates at which 100 steps of a batch of 20 come far. */
const RATES: Readonly<Record<string, number>> = {
  adafactor: 0.03,
  adam: 0.03,
  adamw: 0.03,
  apollo: 0.03,
  "apollo-mini": 0.003,
  fira: 0.1,
  galore: 0.1,
  "heavy-ball": 0.05,
  mofasgd: 0.1,
  muon: 0.1,
  nesterov: 0.05,
  sgd: 0.2,
  shampoo: 0.3,
  soap: 0.03,
};

/** Ranks and periods that small weights and few steps have a use for. */
function smallSettings({ defaults }: Optimizer) {
  return {
    ...("rank" in defaults ? { rank: Math.min(4, Number(defaults.rank)) } : {}),
    ...("every" in defaults ? { every: Math.min(10, Number(defaults.every)) } : {}),
  };
}

for (const optimizer of optimizers.list()) {
  const rule = () => optimizer.create(smallSettings(optimizer));
  const formats = movesFactors(rule()) ? ["dense", "low-rank"] : ["dense"];
  for (const format of formats) {
    Deno.test({
      ...await onBackend("wasm", `${optimizer.name} trains a ${format} network`),
      fn: async () => {
        const { state, trainLoss } = await train(
          await shortRun({
            backend: "wasm",
            rule: rule(),
            network: perceptron({ sizes: [36, 16, 16, 4], format, rank: 4 }),
            dataset: await blobsOf(200),
            epochs: 10,
            batch: 20,
            rate: (step, total) => RATES[optimizer.name]! * (1 - step / total),
          }),
        );
        for (const t of tensorsIn(state.states)) t.dispose();
        assertLess(trainLoss, 0.3 * state.firstLoss);
      },
    });
  }
}

Deno.test({
  ...await onBackend("cpu", "train() refuses factors by an optimizer that cannot carry its state"),
  fn: async () => {
    const o = await shortRun({ rule: galore.create() });
    const before = o.method.engine.memory().numTensors;
    const error = await assertRejects(() => train(o), RangeError);
    assertEquals(
      error.message,
      'Cannot move the factors of "dense1.weight" by optimizer "galore": expected one that ' +
        "carries its state into other bases, got one that cannot; choose another optimizer or " +
        "dense weights",
    );
    assertEquals(o.method.engine.memory().numTensors, before);
    const network = perceptron({ sizes: [36, 12, 4] });
    const { reason, state } = await train({ ...o, network });
    for (const t of tensorsIn(state.states)) t.dispose();
    assertEquals(reason, "finished");
  },
});

/** A dense weight after two steps along given flows. */
async function movedWeight(rule: OptimizerRule, shape: readonly number[], flows: Float32Array[]) {
  const method = await methodOf({ backend: "wasm", rule });
  const { engine } = method;
  const initialiser = initialisers.get("kaiming-normal");
  const spec: WeightSpec = { name: "w", shape, format: "dense", initialiser };
  return await engine.scope(async () => {
    let state = stateOf(spec, await dense.create(method, spec, new Random(1)));
    for (const flow of flows) {
      const step = updateWeight(method, spec, state, 0.1);
      await step.next();
      const next = await step.next({ gradient: engine.tensor(flow, [...shape]), pairs: [] });
      if (next.done) state = next.value.state;
    }
    const value = state.value as Tensor;
    assertEquals(value.shape, shape);
    return await engine.read(value);
  });
}

for (const optimizer of optimizers.list().filter((o) => o.create().matrices)) {
  Deno.test({
    ...await onBackend("wasm", `${optimizer.name} moves a kernel as the matrix of its windows`),
    fn: async () => {
      const settings = smallSettings(optimizer);
      const random = new Random(2);
      const flows = [0, 1].map(() => random.fillNormal(new Float32Array(2 * 3 * 4 * 5)));
      const kernel = await movedWeight(optimizer.create(settings), [2, 3, 4, 5], flows);
      assertEquals(kernel, await movedWeight(optimizer.create(settings), [24, 5], flows));
    },
  });

  Deno.test({
    ...await onBackend("wasm", `${optimizer.name} leaves biases to its base rule`),
    fn: async () => {
      const base = { base: "heavy-ball", "base.momentum": 0.5 } as const;
      const share = "baseRate" in optimizer.defaults ? { baseRate: 1 } : {};
      const flows = [0, 1].map((i) => new Float32Array([1, -2, 3 + i]));
      const plain = optimizers.get("heavy-ball").create({ momentum: 0.5 });
      assertEquals(
        await movedWeight(optimizer.create({ ...base, ...share }), [3], flows),
        await movedWeight(plain, [3], flows),
      );
    },
  });
}
