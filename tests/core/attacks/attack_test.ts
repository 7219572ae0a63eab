import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Attack,
  attackImages,
  attacks,
  fgsm,
  imagesOf,
  leastEpsilon,
  mixup,
  pgd,
} from "../../../core/attacks/mod.ts";
import { NonFiniteError } from "../../../core/checks.ts";
import type { Split } from "../../../core/data/mod.ts";
import { checkpoints } from "../../../core/attacks/apgd.ts";
import { balls, maxNorm } from "../../../core/attacks/ball.ts";
import { Random } from "../../../core/random.ts";
import { closedForm, greyImages, linearClassifier } from "../../support/attacks.ts";

const classifier = linearClassifier(1, 3);
const data = await greyImages(classifier, 4);

Deno.test("an attack refuses settings that it does not know or that are no numbers", async () => {
  const attack = (settings: Record<string, number>) =>
    attackImages(classifier, pgd, data, 0.1, { settings });
  const unknown = await assertRejects(() => attack({ step: 3 }), RangeError);
  assertEquals(unknown.message, 'Cannot set "step" of attack "pgd": did you mean "steps"');
  const negative = await assertRejects(() => attack({ steps: -1 }), RangeError);
  assertEquals(
    negative.message,
    'Cannot set "steps" of attack "pgd": expected a whole number ≥ 1, got -1',
  );
});

Deno.test("counts of an attack are whole numbers, of which none would be no attack", async () => {
  const counts = ["steps", "restarts", "queries", "targets", "searches"];
  let seen = 0;
  for (const attack of attacks.list()) {
    for (const key of Object.keys(attack.defaults).filter((k) => counts.includes(k))) {
      for (const value of [0, 2.5, NaN, Infinity]) {
        await assertRejects(
          () => attackImages(classifier, attack, data, 0.1, { settings: { [key]: value } }),
          RangeError,
          `Cannot set "${key}" of attack "${attack.name}": expected a whole number ≥ 1, got ${value}`,
        );
        seen++;
      }
    }
  }
  assertEquals(seen >= 60, true, `${seen} refusals`);
  await assertRejects(
    () => attackImages(classifier, mixup, data, 0.1, { settings: { weight: 0 } }),
    RangeError,
    'Cannot set "weight" of attack "mixup": expected a number > 0, got 0',
  );
});

Deno.test("attackImages() refuses batches that are none, and attacks all images by any other", async () => {
  for (const batch of [0, -1, 2.5, NaN, Infinity]) {
    await assertRejects(
      () => attackImages(classifier, pgd, data, 0.1, { batch }),
      RangeError,
      `Cannot attack images: expected batch to be an integer ≥ 1, got ${batch}`,
    );
  }
  for (const batch of [1, 3, 1000]) {
    const { clean } = await attackImages(classifier, fgsm, data, 0.1, { batch });
    assertEquals([...clean], [1, 1, 1, 1]);
  }
});

Deno.test("attackImages() checks images that are wrong from the start, and that there are some", async () => {
  const wrong = data.labels.map((y) => (y + 1) % 3);
  const images = data.images.slice();
  images[0] = NaN;
  await assertRejects(
    () => attackImages(classifier, fgsm, { images, labels: wrong }, 0.1),
    RangeError,
    "expected pixels in [0, 1]",
  );
  const settings = { step: 1 };
  await assertRejects(
    () => attackImages(classifier, pgd, { images: data.images, labels: wrong }, 0.1, { settings }),
    RangeError,
    'Cannot set "step"',
  );
  const none = { images: new Float32Array(), labels: new Int32Array() };
  await assertRejects(
    () => attackImages(classifier, fgsm, none, 0.1),
    RangeError,
    "expected one image at least, got none",
  );
});

Deno.test("an answer that is not finite is no answer: neither broken nor withstood", async () => {
  const logits = async (x: Float32Array) => (await classifier.logits(x)).fill(NaN, 1, 2);
  const broken = { ...classifier, logits };
  for (const attack of attacks.list().filter((a) => a.fewestClasses <= 3)) {
    await assertRejects(
      () => attackImages(broken, attack, data, 0.1),
      NonFiniteError,
      "Cannot attack: expected finite numbers in the logits of the classifier, got NaN",
    );
  }
  const pullback = (x: Float32Array) => Promise.resolve(x.map(() => Infinity));
  await assertRejects(
    () => attackImages({ ...classifier, pullback }, fgsm, data, 0.1),
    NonFiniteError,
    "expected finite numbers in the derivatives of the classifier, got Infinity",
  );
  const few = { ...classifier, logits: () => Promise.resolve(new Float32Array(2)) };
  await assertRejects(
    () => attackImages(few, fgsm, data, 0.1),
    RangeError,
    "Cannot attack: expected the classifier to give 12 logits, got 2",
  );
});

Deno.test("what an attack returns is checked: its number, its pixels and the ball", async () => {
  const own = (change: (x: Float32Array) => Float32Array): Attack => ({
    ...fgsm,
    name: "own",
    perturb: (p) => Promise.resolve(change(p.images.slice())),
  });
  const refused: [Attack, string][] = [
    [own((x) => x.map((v) => v > 0.5 ? v - 0.3 : v + 0.3)), "expected images within 0.1"],
    [own((x) => x.map(() => NaN)), "expected it to return pixels in [0, 1]"],
    [own((x) => x.map(() => 1.5)), "expected it to return pixels in [0, 1]"],
    [own((x) => x.subarray(1)), "expected it to return"],
  ];
  for (const [attack, message] of refused) {
    await assertRejects(
      () => attackImages(classifier, attack, data, 0.1),
      RangeError,
      `Cannot use attack "own": ${message}`,
    );
  }
});

Deno.test("leastEpsilon() and imagesOf() refuse numbers that are none", async () => {
  const refused = [[{ largest: NaN }, "largest"], [{ largest: 0 }, "largest"], [
    { halvings: 0 },
    "halvings",
  ], [{ halvings: 1.5 }, "halvings"]] as const;
  for (const [options, name] of refused) {
    await assertRejects(
      () => leastEpsilon(classifier, fgsm, data, options),
      RangeError,
      `Cannot find the least radius: expected ${name} to be`,
    );
  }
  const split = { images: new Uint8Array(4), labels: new Uint8Array(2), count: 2 } as Split;
  assertThrows(
    () => imagesOf(split, NaN),
    RangeError,
    "expected their number to be an integer ≥ 1",
  );
});

Deno.test("an attack refuses what is no problem for it", async () => {
  const images = data.images.map((v) => v * 4);
  const outside = await assertRejects(
    () => attackImages(classifier, fgsm, { ...data, images }, 0.1),
    RangeError,
  );
  assertEquals(
    outside.message,
    'Cannot attack by "fgsm": expected pixels in [0, 1]; a normalisation belongs to the network',
  );
  const radius = await assertRejects(() => attackImages(classifier, fgsm, data, -1), RangeError);
  assertEquals(
    radius.message,
    'Cannot attack by "fgsm": expected radii ≥ 0, finite as it fills its ball, got -1',
  );
  const two = linearClassifier(1, 2);
  const few = await greyImages(two, 2);
  const classes = await assertRejects(
    () => attackImages(two, attacks.get("auto"), few, 0.1),
    RangeError,
  );
  assertEquals(classes.message, 'Cannot attack by "auto": expected at least 4 classes, got 2');
});

Deno.test("an attack of an unknown name is refused with the near ones", () => {
  const error = assertThrows(() => attacks.get("fgms"), RangeError);
  assertEquals(error.message.startsWith('Cannot find attack "fgms": did you mean "fgsm"'), true);
});

Deno.test("leastEpsilon() finds thresholds by bisection: 0 where wrong, Infinity out of reach", async () => {
  const two = linearClassifier(3, 2);
  const grey = await greyImages(two, 6);
  const labels = grey.labels.map((y, i) => i === 0 ? 1 - y : y);
  const wanted = closedForm(two, grey, "linf");
  const largest = [...wanted].sort((a, b) => a - b)[4]! * 1.01;
  const found = await leastEpsilon(two, fgsm, { ...grey, labels }, { largest, halvings: 18 });
  wanted.forEach((best, i) => {
    if (i === 0) assertEquals(found[i], 0);
    else if (best > largest) assertEquals(found[i], Infinity);
    else assertAlmostEquals(found[i]!, best, 1e-5);
  });
});

Deno.test("attackImages() tells how far it is and hears an abort", async () => {
  const seen: number[] = [];
  await attackImages(classifier, fgsm, data, 0.1, {
    batch: 3,
    onProgress: ({ done, total }) => seen.push(done / total),
  });
  assertEquals(seen, [0.75, 1]);
  const controller = new AbortController();
  const aborted = attackImages(classifier, fgsm, data, 0.1, {
    batch: 1,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assertRejects(() => aborted, DOMException);
});

Deno.test("balls project to the nearest of their points and scatter within", () => {
  const random = new Random(1);
  for (const ball of Object.values(balls)) {
    for (const radius of [0, 0.1, 3]) {
      const centre = random.fillUniform(new Float32Array(20));
      const x = random.fillNormal(new Float32Array(20));
      ball.project(x, centre, radius);
      const again = x.slice();
      ball.project(again, centre, radius);
      assertAlmostEquals(ball.distance(again, x), 0, 1e-6);
      for (const y of [x, centre.slice()]) {
        ball.scatter(y, centre, radius, random);
        assertEquals(ball.distance(y, centre) <= radius + 1e-6, true);
        assertEquals(y.every((v) => v >= 0 && v <= 1), true);
      }
    }
  }
});

Deno.test("steepest directions have unit length for gradients of any size, and 0 stays 0", () => {
  for (const scale of [1e-38, 1e-25, 1, 1e30]) {
    const g = Float32Array.of(3 * scale, -4 * scale, 0);
    balls.l2.steepest(g);
    assertAlmostEquals(Math.hypot(...g), 1, 1e-6);
    assertAlmostEquals(g[0]!, 0.6, 1e-5);
  }
  const zero = new Float32Array(3);
  for (const ball of Object.values(balls)) {
    ball.steepest(zero);
    assertEquals(maxNorm(zero), 0);
  }
});

Deno.test("checkpoints() are those of the publication for 100 steps", () => {
  assertEquals(checkpoints(100).slice(0, 5), [0, 22, 41, 57, 70]);
});
