import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  adversarialTrainings,
  attackImages,
  attacks,
  classifierOf,
  currentPoints,
  imagesOf,
  Random,
  shareOf,
  tensorsIn,
  train,
  type TrainingObjective,
} from "../../../core/mod.ts";
import { tradesLoss } from "../../../core/attacks/training.ts";
import { networks, perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf } from "../../support/training.ts";

const EPSILON = 0.16;

/** The objective of a way to train, for images of one kind. */
function objectiveOf(name: string, shape: readonly [number, number, number]): TrainingObjective {
  return adversarialTrainings.get(name).create({
    shape,
    classes: 4,
    epsilon: EPSILON,
    attack: attacks.get("pgd"),
    settings: { steps: 4 },
  });
}

/** Clean and attacked accuracy of a small network after training. */
async function accuracies(
  backend: string,
  format: string,
  way: string | undefined,
): Promise<{ clean: number; attacked: number; left: number }> {
  const dataset = await blobsOf(320, 80);
  const base = await methodOf({ backend, rule: adam.create() });
  const { engine } = base;
  const before = engine.memory().numTensors;
  const method = way === undefined ? base : { ...base, objective: objectiveOf(way, dataset.shape) };
  const network = perceptron({ sizes: [36, 24, 24, 4], format, rank: 6, activation: "tanh" });
  const { state } = await train({
    label: "t",
    method,
    network,
    dataset,
    seed: 1,
    epochs: 12,
    batch: 32,
    rate: () => 0.01,
  });
  const points = currentPoints(network, state.states);
  const { shape } = dataset;
  const classifier = classifierOf({ engine, network, points, shape, classes: 4 });
  const out = await attackImages(classifier, attacks.get("pgd"), imagesOf(dataset.test), EPSILON);
  tensorsIn(state.states).forEach((t) => t.dispose());
  const left = engine.memory().numTensors - before;
  return { clean: shareOf(out.clean), attacked: shareOf(out.withstood), left };
}

for (const backend of ["wasm"]) {
  for (const format of ["dense", "low-rank"]) {
    Deno.test({
      ...await onBackend(backend, `adversarial training helps a ${format} network, leaks nothing`),
      fn: async () => {
        const plain = await accuracies(backend, format, undefined);
        for (const way of adversarialTrainings.names()) {
          const robust = await accuracies(backend, format, way);
          assertGreater(robust.attacked, plain.attacked + 0.1, way);
          assertGreater(robust.clean, 0.85, way);
          assertEquals(robust.left, 0);
        }
      },
    });
  }
}

Deno.test({
  ...await onBackend("wasm", "a Tucker network with batch norm trains on attacked images"),
  fn: async () => {
    const dataset = await blobsOf(32, 8);
    const method = await methodOf({ backend: "wasm" });
    const before = method.engine.memory().numTensors;
    const network = networks.get("resnet-8").create({
      shape: dataset.shape,
      classes: 4,
      format: "tucker",
      rank: 4,
      width: 0.25,
    });
    for (const way of adversarialTrainings.names()) {
      const { state, reason } = await train({
        label: "t",
        method: { ...method, objective: objectiveOf(way, dataset.shape) },
        network,
        dataset,
        seed: 1,
        epochs: 1,
        batch: 16,
        rate: () => 0.05,
      });
      assertEquals(reason, "finished");
      tensorsIn(state.states).forEach((t) => t.dispose());
    }
    assertEquals(method.engine.memory().numTensors, before);
  },
});

Deno.test("the loss of TRADES has the derivative of its value; equal halves leave the entropy", () => {
  const random = new Random(6);
  const logits = random.fillNormal(new Float32Array(24), 0, 2);
  const labels = Int32Array.of(0, 3, 1, 0, 3, 1);
  const { cotangents } = tradesLoss(logits, labels, 4, 6);
  for (let j = 0; j < 24; j++) {
    const at = (h: number) =>
      tradesLoss(logits.map((v, k) => k === j ? v + h : v), labels, 4, 6).value;
    const slope = (at(2 ** -8) - at(-(2 ** -8))) / 2 ** -7;
    assertAlmostEquals(cotangents[j]!, slope, 2e-4);
  }
  logits.copyWithin(12, 0, 12);
  const twice = tradesLoss(logits, labels, 4, 6);
  const none = tradesLoss(logits, labels, 4, 0);
  assertAlmostEquals(twice.value, none.value, 1e-12);
  assertLess(Math.max(...twice.cotangents.subarray(12).map(Math.abs)), 1e-7);
});

Deno.test({
  ...await onBackend("wasm", "a loss of the logits trains as the built-in one does"),
  fn: async () => {
    const dataset = await blobsOf(64, 20);
    const method = await methodOf({ backend: "wasm" });
    const network = perceptron({ sizes: [36, 12, 10, 4], format: "low-rank", rank: 3 });
    const run = async (objective?: TrainingObjective) => {
      const { state, trainLoss } = await train({
        label: "t",
        method: objective ? { ...method, objective } : method,
        network,
        dataset,
        seed: 2,
        epochs: 2,
        batch: 16,
        rate: () => 0.1,
      });
      tensorsIn(state.states).forEach((t) => t.dispose());
      return trainLoss;
    };
    // TRADES with weight 0 is the cross-entropy of the clean half.
    const entropy: TrainingObjective = {
      name: "cross-entropy on the host",
      loss: (logits, labels) => {
        const twice = new Float32Array(2 * logits.length);
        twice.set(logits);
        twice.set(logits, logits.length);
        const all = Int32Array.of(...labels, ...labels);
        const { value, cotangents } = tradesLoss(twice, all, 4, 0);
        return { value, cotangents: cotangents.subarray(0, logits.length) };
      },
    };
    assertAlmostEquals(await run(entropy), await run(), 1e-5);
  },
});
