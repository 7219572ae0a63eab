/** Networks of any format among clients. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  batchEvaluator,
  type Correction,
  corrections,
  datasets,
  disposeStates,
  federatedRound,
  hostBatch,
  imageClassification,
  initialStates,
  type Layer,
  NetworkFederation,
  relativeFrobenius,
  representationOf,
  type RoundOutcome,
  simulatedClients,
  type Tensor,
  tensorsIn,
  type TrainingMethod,
  trainStep,
  type WeightStates,
} from "../../../core/mod.ts";
import { BatchMaker } from "../../../core/data/batch_maker.ts";
import { uploaded } from "../../../core/training/measure.ts";
import { networks } from "../../../layers/mod.ts";
import { adam, sgd } from "../../../optimizers/mod.ts";
import { methodOf } from "../../support/training.ts";

const dataset = await datasets.get("digits").load({ seed: 1, trainCount: 60, testCount: 10 });
const task = imageClassification(dataset);
const COUNT = 20;
const SUBSETS = [0, 1, 2].map((c) => Uint32Array.from({ length: COUNT }, (_, i) => 3 * i + c));

const networkOf = (family: string, format: string, width: number): Layer =>
  networks.get(family).create({
    ...{ shape: dataset.shape, classes: dataset.classes, format, rank: 4, width },
  });

const truncation = { rule: relativeFrobenius, tolerance: 1e-3, minRank: 2, maxRank: 12 };

/** Formats, with networks that have biases, kernels and batch norm. */
const CASES = [
  { family: "perceptron", format: "dense", width: 0.04 },
  { family: "perceptron", format: "low-rank", width: 0.04 },
  { family: "perceptron", format: "factored-low-rank", width: 0.04 },
  { family: "lenet-5", format: "tucker", width: 0.1 },
  { family: "lenet-5", format: "low-rank", width: 0.1 },
  { family: "resnet-8", format: "tucker", width: 0.25 },
];

/** A federation of a network, with as many clients as there are subsets. */
async function opened(
  { family, format, width }: (typeof CASES)[number],
  correction: Correction,
  subsets: readonly Uint32Array[],
  more: { readonly batch?: number; readonly method?: TrainingMethod } = {},
) {
  const method = more.method ?? await methodOf({ backend: "wasm", rule: sgd.create(), truncation });
  const network = networkOf(family, format, width);
  const states = await initialStates(method, network, 3);
  const options = { method, network, task, correction, seed: 1, batch: more.batch ?? 64, looks: 1 };
  const among = new NetworkFederation(options, states);
  const holders = subsets.map((subset, c) => among.holder(c, subset));
  const clients = simulatedClients(among.federation, holders);
  const round = (
    from: WeightStates,
    o: { readonly round?: number; readonly steps?: number } = {},
  ): Promise<RoundOutcome<Tensor> & { states: WeightStates }> =>
    method.engine.scope(async () => {
      const participants = [...holders.keys()];
      const settings = { round: 0, rate: 0.05, steps: 1, participants, ...o };
      const outcome = await federatedRound(
        among.federation,
        clients,
        among.shared(from),
        settings,
      );
      return { ...outcome, states: among.states(outcome.weights) };
    });
  return { method, network, states, round };
}

/** Every weight as one list of numbers. */
async function wholes(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<Map<string, Float64Array>> {
  const out = new Map<string, Float64Array>();
  for (const spec of network.weights) {
    const { toDense } = representationOf(spec);
    const t = toDense!(method, spec, states[spec.name]!);
    out.set(spec.name, Float64Array.from(await method.engine.read(t)));
  }
  return out;
}

for (const row of CASES) {
  for (const name of ["none", "full"]) {
    const what = `${row.family} in format "${row.format}", correction "${name}"`;
    Deno.test(`one client and one local step is one step of training: ${what}`, async () => {
      const [subset] = SUBSETS;
      const { method, network, states, round } = await opened(row, corrections.get(name), [
        subset!,
      ]);
      const { engine } = method;
      const found = await round(states);
      const examples = task.train;
      const maker = new BatchMaker({ examples, subset: subset!, size: COUNT, seed: 1 });
      const arrays = maker.arrays();
      maker.fill(0, 0, arrays);
      const batch = uploaded(engine, hostBatch(examples, 0, COUNT, arrays));
      const evaluator = batchEvaluator(engine, network, task.loss, batch);
      const step = await trainStep(method, network, states, evaluator, { rate: 0.05 });
      assertAlmostEquals(found.loss, step.loss, 1e-5);
      const [own, theirs, before] = [
        await wholes(method, network, found.states),
        await wholes(method, network, step.states),
        await wholes(method, network, states),
      ];
      for (const [weight, values] of own) {
        const other = theirs.get(weight)!;
        const far = (x: Float64Array) => Math.hypot(...values.map((v, i) => v - x[i]!));
        assertLess(far(other), 2e-4 * (Math.hypot(...other) + 1e-3), weight);
        if (weight.includes("weight")) assert(far(before.get(weight)!) > 1e-5, `${weight} moves`);
      }
    });
  }
}

for (const row of CASES) {
  for (const correction of corrections.list()) {
    Deno.test(`rounds leave no tensor behind: ${row.family}, "${row.format}", "${correction.name}"`, async () => {
      const method = await methodOf({ backend: "wasm", rule: adam.create(), truncation });
      const { states, round } = await opened(row, correction, SUBSETS, { batch: 8, method });
      const { engine } = method;
      const bare = engine.memory().numTensors - tensorsIn(states).length;
      let now = states;
      for (let i = 0; i < 2; i++) {
        const next = await round(now, { round: i, steps: 2 });
        const kept = next.states;
        disposeStates({ ...next.weights } as never, kept);
        disposeStates(now, kept);
        now = kept;
        assertEquals(engine.memory().numTensors, bare + tensorsIn(now).length);
      }
      disposeStates(now, {});
    });
  }
}

Deno.test("clients train a network together", async () => {
  const { states, round } = await opened(CASES[1]!, corrections.get("full"), SUBSETS);
  let now = states;
  const losses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const next = await round(now, { round: i, steps: 4 });
    losses.push(next.loss);
    now = next.states;
  }
  assertLess(losses[11]!, 0.85 * losses[0]!);
});

Deno.test("what no round knows of is refused", async () => {
  const method = await methodOf({ backend: "wasm", rule: sgd.create(), truncation });
  const options = {
    ...{ task, correction: corrections.get("none"), seed: 1, batch: 4, looks: 1 },
    network: networkOf("perceptron", "rank-pruned", 0.02),
  };
  const states = await initialStates(method, options.network, 1);
  assertThrows(
    () => new NetworkFederation({ ...options, method }, states),
    RangeError,
    'Cannot federate "dense1.weight": expected a weight that an integrator or the optimizer rule ' +
      'moves, got format "rank-pruned"',
  );
  assertThrows(
    () =>
      new NetworkFederation(
        { ...options, method: { ...method, groups: [{ match: "*" }] } },
        states,
      ),
    RangeError,
    "Cannot federate a network: expected a method without groups, got some",
  );
});

Deno.test("a simulation holds one model, and of each client what it compares", async () => {
  for (const [name, grows] of [["none", false], ["full", true]] as const) {
    const method = await methodOf({ backend: "wasm", rule: sgd.create(), truncation });
    const network = networkOf("perceptron", "low-rank", 0.04);
    const states = await initialStates(method, network, 3);
    const correction = corrections.get(name);
    const options = { method, network, task, correction, seed: 1, batch: 64, looks: 1 };
    const among = new NetworkFederation(options, states);
    const bytes: number[] = [];
    const holders = SUBSETS.map((subset, c) => {
      const holder = among.holder(c, subset);
      return {
        ...holder,
        look(...[weights, sample]: Parameters<typeof holder.look>) {
          if (sample.purpose === "shared") bytes.push(method.engine.memory().numBytes);
          return holder.look(weights, sample);
        },
      };
    });
    await method.engine.scope(async () => {
      const settings = { round: 0, rate: 0.05, steps: 1, participants: [0, 1, 2] };
      const clients = simulatedClients(among.federation, holders);
      await federatedRound(among.federation, clients, among.shared(states), settings);
    });
    // Three look in order to let bases grow, then, where flows are compared, three once more.
    assertEquals(bytes.length, grows ? 6 : 3);
    const last = bytes.slice(-2);
    const own = network.weights.reduce((sum, { format, shape }) => {
      const size = shape.reduce((n, d) => n * d, 1);
      return sum + (format === "low-rank" ? 64 : size);
    }, 0);
    assertEquals(last[1]! - last[0]!, grows ? 4 * own : 0);
    disposeStates(states, {});
  }
});
