/** Networks of which a part is adapted. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  adaptedNetwork,
  compressStates,
  currentPoints,
  denseStates,
  initialStates,
  type Layer,
  Pass,
  Random,
  representationOf,
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
