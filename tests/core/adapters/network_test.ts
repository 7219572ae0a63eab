/** Networks of which a part is adapted. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  adaptedNetwork,
  compressStates,
  currentPoints,
  denseStates,
  disposeStates,
  initialStates,
  type Layer,
  Pass,
  Random,
  representationOf,
  restoreRun,
  StateStore,
  type Tensor,
  tensorsIn,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, embedding, flatten, linear, perceptron, sequential } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch, stepOn } from "../../support/training.ts";

const plain = perceptron({ sizes: [7, 6, 5, 4] });
const groups = [{ match: "*.weight", adapter: "lora", settings: { rank: 2 } }];

Deno.test("patterns say what is adapted, what trains in full, and what stands still", () => {
  const network = adaptedNetwork(plain, { groups, full: ["classifier.*", "dense2.bias"] });
  assertEquals(network.weights.map(({ name, format }) => [name, format]), [
    ["dense1.weight", "lora"],
    ["dense1.bias", "frozen"],
    ["dense2.weight", "lora"],
    ["dense2.bias", "dense"],
    ["classifier.weight", "dense"],
    ["classifier.bias", "dense"],
  ]);
  const two = [...groups, { match: "dense2.*t", adapter: "lora", settings: { rank: 1 } }];
  const [first, , second] = adaptedNetwork(plain, { groups: two, full: ["*.bias"] }).weights;
  assertEquals([first!.settings, second!.settings], [{ rank: 2 }, { rank: 1 }]);
});

/** Settings of adapters with random bases, and how many numbers those of the largest layer are. */
const SHARED = [
  ["vera", { rank: 3 }, 3 * (8 + 6)],
  ["randlora", { rank: 2 }, 2 * 6 + 8 * 2 * 3],
  ["nola", { rank: 2, count: 5 }, 5 * 2 * (8 + 6)],
] as const;

for (const [adapter, settings, numbers] of SHARED) {
  Deno.test({
    ...await onBackend("wasm", `${adapter}: random bases are held once for the network`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm", rule: adam.create() });
      const { engine } = method;
      const deep = perceptron({ sizes: [8, 6, 5, 4, 3] });
      const one = [{ match: "dense1.weight", adapter, settings }];
      const all = [{ match: "*.weight", adapter, settings }];
      const before = engine.memory().numTensors;
      const bases = (states: WeightStates) =>
        new Set(
          Object.values(states).flatMap(({ frozen = {} }) => {
            const { scale: _, ...own } = frozen as Readonly<Record<string, Tensor>>;
            // NOLA's own start is of the layer.
            return Object.entries(own).filter(([name]) => adapter !== "nola" || name !== "u");
          }).map(([, t]) => t),
        );
      const sizeOf = (tensors: Iterable<Tensor>) =>
        [...tensors].reduce((sum, t) => sum + t.size, 0);
      const dense = await initialStates(method, deep, 1);
      for (const groups of [one, all]) {
        const network = adaptedNetwork(deep, { groups });
        const drawn = await initialStates(method, network, 1);
        const { states: attached } = await compressStates(method, network, dense);
        for (let states of [drawn, attached]) {
          assertEquals([bases(states).size, sizeOf(bases(states))], [2, numbers]);
          const batch = randomBatch(engine, 9, 8, 3);
          const step = await stepOn(method, network, states, batch, { rate: 0.1 });
          disposeStates(states, step.states);
          states = step.states;
          assertEquals(sizeOf(bases(states)), numbers, "after a step");
          const store = new StateStore(engine, states);
          const numbersOfRun = { lossSum: 0, trainLoss: 0, firstLoss: 0, best: 0, sinceBest: 0 };
          const run = { ...numbersOfRun, step: 1, states, seconds: 0, secondsPerStep: 0 };
          const { record, fixed } = await store.store(run);
          const { state } = restoreRun(engine, network, record, fixed);
          assertEquals(sizeOf(bases(state.states)), numbers, "of a run that goes on");
          for (const s of [states, state.states, batch]) for (const t of tensorsIn(s)) t.dispose();
        }
      }
      disposeStates(dense, {});
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test("what matches nothing, no matrix and no setting is refused in a sentence", () => {
  const refused = (match: string, settings = {}) =>
    assertThrows(
      () => adaptedNetwork(plain, { groups: [{ match, adapter: "lora", settings }] }),
      RangeError,
    ).message;
  assertEquals(
    refused("dense1.weigth"),
    'Cannot adapt the network: "dense1.weigth" matches no weight; did you mean "dense1.weight" or ' +
      '"dense2.weight"',
  );
  assertEquals(
    refused("dense1.bias"),
    'Cannot adapt "dense1.bias" by "lora": expected a matrix or a kernel, got shape [6]',
  );
  assertEquals(
    refused("dense1.weight", { rang: 2 }),
    'Cannot set "rang" of adapter "lora": did you mean "rank"',
  );
});

Deno.test({
  ...await onBackend("wasm", "a dense network is adapted, trains, and merges into a dense one"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    await engine.scope(async () => {
      const network = adaptedNetwork(plain, { groups });
      const dense = await initialStates(method, plain, 1);
      let { states } = await compressStates(method, network, dense);
      const batch = randomBatch(engine, 9, 7, 4);
      const of = (n: Layer, s: WeightStates): Tensor =>
        n.forward(new Pass(engine, n, currentPoints(n, s), { training: false }), batch.x);
      assertEquals(await engine.read(of(network, states)), await engine.read(of(plain, dense)));
      for (let i = 0; i < 3; i++) {
        const next = await stepOn(method, network, states, batch, { rate: 0.05 });
        for (const spec of network.weights.filter((w) => w.format === "frozen")) {
          assertEquals(tensorsIn(next.states[spec.name]), tensorsIn(states[spec.name]));
        }
        const [before, after] = [states, next.states].map((s) => {
          return (s["dense1.weight"] as unknown as { base: { value: Tensor } }).base.value;
        });
        assert(before === after, "the base is one tensor for ever");
        states = next.states;
      }
      const merged = of(plain, await denseStates(method, network, states));
      const [y, z] = [await engine.read(of(network, states)), await engine.read(merged)];
      y.forEach((v, i) => assertLess(Math.abs(v - z[i]!), 1e-5));
      const [spec] = network.weights;
      assertEquals(representationOf(spec!).trainable!(states[spec!.name]!), 2 * (7 + 6));
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "kernels and tables of vectors are adapted as matrices are"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { engine } = method;
    await engine.scope(async () => {
      const images = sequential([
        conv2d({ name: "c", inputs: 2, outputs: 3, size: 3 }),
        flatten(),
        linear({ name: "head", inputs: 3 * 4 * 5, outputs: 4 }),
      ]);
      const x = engine.tensor(new Random(2).fillNormal(new Float32Array(3 * 40)), [3, 4, 5, 2]);
      const y = engine.tensor(Int32Array.of(0, 1, 2), [3]);
      await moves(images, { x, y }, "c.kernel");
      const tokens = sequential([
        embedding({ name: "tokens", vocabulary: 9, size: 5 }),
        linear({ name: "head", inputs: 5, outputs: 4 }),
      ]);
      await moves(tokens, { x: engine.tensor(Int32Array.of(3, 1, 3), [3]), y }, "tokens.weight");

      async function moves(net: Layer, batch: { x: Tensor; y: Tensor }, match: string) {
        const own = [{ match, adapter: "lora", settings: { rank: 2 } }];
        const network = adaptedNetwork(net, { groups: own });
        let states = await initialStates(method, network, 1);
        const losses: number[] = [];
        for (let i = 0; i < 8; i++) {
          const next = await stepOn(method, network, states, batch, { rate: 0.3 });
          losses.push(next.loss);
          states = next.states;
        }
        assertLess(losses.at(-1)!, losses[0]!);
        const merged = await denseStates(method, network, states);
        const of = (n: Layer, s: WeightStates): Tensor =>
          n.forward(new Pass(engine, n, currentPoints(n, s), { training: false }), batch.x);
        const [p, q] = [await engine.read(of(network, states)), await engine.read(of(net, merged))];
        p.forEach((v, i) => assertLess(Math.abs(v - q[i]!), 1e-5));
      }
    });
  },
});
