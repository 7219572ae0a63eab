import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import {
  type AdversarialObjective,
  adversarialTrainings,
  attackImages,
  attacks,
  classifierOf,
  currentPoints,
  imageClassification,
  imagesOf,
  Random,
  shareOf,
  tensorsIn,
  train,
} from "../../../core/mod.ts";
import { tradesLoss } from "../../../core/attacks/training.ts";
import { networks, perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf } from "../../support/training.ts";

const EPSILON = 0.16;

/** The objective of a way to train, for images of one kind. */
function objectiveOf(name: string, shape: readonly [number, number, number]): AdversarialObjective {
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
  const method = await methodOf({ backend, rule: adam.create() });
  const { engine } = method;
  const before = engine.memory().numTensors;
  const objective = way === undefined ? {} : objectiveOf(way, dataset.shape);
  const network = perceptron({ sizes: [36, 24, 24, 4], format, rank: 6, activation: "tanh" });
  const { state } = await train({
    label: "t",
    method,
    network,
    task: { ...imageClassification(dataset), ...objective },
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
        method,
        network,
        task: { ...imageClassification(dataset), ...objectiveOf(way, dataset.shape) },
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

Deno.test({
  ...await onBackend("cpu", "the loss of TRADES and its derivative are the published ones"),
  fn: async () => {
    const { engine } = await methodOf();
    const random = new Random(6);
    const [n, classes, weight] = [3, 4, 6];
    const data = random.fillNormal(new Float32Array(2 * n * classes), 0, 2);
    const y = Int32Array.of(0, 3, 1);
    const byHand = (z: ArrayLike<number>, beta: number): number => {
      const row = (i: number) => Array.from({ length: classes }, (_, j) => z[i * classes + j]!);
      const log = (v: number[]) => {
        const sum = Math.log(v.reduce((s, x) => s + Math.exp(x), 0));
        return v.map((x) => x - sum);
      };
      return y.reduce((total, label, i) => {
        const [p, q] = [log(row(i)), log(row(n + i))];
        const apart = p.reduce((s, x, j) => s + Math.exp(x) * (x - q[j]!), 0);
        return total + (beta * apart - p[label]!) / n;
      }, 0);
    };
    await engine.scope(async () => {
      const labels = engine.tensor(y, [n]);
      const logits = engine.tensor(data, [2 * n, classes]);
      const { value, gradients } = engine.gradients(
        () => tradesLoss(engine, logits, labels, weight),
        [logits],
      );
      assertAlmostEquals((await engine.read(value))[0]!, byHand(data, weight), 1e-5);
      const slopes = await engine.read(gradients[0]!);
      for (let j = 0; j < data.length; j++) {
        const at = (h: number) =>
          byHand(Float64Array.from(data, (v, k) => k === j ? v + h : v), weight);
        assertAlmostEquals(slopes[j]!, (at(1e-4) - at(-1e-4)) / 2e-4, 1e-5);
      }
      const twice = engine.concat([0, 0].map(() => engine.slice(logits, [0, 0], [n, classes])), 0);
      const [equal] = await engine.read(tradesLoss(engine, twice, labels, weight));
      const [entropy] = await engine.read(
        engine.softmaxCrossEntropy(engine.slice(logits, [0, 0], [n, classes]), labels),
      );
      assertAlmostEquals(equal!, entropy!, 1e-6);
    });
  },
});
