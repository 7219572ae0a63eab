import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import {
  attackImages,
  attacks,
  type AttackSettings,
  type Classifier,
  classifierOf,
  imagesOf,
  type LabelledImages,
  shareOf,
} from "../../../core/attacks/mod.ts";
import { argmax, crossEntropy, logitsRatio, margin } from "../../../core/attacks/objectives.ts";
import {
  currentPoints,
  imageClassification,
  measure,
  tensorsIn,
  train,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { greyImages, linearClassifier } from "../../support/attacks.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf } from "../../support/training.ts";

/** A trained network with what belongs to it. */
async function trained(backend: string, format: string, epochs = 4) {
  const dataset = await blobsOf(320, 60);
  const method = await methodOf({ backend, rule: adam.create() });
  const network = perceptron({ sizes: [36, 24, 24, 4], format, rank: 6, activation: "tanh" });
  const task = imageClassification(dataset);
  const options = { label: "t", method, network, task, seed: 1, epochs, batch: 32 };
  const { state } = await train({ ...options, rate: () => 0.01 });
  const classifier = classifierOf({
    engine: method.engine,
    network,
    points: currentPoints(network, state.states),
    shape: dataset.shape,
    classes: 4,
  });
  return { dataset, method, network, state, classifier, data: imagesOf(dataset.test) };
}

async function accuracy(
  c: Classifier,
  name: string,
  data: LabelledImages,
  epsilon: number,
  settings: AttackSettings = {},
  seed = 0,
): Promise<number> {
  const { withstood } = await attackImages(c, attacks.get(name), data, epsilon, { settings, seed });
  return shareOf(withstood);
}

for (const backend of cpuBackends.filter((name) => name !== "cpu")) {
  for (const format of ["dense", "low-rank"]) {
    Deno.test({
      ...await onBackend(
        backend,
        `attacks on a ${format} network change nothing and leave nothing`,
      ),
      fn: async () => {
        const t = await trained(backend, format, 1);
        const { engine } = t.method;
        const tensors = tensorsIn(t.state.states);
        const read = () => Promise.all(tensors.map((x) => engine.read(x)));
        const [weights, before] = [await read(), engine.memory().numTensors];
        const task = imageClassification(t.dataset);
        const { values } = await measure(t.method, t.network, t.state.states, task);
        for (const name of attacks.names()) {
          const settings = "steps" in attacks.get(name).defaults ? { steps: 2 } : {};
          assertEquals(await accuracy(t.classifier, name, t.data, 0, settings), values.accuracy);
          await accuracy(t.classifier, name, t.data, 0.1, settings);
        }
        assertEquals(engine.memory().numTensors, before);
        assertEquals(await read(), weights);
        tensors.forEach((x) => x.dispose());
      },
    });
  }
}

Deno.test({
  ...await onBackend("wasm", "on a trained network more steps, restarts and APGD are stronger"),
  fn: async () => {
    const t = await trained("wasm", "low-rank");
    const mean = async (name: string, epsilon: number, settings: AttackSettings) => {
      let sum = 0;
      for (const seed of [1, 2]) {
        sum += await accuracy(t.classifier, name, t.data, epsilon, settings, seed);
      }
      return sum / 2;
    };
    assertGreaterOrEqual(await mean("pgd", 0, {}), 0.9);
    const total = { few: 0, many: 0, restarted: 0, pgd: 0, apgd: 0 };
    for (const epsilon of [0.04, 0.08, 0.12, 0.16]) {
      total.few += await mean("pgd", epsilon, { steps: 2 });
      total.many += await mean("pgd", epsilon, { steps: 20 });
      total.pgd += await mean("pgd", epsilon, { steps: 10 });
      total.apgd += await mean("apgd-ce", epsilon, { steps: 10 });
      total.restarted += await mean("pgd", epsilon, { steps: 10, restarts: 3 });
    }
    assertGreaterOrEqual(total.few, total.many);
    assertGreaterOrEqual(total.pgd, total.restarted);
    assertGreaterOrEqual(total.pgd, total.apgd);
    // These comparisons mean something only where attacks succeed at times.
    assertLess(total.many, 3.5);
    assert(total.many > 0);
    tensorsIn(t.state.states).forEach((x) => x.dispose());
  },
});

Deno.test({
  ...await onBackend("wasm", "more steps are not weaker on average, whatever the attack"),
  fn: async () => {
    const t = await trained("wasm", "low-rank");
    const some = { images: t.data.images.slice(0, 30 * 36), labels: t.data.labels.slice(0, 30) };
    for (const { name, norm, defaults } of attacks.list()) {
      const key = "queries" in defaults ? "queries" : "steps";
      if (!(key in defaults)) continue;
      const radii = norm === "linf" ? [0.06, 0.12, 0.2] : [0.3, 0.6, 1];
      const base = "searches" in defaults ? { searches: 4, learningRate: 0.05 } : {};
      const total = async (count: number) => {
        let sum = 0;
        for (const epsilon of radii) {
          sum += await accuracy(t.classifier, name, some, epsilon, { ...base, [key]: count });
        }
        return sum / radii.length;
      };
      const [few, many] = [await total(1), await total(25)];
      assertGreaterOrEqual(few + 1e-9, many, name);
      // Nothing is compared where nothing succeeds.
      assertLess(many, 1, name);
    }
    tensorsIn(t.state.states).forEach((x) => x.dispose());
  },
});

Deno.test("a restart more never saves an image", async () => {
  const classifier = linearClassifier(2, 6);
  const data = await greyImages(classifier, 40, 0.1);
  for (const name of ["pgd", "pgd-l2", "apgd-dlr", "apgd-dlr-l2"]) {
    const standing = async (restarts: number) => {
      const epsilon = attacks.get(name).norm === "linf" ? 0.05 : 0.2;
      const settings = { restarts, steps: 3 };
      const { withstood } = await attackImages(classifier, attacks.get(name), data, epsilon, {
        settings,
      });
      return withstood;
    };
    const [one, three] = [await standing(1), await standing(3)];
    assert(three.every((v, i) => v <= one[i]!), name);
  }
});

for (const scale of [1e-30, 1e-12, 1e6]) {
  Deno.test(`steps are right when logits are scaled by ${scale}`, async () => {
    const plain = linearClassifier(4, 2);
    const scaled = linearClassifier(4, 2, "normal", [5, 5, 1], scale);
    const data = await greyImages(plain, 6);
    for (const name of ["fgsm", "fgsm-l2", "fgsm-max", "pgd-l2"]) {
      const images = async (c: Classifier) =>
        (await attackImages(c, attacks.get(name), data, 0.3, { settings: {} })).images;
      const [a, b] = [await images(plain), await images(scaled)];
      const size = 25;
      if (name === "fgsm-l2") {
        for (let i = 0; i < 6; i++) {
          const change = b.subarray(i * size, (i + 1) * size).map((v, j) =>
            v - data.images[i * size + j]!
          );
          const length = Math.hypot(...change);
          assertLess(Math.abs(length - 0.3), 1e-5);
        }
      }
      assertLess(Math.max(...a.map((v, j) => Math.abs(v - b[j]!))), 1e-5, name);
    }
  });
}

Deno.test("objectives have the derivatives of their values, up to a positive factor", () => {
  const z = Float32Array.of(0.3, -1.2, 2.1, 0.9, -0.4);
  for (const objective of [crossEntropy, margin, logitsRatio]) {
    for (const [label, target] of [[2, undefined], [0, undefined], [2, 3], [1, 2]] as const) {
      const value = (logits: Float32Array) =>
        objective({ z: logits, label, target }, new Float64Array(5));
      const c = new Float64Array(5);
      objective({ z, label, target }, c);
      const slopes = z.map((_, j) => {
        const at = (h: number) => value(z.map((v, k) => k === j ? v + h : v));
        return (at(2 ** -10) - at(-(2 ** -10))) / 2 ** -9;
      });
      const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Array.from(a).reduce((s, v, j) => s + v * b[j]!, 0);
      const cosine = dot(c, slopes) / Math.sqrt(dot(c, c) * dot(slopes, slopes));
      assertLess(1 - cosine, 1e-5, `${objective.name} ${label} ${target}`);
    }
  }
});

Deno.test("the cross-entropy has a direction where its gradient is 0 in float32", () => {
  const c = new Float64Array(3);
  const value = crossEntropy({ z: Float32Array.of(900, 0, -3), label: 0, target: undefined }, c);
  assertEquals(value, 0);
  assert(c[0]! < 0 && c[1]! > c[2]! && c[2]! > 0);
  assertEquals(argmax(Float32Array.of(1, 3, 3)), 1);
});
