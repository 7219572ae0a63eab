import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  batchCount,
  batches,
  channelStatistics,
  epochOrder,
  fillBatch,
  holdOut,
  type Split,
} from "../../../core/data/mod.ts";
import { Random } from "../../../core/random.ts";

/** n images of `size` random pixels; image i has label i mod classes. */
function randomSplit(n: number, size: number, classes = 3, seed = 1): Split {
  const random = new Random(seed);
  return {
    count: n,
    images: Uint8Array.from({ length: n * size }, () => random.integer(256)),
    labels: Uint8Array.from({ length: n }, (_, i) => i % classes),
  };
}

Deno.test("epochOrder() holds every image once, in an order of seed and epoch", () => {
  fc.assert(fc.property(fc.nat(100), fc.nat(), fc.nat(500), (n, seed, epoch) => {
    const order = epochOrder(n, seed, epoch);
    assertEquals([...order].sort((a, b) => a - b), [...Array(n).keys()]);
    assertEquals(epochOrder(n, seed, epoch), order);
  }));
  assertNotEquals(epochOrder(50, 1, 0), epochOrder(50, 1, 1));
  assertNotEquals(epochOrder(50, 1, 0), epochOrder(50, 2, 0));
});

Deno.test("epochOrder() stays the order of earlier releases, so that old checkpoints resume", () => {
  assertEquals([...epochOrder(8, 1, 0)], [4, 7, 1, 6, 2, 5, 3, 0]);
});

Deno.test("batches() visits every image of the order once, with its own pixels and label", () => {
  fc.assert(fc.property(fc.nat(30), fc.integer({ min: 1, max: 12 }), (n, size) => {
    const split = randomSplit(n, 4);
    const order = epochOrder(n, 3, 0);
    const labels: number[] = [];
    const pixels: number[] = [];
    for (const batch of batches(split, order, size)) {
      labels.push(...batch.labels);
      pixels.push(...batch.images);
    }
    assertEquals(labels, [...order].map((i) => split.labels[i]!));
    const expected = [...order].flatMap((i) => [...split.images.subarray(4 * i, 4 * i + 4)]);
    assertEquals(pixels, expected.map((p) => Math.fround(p / 255)));
  }));
});

Deno.test("batches() begun in the middle goes on like one begun at the start", () => {
  const split = randomSplit(23, 3);
  const order = epochOrder(23, 5, 2);
  const copy = (first: number) => [...function* () {
    for (const { index, images, labels } of batches(split, order, 5, { first })) {
      yield { index, images: images.slice(), labels: labels.slice() };
    }
  }()];
  assertEquals(copy(2), copy(0).slice(2));
  assertEquals(copy(0).map((b) => b.labels.length), [5, 5, 5, 5, 3]);
});

Deno.test("batches() leaves the part-filled batch out on request, as batchCount() says", () => {
  const split = randomSplit(23, 3);
  const order = epochOrder(23, 5, 2);
  const counts = [...batches(split, order, 5, { dropLast: true })].map((b) => b.count);
  assertEquals(counts, [5, 5, 5, 5]);
  assertEquals([batchCount(23, 5), batchCount(23, 5, true), batchCount(20, 5)], [5, 4, 4]);
});

Deno.test("batches() refuses a size that is not a positive integer", () => {
  for (const size of [0, -1, 2.5]) {
    assertThrows(
      () => batches(randomSplit(3, 1), epochOrder(3, 1, 0), size).next(),
      RangeError,
      `Cannot make batches of ${size} images: expected a positive integer`,
    );
  }
});

Deno.test("fillBatch() shifts and scales each channel on its own", () => {
  const split = { count: 1, images: Uint8Array.of(0, 255, 51, 102), labels: Uint8Array.of(7) };
  const images = new Float32Array(4);
  const labels = new Int32Array(1);
  fillBatch(split, [0], images, labels, { mean: [0.2, 0.4], deviation: [0.5, 0.1] });
  [-0.4, 6, 0, 0].forEach((v, i) => assertAlmostEquals(images[i]!, v, 1e-6));
  assertEquals(labels[0], 7);
});

Deno.test("fillBatch() refuses arrays of the wrong length and images that are not there", () => {
  const split = randomSplit(2, 3);
  const fill = (indices: number[], pixels: number, labels: number) => () =>
    fillBatch(split, indices, new Float32Array(pixels), new Int32Array(labels));
  assertThrows(
    fill([0, 1], 5, 2),
    RangeError,
    "Cannot fill a batch: expected room for 6 pixel values, got 5",
  );
  assertThrows(
    fill([0, 1], 6, 3),
    RangeError,
    "Cannot fill a batch: expected room for 2 labels, got 3",
  );
  for (const index of [2, -1, 0.5]) {
    assertThrows(
      fill([0, index], 6, 2),
      RangeError,
      `Cannot fill a batch: expected image numbers below 2, got ${index}`,
    );
  }
});

Deno.test("fillBatch() refuses a normalisation that does not fit the channels", () => {
  const split = randomSplit(1, 4);
  const cases = [
    { mean: [0, 0, 0], deviation: [1, 1, 1] },
    { mean: [0, 0], deviation: [1] },
    { mean: [0], deviation: [0] },
    { mean: [NaN], deviation: [1] },
    { mean: [], deviation: [] },
  ];
  for (const normalisation of cases) {
    assertThrows(
      () => fillBatch(split, [0], new Float32Array(4), new Int32Array(1), normalisation),
      RangeError,
      "Cannot normalise a batch: expected a finite mean and a positive deviation for each channel " +
        `of 4 values, got means ${normalisation.mean.join(", ")} and deviations `,
    );
  }
});

Deno.test("channelStatistics() makes the whole split zero in mean and one in deviation", () => {
  const split = randomSplit(40, 6);
  const normalisation = channelStatistics(split, 2);
  const images = new Float32Array(240);
  fillBatch(split, [...Array(40).keys()], images, new Int32Array(40), normalisation);
  for (const channel of [0, 1]) {
    const x = [...images].filter((_, i) => i % 2 === channel);
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length;
    assertAlmostEquals(mean, 0, 1e-6);
    assertAlmostEquals(variance, 1, 1e-5);
  }
});

Deno.test("channelStatistics() gives a constant channel deviation 1", () => {
  const split = { count: 2, images: Uint8Array.of(51, 51), labels: Uint8Array.of(0, 0) };
  const { mean, deviation } = channelStatistics(split, 1);
  assertAlmostEquals(mean[0]!, 0.2, 1e-12);
  assertAlmostEquals(deviation[0]!, 1, 1e-12);
});

Deno.test("holdOut() divides without loss, in proportion, by the seed", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(), (n, pick, seed) => {
    const split = randomSplit(n, 2, 3, seed);
    const count = 1 + pick % (n - 1);
    const { train, validation } = holdOut(split, count, seed);
    assertEquals([train.count, validation.count], [n - count, count]);
    const key = (s: Split) =>
      Array.from(
        { length: s.count },
        (_, i) => [...s.images.subarray(2 * i, 2 * i + 2), s.labels[i]].join(),
      );
    assertEquals([...key(train), ...key(validation)].sort(), key(split).sort());
    for (const label of [0, 1, 2]) {
      const share = (s: Split) => s.labels.filter((l) => l === label).length;
      assertAlmostEquals(share(validation), share(split) * count / n, 1);
    }
    assertEquals(holdOut(split, count, seed), { train, validation });
  }));
});

Deno.test("holdOut() rounds in favour of the classes that lose most by rounding down", () => {
  const labels = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 2);
  const split = { count: 8, images: new Uint8Array(8), labels };
  // Exact shares of 3 of 8 are 1.875, 0.75 and 0.375.
  assertEquals([...holdOut(split, 3, 1).validation.labels], [0, 0, 1]);
});

Deno.test("holdOut() refuses to leave either side empty", () => {
  for (const count of [0, 5, 1.5]) {
    assertThrows(
      () => holdOut(randomSplit(5, 1), count, 1),
      RangeError,
      `Cannot hold ${count} images out: expected an integer from 1 to 4`,
    );
  }
});
