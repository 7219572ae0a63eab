/** Adapters that are trained on a pruned network and used on the whole one. */

import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  adaptedNetwork,
  compressStates,
  currentPoints,
  denseStates,
  initialStates,
  type Layer,
  Pass,
  prunedNetwork,
  prunedStates,
  Random,
  recoveredStates,
  strongestUnits,
  type Tensor,
  type TrainingMethod,
  type Units,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, flatten, linear, perceptron, sequential } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch, stepOn } from "../../support/training.ts";

const plain = perceptron({ sizes: [7, 6, 5, 4] });
const UNITS = [
  { written: ["dense1.weight", "dense1.bias"], read: ["dense2.weight"] },
  { written: ["dense2.weight", "dense2.bias"], read: ["classifier.weight"] },
] as const;

const units = (first: readonly number[], second: readonly number[]): Units[] => [
  { ...UNITS[0], kept: first },
  { ...UNITS[1], kept: second },
];

/** Outputs for an input. */
async function outputs(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  x: Tensor,
): Promise<ArrayLike<number>> {
  const pass = new Pass(engine, network, currentPoints(network, states), { training: false });
  return await engine.read(network.forward(pass, x));
}

/**
 * The whole network with what some steps on a pruned one have made.
 *
 * @param alignment Steps that train the pruned network as a whole before, as a publisher aligns it.
 */
async function trainedSmall(
  method: TrainingMethod,
  whole: Layer,
  dense: WeightStates,
  groups: readonly Units[],
  batch: { x: Tensor; y: Tensor },
  alignment = 0,
) {
  const adapt = (n: Layer) =>
    adaptedNetwork(n, {
      groups: [{ match: "*", adapter: "lora", settings: { rank: 2 } }],
      full: ["*.bias"],
    });
  const small = prunedNetwork(whole, groups);
  const network = adapt(small);
  let start = await prunedStates(method, whole, dense, groups);
  const losses: number[] = [];
  for (let k = 0; k < alignment; k++) {
    const step = await stepOn(method, small, start, batch, { rate: 0.02 });
    losses.push(step.loss);
    start = step.states;
  }
  let { states } = await compressStates(method, network, start);
  for (let k = 0; k < 4; k++) {
    ({ states } = await stepOn(method, network, states, batch, { rate: 0.05 }));
  }
  const full = adapt(whole);
  const recovered = await recoveredStates(method, full, dense, states, groups);
  return { small: network, start, losses, states, full, recovered };
}

const entries = async ({ engine }: TrainingMethod, states: WeightStates, name: string) =>
  await engine.read((states[name] as unknown as { value: Tensor }).value);

Deno.test({
  ...await onBackend("wasm", "what was trained goes back to its units, and nowhere else"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    await engine.scope(async () => {
      const dense = await initialStates(method, plain, 1);
      const groups = units([0, 2, 3, 5], [1, 4]);
      const batch = randomBatch(engine, 9, 7, 4);
      const run = await trainedSmall(method, plain, dense, groups, batch);
      assertEquals(run.small.weights.map((w) => w.shape), [[7, 4], [4], [4, 2], [2], [2, 4], [4]]);
      const small = await denseStates(method, run.small, run.states);
      const before = await prunedStates(method, plain, dense, groups);
      const whole = await denseStates(method, run.full, run.recovered);
      const [added, own, start, end] = await Promise.all([
        entries(method, whole, "dense2.weight"),
        entries(method, small, "dense2.weight"),
        entries(method, before, "dense2.weight"),
        entries(method, dense, "dense2.weight"),
      ]);
      const [rows, columns] = [groups[0]!.kept, groups[1]!.kept];
      added.forEach((x, i) => {
        const [row, column] = [rows.indexOf(Math.floor(i / 5)), columns.indexOf(i % 5)];
        const at = row * 2 + column;
        const wanted = row < 0 || column < 0 ? 0 : own[at]! - start[at]!;
        assertLess(Math.abs(x - end[i]! - wanted), 1e-6);
      });
      const bias = await entries(method, whole, "dense1.bias");
      const pruned = await entries(method, small, "dense1.bias");
      const untouched = await entries(method, dense, "dense1.bias");
      bias.forEach((x, i) => {
        const place = rows.indexOf(i);
        assertEquals(x, place < 0 ? untouched[i] : pruned[place]);
      });
    });
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "a pruned network that was aligned before leaves the whole one's own weights",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    await engine.scope(async () => {
      const dense = await initialStates(method, plain, 1);
      const groups = units([0, 2, 3, 5], [1, 4]);
      const batch = randomBatch(engine, 9, 7, 4);
      const run = await trainedSmall(method, plain, dense, groups, batch, 10);
      assertLess(run.losses.at(-1)!, run.losses[0]!);
      const small = await denseStates(method, run.small, run.states);
      const whole = await denseStates(method, run.full, run.recovered);
      const [added, own, aligned, before] = await Promise.all([
        entries(method, whole, "dense2.weight"),
        entries(method, small, "dense2.weight"),
        entries(method, run.start, "dense2.weight"),
        entries(method, dense, "dense2.weight"),
      ]);
      // What alignment moved stays behind: only the increment goes back.
      const [rows, columns] = [groups[0]!.kept, groups[1]!.kept];
      let moved = 0;
      added.forEach((x, i) => {
        const [row, column] = [rows.indexOf(Math.floor(i / 5)), columns.indexOf(i % 5)];
        const at = row * 2 + column;
        const wanted = row < 0 || column < 0 ? 0 : own[at]! - aligned[at]!;
        assertLess(Math.abs(x - before[i]! - wanted), 1e-6);
        if (row >= 0 && column >= 0) moved = Math.max(moved, Math.abs(aligned[at]! - before[i]!));
      });
      assertLess(0.01, moved);
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "units without outgoing weights: the whole network is the pruned one"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    await engine.scope(async () => {
      const dense = { ...await initialStates(method, plain, 1) };
      const kept = [0, 2, 5];
      const mask = engine.tensor(
        Float32Array.from({ length: 6 }, (_, i) => kept.includes(i) ? 1 : 0),
        [6, 1],
      );
      const { value } = dense["dense2.weight"] as unknown as { value: Tensor };
      dense["dense2.weight"] = { format: "dense", value: engine.mul(value, mask) };
      const groups = [{ ...UNITS[0], kept }];
      const batch = randomBatch(engine, 9, 7, 4);
      const run = await trainedSmall(method, plain, dense, groups, batch);
      const small = await outputs(method, run.small, run.states, batch.x);
      const whole = await outputs(method, run.full, run.recovered, batch.x);
      Array.from(whole).forEach((y, i) => assertLess(Math.abs(y - small[i]!), 1e-5));
      const all = await trainedSmall(method, plain, dense, [], batch);
      const [x, y] = await Promise.all([
        outputs(method, all.small, all.states, batch.x),
        outputs(method, all.full, all.recovered, batch.x),
      ]);
      assertEquals(x, y);
    });
  },
});

Deno.test({
  ...await onBackend("wasm", "channels of kernels are units as neurons are"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    await engine.scope(async () => {
      const network = sequential([
        conv2d({ name: "a", inputs: 2, outputs: 5, size: 3 }),
        conv2d({ name: "b", inputs: 5, outputs: 3, size: 3 }),
        flatten(),
        linear({ name: "head", inputs: 36, outputs: 4 }),
      ]);
      const dense = { ...await initialStates(method, network, 1) };
      const kept = [1, 3, 4];
      const mask = engine.tensor(Float32Array.of(0, 1, 0, 1, 1), [1, 1, 5, 1]);
      const { value } = dense["b.kernel"] as unknown as { value: Tensor };
      dense["b.kernel"] = { format: "dense", value: engine.mul(value, mask) };
      const groups = [{ written: ["a.kernel", "a.bias"], read: ["b.kernel"], kept }];
      const batch = {
        x: engine.tensor(new Random(1).fillNormal(new Float32Array(3 * 24)), [3, 3, 4, 2]),
        y: engine.tensor(Int32Array.of(0, 1, 2), [3]),
      };
      const run = await trainedSmall(method, network, dense, groups, batch);
      const small = await outputs(method, run.small, run.states, batch.x);
      const whole = await outputs(method, run.full, run.recovered, batch.x);
      Array.from(whole).forEach((y, i) => assertLess(Math.abs(y - small[i]!), 1e-5));
    });
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "units are kept by the norm of all their weights; wrong ones are refused",
  ),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    const { engine } = method;
    await engine.scope(async () => {
      const value = (data: readonly number[], shape: readonly number[]) => ({
        format: "dense",
        value: engine.tensor(Float32Array.from(data), shape),
      });
      const states = {
        "a": value([1, 0, 2, 0, 0, 2], [2, 3]),
        "b": value([0, 0, 3, 4, 0, 1], [3, 2]),
      };
      // Squares of the units: 1, 25 and 9.
      const of = (share: number) =>
        strongestUnits(method, states, { written: ["a"], read: ["b"] }, share);
      assertEquals([await of(0.3), await of(0.7), await of(0)], [[1], [1, 2], [1]]);
      const refused = (groups: Units[]) =>
        assertThrows(() => prunedNetwork(plain, groups), RangeError).message;
      assertEquals(
        refused([{ ...UNITS[0], kept: [2, 6] }]),
        'Cannot prune "dense1.weight": expected ascending numbers of its 6 units, got [2,6]',
      );
      assertEquals(
        refused([{ written: ["dense9.weight"], read: [], kept: [1] }]).split(";")[0],
        'Cannot prune the network: expected weights of it, got "dense9.weight"',
      );
      const network = adaptedNetwork(plain, {
        groups: [{ match: "dense1.weight", adapter: "vera", settings: { rank: 2 } }],
      });
      const dense = await initialStates(method, plain, 1);
      const { states: adapted } = await compressStates(method, network, dense);
      const error = await assertRejects(() => recoveredStates(method, network, dense, adapted, []));
      assertEquals(
        (error as Error).message,
        'Cannot recover "dense1.weight": expected an adapter with factors u and v and a scale, got "vera"',
      );
    });
  },
});
