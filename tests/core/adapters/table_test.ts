/** Tables of vectors with adapters: rows are looked up, not multiplied; clipping by what trains. */

import { assert, assertAlmostEquals, assertLess } from "@std/assert";
import {
  adaptedNetwork,
  adapters,
  attachedOf,
  batchEvaluator,
  compressStates,
  crossEntropyLoss,
  currentPoints,
  type Engine,
  type Evaluator,
  initialStates,
  Pass,
  representationOf,
  summedEvaluator,
  type Tensor,
  tune,
  type WeightSpec,
} from "../../../core/mod.ts";
import { embedding, linear, sequential } from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { hostFlows, onHost } from "../../support/adapters.ts";
import { onBackend } from "../../support/algebras.ts";
import { relativeError } from "../../support/matrices.ts";
import { methodOf, randomBatch, readMatrix, stepOn } from "../../support/training.ts";

const plain = sequential([
  embedding({ name: "tokens", vocabulary: 9, size: 5 }),
  linear({ name: "head", inputs: 5, outputs: 4 }),
]);

for (const name of ["lora", "dora", "loha"]) {
  Deno.test({
    ...await onBackend("wasm", `${name}: rows that are looked up twice leave the sum of both`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adam.create() });
      const { engine, algebra: a } = method;
      await engine.scope(async () => {
        const groups = [{ match: "tokens.weight", adapter: name, settings: { rank: 2 } }];
        const network = adaptedNetwork(plain, { groups });
        const [spec] = network.weights as [WeightSpec];
        const batch = {
          x: engine.tensor(Int32Array.of(3, 1, 3, 8), [4]),
          y: engine.tensor(Int32Array.of(0, 1, 2, 3), [4]),
        };
        let states = await initialStates(method, network, 1);
        for (let k = 0; k < 3; k++) {
          ({ states } = await stepOn(method, network, states, batch, { rate: 0.1 }));
        }
        const twin = (await compressStates(method, plain, states)).states;
        const whole = batchEvaluator(engine, plain, crossEntropyLoss, batch);
        const own = batchEvaluator(engine, network, crossEntropyLoss, batch);
        const moving = new Set([spec.name]);
        const dense = await whole(currentPoints(plain, twin), moving);
        const found = await own(currentPoints(network, states), moving);
        const adapter = tune(adapters, adapters.get(name), spec.settings!);
        const at = await onHost(a, attachedOf(a, spec.shape, states[spec.name]!));
        const f = await readMatrix(engine, dense.evidence.get(spec.name)!.gradient);
        const wanted = hostFlows(adapter, at, f);
        const reading = representationOf(spec).asVariables!(method, spec, states[spec.name]!);
        const flows = reading.gradients(found.evidence.get(spec.name)!);
        for (const [key, flow] of Object.entries(wanted)) {
          assertLess(relativeError(await readMatrix(engine, flows[key]!), flow), 1e-5, key);
        }
        dense.dispose();
        found.dispose();
      });
    },
  });
}

Deno.test({
  ...await onBackend("wasm", "a table with an adapter is never multiplied by rows of one 1"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { engine } = method;
    const network = adaptedNetwork(plain, {
      groups: [{ match: "tokens.weight", adapter: "lora" }],
    });
    await engine.scope(async () => {
      const states = await initialStates(method, network, 1);
      const asked: string[] = [];
      const watched = new Proxy(engine, {
        get(target, key) {
          asked.push(String(key));
          const member = Reflect.get(target, key);
          return typeof member === "function" ? member.bind(target) : member;
        },
      }) as Engine;
      const pass = new Pass(watched, network, currentPoints(network, states), { training: false });
      pass.forward(engine.tensor(Int32Array.of(3, 1, 3), [3]));
      assert(asked.includes("gather") && !asked.includes("oneHot"));
    });
  },
});

for (const name of ["lora", "dora", "lokr"]) {
  Deno.test({
    ...await onBackend("wasm", `${name}: clipping goes by the flows of what trains`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: sgd.create() });
      const { engine } = method;
      await engine.scope(async () => {
        const network = adaptedNetwork(linear({ name: "a", inputs: 7, outputs: 4, bias: false }), {
          groups: [{ match: "a.weight", adapter: name, settings: { rank: 2 } }],
        });
        const [spec] = network.weights as [WeightSpec];
        const batch = randomBatch(engine, 9, 7, 4);
        let states = await initialStates(method, network, 1);
        for (let k = 0; k < 2; k++) {
          ({ states } = await stepOn(method, network, states, batch, { rate: 0.1 }));
        }
        const trained = (state: unknown) => (state as { trained: Record<string, Tensor> }).trained;
        const { states: next } = await stepOn(method, network, states, batch, {
          ...{ rate: 1, clipNorm: 0.01 },
        });
        let square = 0;
        const before = trained(states[spec.name]);
        for (const [key, x] of Object.entries(trained(next[spec.name]))) {
          square += (await engine.read(engine.norm(engine.sub(x, before[key]!))))[0]! ** 2;
        }
        assertAlmostEquals(Math.sqrt(square), 0.01, 1e-6);
      });
    },
  });
}

Deno.test({
  ...await onBackend("wasm", "dora: parts of a batch leave the same flows as all of it"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { engine } = method;
    await engine.scope(async () => {
      const network = adaptedNetwork(linear({ name: "a", inputs: 7, outputs: 4, bias: false }), {
        groups: [{ match: "a.weight", adapter: "dora", settings: { rank: 2 } }],
      });
      const [spec] = network.weights as [WeightSpec];
      const batch = randomBatch(engine, 8, 7, 4);
      const states = await initialStates(method, network, 1);
      const halves = [0, 4].map((begin) => ({
        x: engine.slice(batch.x, [begin, 0], [4, 7]),
        y: engine.slice(batch.y, [begin], [4]),
      }));
      const on = (part: typeof batch) => batchEvaluator(engine, network, crossEntropyLoss, part);
      const summed = summedEvaluator(
        engine,
        halves.map((half) => ({ evaluator: on(half), share: 0.5 })),
      );
      const reading = representationOf(spec).asVariables!(method, spec, states[spec.name]!);
      const flows = async (evaluator: Evaluator) => {
        const found = await evaluator(currentPoints(network, states), new Set([spec.name]));
        const { m, v } = reading.gradients(found.evidence.get(spec.name)!);
        found.dispose();
        return [await readMatrix(engine, m!), await readMatrix(engine, v!)] as const;
      };
      const [parts, whole] = [await flows(summed), await flows(on(batch))];
      parts.forEach((part, i) => assertLess(relativeError(part, whole[i]!), 1e-5));
    });
  },
});
