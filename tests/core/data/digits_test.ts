import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { datasets, drawDigits, type Split } from "../../../core/data/mod.ts";
import { DIGIT_SHAPES } from "../../../core/data/digit_shapes.ts";
import { nearestMeanAccuracy } from "../../support/nearest_mean.ts";

const SIZE = 28 * 28;
const image = (split: Split, i: number) => split.images.subarray(i * SIZE, (i + 1) * SIZE);

Deno.test("digits makes 10,000 + 2,000 images of ten classes unless told otherwise", async () => {
  const data = await datasets.get("digits").load({ seed: 1 });
  assertEquals([data.train.count, data.test.count], [10_000, 2_000]);
  assertEquals(data.shape, [28, 28, 1]);
  assertEquals(data.train.images.length, 10_000 * SIZE);
  for (let digit = 0; digit < 10; digit++) {
    assertEquals(data.test.labels.filter((l) => l === digit).length, 200);
  }
});

Deno.test("digits depends on the seed and on nothing else", async () => {
  const load = (seed: number) =>
    datasets.get("digits").load({ seed, trainCount: 30, testCount: 10 });
  const [a, b, c] = [await load(1), await load(1), await load(2)];
  assertEquals(a.sha256, b.sha256);
  assertNotEquals(a.sha256, c.sha256);
});

Deno.test("digits stay the digits of earlier releases", async () => {
  const data = await datasets.get("digits").load({ seed: 1, trainCount: 50, testCount: 10 });
  assertEquals(data.sha256, "996fc2415195b6661f39ea4ad05f08ddd2f092c28406d71f48fecf227e0d2204");
});

Deno.test("drawDigits() makes image i whatever the count", () => {
  const few = drawDigits(3, "train", 13);
  const more = drawDigits(3, "train", 37);
  assertEquals(more.images.subarray(0, 13 * SIZE), few.images);
  assertEquals(more.labels.subarray(0, 13), few.labels);
});

Deno.test("drawDigits() repeats no image within a split or across splits", () => {
  const seen = new Set<string>();
  for (const name of ["train", "test"]) {
    const split = drawDigits(4, name, 300);
    for (let i = 0; i < 300; i++) seen.add(image(split, i).join());
  }
  assertEquals(seen.size, 600);
});

Deno.test("drawDigits() puts every digit once into each ten images", () => {
  const { labels } = drawDigits(5, "train", 100);
  for (let i = 0; i < 100; i += 10) {
    assertEquals([...labels.subarray(i, i + 10)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  assertNotEquals(labels.slice(0, 10), labels.slice(10, 20));
});

Deno.test("drawDigits() keeps the writing inside the image and the background dark", () => {
  const split = drawDigits(6, "train", 500);
  for (let i = 0; i < 500; i++) {
    const pixels = image(split, i);
    const ink = pixels.filter((p) => p > 127).length;
    assertGreater(ink, 15, `image ${i} is nearly empty`);
    assertLess(ink, SIZE / 2, `image ${i} is nearly full`);
  }
  const border = [...split.images].filter((_, k) => k % 28 === 0 || k % 28 === 27);
  assertLess(border.filter((p) => p > 127).length / border.length, 0.01);
});

Deno.test("drawDigits() draws classes that are apart, yet not by their mean images alone", () => {
  const accuracy = nearestMeanAccuracy(drawDigits(7, "train", 2000), drawDigits(7, "test", 500));
  assertGreater(accuracy, 0.6);
  assertLess(accuracy, 0.9);
});

Deno.test("digits refuses a count that is no positive integer", async () => {
  await assertRejects(
    () => datasets.get("digits").load({ seed: 1, trainCount: 0 }),
    RangeError,
    "Cannot make 0 training images: expected an integer from 1 to 1000000",
  );
});

Deno.test("every shape of a digit lies in the unit square and names points that it has", () => {
  assertEquals(DIGIT_SHAPES.length, 10);
  for (const shape of DIGIT_SHAPES.flat()) {
    assert(shape.points.every((v) => v >= 0 && v <= 1));
    const used = new Set(shape.strokes.flatMap((s) => [...s.path]));
    assertEquals([...used].sort((a, b) => a - b), [...Array(shape.points.length / 2).keys()]);
    assert(shape.strokes.every((s) => s.path.length >= 2));
  }
});
