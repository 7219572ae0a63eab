import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { attackImages, attacks, fgsm, leastEpsilon, pgd } from "../../../core/attacks/mod.ts";
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
    'Cannot set "steps" of attack "pgd": expected a number ≥ 0, got -1',
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
