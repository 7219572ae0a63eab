import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import {
  type Attack,
  attackImages,
  attacks,
  type AttackSettings,
  leastEpsilon,
  shareOf,
} from "../../../core/attacks/mod.ts";
import { balls } from "../../../core/attacks/ball.ts";
import {
  answersOf,
  closedForm,
  greyImages,
  linearClassifier,
  type WeightKind,
} from "../../support/attacks.ts";

/** What is claimed of an attack beside what holds for all. */
interface Row {
  readonly name: string;
  /** Settings that keep the tests short. */
  readonly settings?: AttackSettings;
  /** Classes and weights of the linear classifier whose boundary it must find. */
  readonly linear: readonly [classes: number, kind: WeightKind];
  /** Largest ratio of the ε that it needs to that of the closed form. */
  readonly within: number;
  /** Whether images of a batch know of each other. */
  readonly mixes?: boolean;
}

/** One row for each attack; the test below says when one is missing. */
const ROWS: readonly Row[] = [
  { name: "fgsm", linear: [2, "normal"], within: 1.001 },
  { name: "fgsm-l2", linear: [2, "normal"], within: 1.001 },
  { name: "fgsm-max", linear: [2, "signs"], within: 1.001 },
  { name: "pgd", linear: [2, "normal"], within: 1.001 },
  { name: "pgd-l2", linear: [2, "normal"], within: 1.03 },
  { name: "mi-fgsm", linear: [2, "normal"], within: 1.001 },
  // Between two opposite classes z/‖z‖_∞ is constant, and its noise hides a sure answer.
  { name: "jitter", settings: { noise: 0 }, linear: [5, "signs"], within: 1.05 },
  { name: "mixup", linear: [2, "signs"], within: 2, mixes: true },
  { name: "apgd-ce", linear: [2, "normal"], within: 1.001 },
  { name: "apgd-ce-l2", linear: [2, "normal"], within: 1.001 },
  { name: "apgd-dlr", linear: [5, "normal"], within: 1.01 },
  { name: "apgd-dlr-l2", linear: [5, "normal"], within: 1.01 },
  { name: "cw-l2", settings: { steps: 200 }, linear: [5, "normal"], within: 1.05 },
  { name: "deepfool", linear: [5, "normal"], within: 1.025 },
  { name: "square", linear: [2, "normal"], within: 1.001 },
  // Its windows of 3 pixels and more cannot follow weights that are noise from pixel to pixel.
  { name: "square-l2", linear: [2, "normal"], within: 1.7 },
  { name: "auto", settings: { steps: 10, queries: 100 }, linear: [5, "normal"], within: 1.01 },
  { name: "auto-l2", settings: { steps: 10, queries: 100 }, linear: [5, "normal"], within: 1.01 },
];

Deno.test("every attack has a row in this table", () => {
  assertEquals(ROWS.map((r) => r.name).toSorted(), attacks.names().toSorted());
});

for (const { name, settings = {}, linear, within, mixes } of ROWS) {
  const attack = attacks.get(name);

  Deno.test(`${name}: ε = 0 leaves every image and the accuracy as they are`, async () => {
    const { classifier, data } = await hard(attack);
    const labels = data.labels.map((y, i) => i % 4 === 0 ? (y + 1) % classifier.classes : y);
    const out = await attackImages(classifier, attack, { ...data, labels }, 0, { settings });
    assertEquals(out.images, data.images);
    assertEquals([...out.withstood], [...labels.keys()].map((i) => i % 4 === 0 ? 0 : 1));
    assertEquals(out.clean, out.withstood);
  });

  Deno.test(`${name}: results lie in the ball and in [0, 1]`, async () => {
    const { classifier, data } = await hard(attack);
    const size = data.images.length / data.labels.length;
    for (const epsilon of [0.01, 0.3, 2]) {
      const { images } = await attackImages(classifier, attack, data, epsilon, { settings });
      assert(images.every((v) => v >= 0 && v <= 1));
      for (let i = 0; i < data.labels.length; i++) {
        const of = (a: Float32Array) => a.subarray(i * size, (i + 1) * size);
        assertLess(balls[attack.norm].distance(of(images), of(data.images)), epsilon + 1e-6);
      }
    }
  });

  Deno.test(`${name}: finds the boundary of a linear classifier where the closed form has it`, async () => {
    const classifier = linearClassifier(3, ...linear);
    const data = await greyImages(classifier, 12);
    const best = closedForm(classifier, data, attack.norm);
    // The table is of use only where the box is far away.
    assertLess(Math.max(...best), 0.5);
    const largest = Math.max(...best) * 2;
    const found = await leastEpsilon(classifier, attack, data, { settings, largest, halvings: 16 });
    const resolution = attack.minimal ? 0 : largest / 2 ** 16;
    const ratios = found.map((v, i) => (v - resolution) / best[i]!);
    assertGreaterOrEqual(Math.min(...found.map((v, i) => v / best[i]!)), 0.999);
    assertLess(Math.max(...ratios), within);
  });

  Deno.test(`${name}: with targets it succeeds only by the wanted class`, async () => {
    const classifier = linearClassifier(5, 5);
    const data = await greyImages(classifier, 10);
    const targets = data.labels.map((y) => (y + 1) % 5);
    const out = await attackImages(classifier, attack, { ...data, targets }, 1, { settings });
    const answers = await answersOf(classifier, out.images);
    answers.forEach((answer, i) => assertEquals(answer === targets[i], out.withstood[i] === 0));
    assertLess(shareOf(out.withstood), 0.7);
  });

  Deno.test(`${name}: equal seeds give equal images, whatever the batch`, async () => {
    const { classifier, data } = await hard(attack);
    const images = async (batch: number, seed: number) =>
      (await attackImages(classifier, attack, data, 0.05, { settings, batch, seed })).images;
    const once = await images(100, 1);
    assertEquals(await images(100, 1), once);
    if (!mixes) assertEquals(await images(3, 1), once);
  });

  Deno.test(`${name}: the images and labels that it is given stay as they are`, async () => {
    const { classifier, data } = await hard(attack);
    const [images, labels] = [data.images.slice(), data.labels.slice()];
    await attackImages(classifier, attack, data, 0.2, { settings });
    assertEquals(data.images, images);
    assertEquals(data.labels, labels);
  });
}

/** Images at and near the edges of the box, with as many classes as all attacks want. */
async function hard(attack: Attack) {
  const classifier = linearClassifier(7, Math.max(5, attack.fewestClasses), "normal", [4, 4, 2]);
  return { classifier, data: await greyImages(classifier, 8, 0.6) };
}
