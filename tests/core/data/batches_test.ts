import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  batchCount,
  batches,
  channelStatistics,
  epochOrder,
  type Examples,
  examplesOf,
  fillBatch,
  holdOut,
  imageExamples,
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

/** Those images as examples. */
function imagesOf(split: Split, size: number): Examples {
  return imageExamples(split, [1, size, 1]);
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
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }), (n, size) => {
      const split = randomSplit(n, 4);
      const order = epochOrder(n, 3, 0);
      const labels: number[] = [];
      const pixels: number[] = [];
      for (const { columns } of batches(imagesOf(split, 4), order, size)) {
        labels.push(...columns.y!.data);
        pixels.push(...columns.x!.data);
      }
      assertEquals(labels, [...order].map((i) => split.labels[i]!));
      const expected = [...order].flatMap((i) => [...split.images.subarray(4 * i, 4 * i + 4)]);
      assertEquals(pixels, expected.map((p) => Math.fround(p / 255)));
    }),
  );
});

Deno.test("batches() begun in the middle goes on like one begun at the start", () => {
  const examples = imagesOf(randomSplit(23, 3), 3);
  const order = epochOrder(23, 5, 2);
  const copy = (first: number) => [...function* () {
    for (const { index, columns: { x, y } } of batches(examples, order, 5, { first })) {
      yield { index, images: x!.data.slice(), labels: y!.data.slice() };
    }
  }()];
  assertEquals(copy(2), copy(0).slice(2));
  assertEquals(copy(0).map((b) => b.labels.length), [5, 5, 5, 5, 3]);
});

Deno.test("batches() leaves the part-filled batch out on request, as batchCount() says", () => {
  const examples = imagesOf(randomSplit(23, 3), 3);
  const order = epochOrder(23, 5, 2);
  const counts = [...batches(examples, order, 5, { dropLast: true })].map((b) => b.count);
  assertEquals(counts, [5, 5, 5, 5]);
  assertEquals([batchCount(23, 5), batchCount(23, 5, true), batchCount(20, 5)], [5, 4, 4]);
});

Deno.test("batches() refuses a size that is not a positive integer", () => {
  for (const size of [0, -1, 2.5]) {
    assertThrows(
      () => batches(imagesOf(randomSplit(3, 1), 1), epochOrder(3, 1, 0), size).next(),
      RangeError,
      `Cannot make batches of ${size} examples: expected a positive integer`,
    );
  }
});

Deno.test("fillBatch() refuses arrays of the wrong length and examples that are not there", () => {
  const examples = imagesOf(randomSplit(2, 3), 3);
  const fill = (indices: number[], pixels: number, labels: number) => () =>
    fillBatch(examples, indices, { x: new Float32Array(pixels), y: new Int32Array(labels) });
  const room = (expected: number, got: number) =>
    `Cannot fill a batch: expected room for ${expected} numbers, got ${got}`;
  assertThrows(fill([0, 1], 5, 2), RangeError, room(6, 5));
  assertThrows(fill([0, 1], 6, 3), RangeError, room(2, 3));
  for (const index of [2, -1, 0.5, NaN]) {
    assertThrows(
      fill([0, index], 6, 2),
      RangeError,
      `Cannot fill a batch: expected numbers of examples below 2, got ${index}`,
    );
  }
});

Deno.test("batches() hold floats, integers, bytes of both meanings and overlapping windows", () => {
  const text = Int32Array.of(10, 11, 12, 13, 14, 15);
  const examples = examplesOf({
    floats: { data: Float32Array.of(1, -2, 3, -4, 5, -6, 7, -8), shape: [2] },
    bright: { data: Uint8Array.of(0, 51, 102, 255), shape: [], bytes: "brightness" },
    index: { data: Uint8Array.of(9, 8, 7, 6), shape: [] },
    window: { data: text, shape: [2], stride: 1 },
    next: { data: text, shape: [2], stride: 1, offset: 1 },
  });
  assertEquals(examples.count, 4);
  const [batch] = [...batches(examples, Uint32Array.of(3, 0), 2)];
  const [floats, bright] = [Float32Array.of(7, -8, 1, -2), Float32Array.of(1, 0)];
  assertEquals(batch!.columns, {
    floats: { data: floats, shape: [2, 2] },
    bright: { data: bright, shape: [2] },
    index: { data: Int32Array.of(6, 9), shape: [2] },
    window: { data: Int32Array.of(13, 14, 10, 11), shape: [2, 2] },
    next: { data: Int32Array.of(14, 15, 11, 12), shape: [2, 2] },
  });
});

Deno.test("examplesOf() refuses columns that do not fit together", () => {
  const x = { data: new Float32Array(6), shape: [2] };
  const cases: [Parameters<typeof examplesOf>, string][] = [
    [[{}], "Cannot make examples: expected a column, got none"],
    [
      [{ x, y: { data: new Uint8Array(2), shape: [] } }],
      'Cannot make 2 examples: column "x" of shape [2] has 3',
    ],
    [[{ x }, 4], 'Cannot make 4 examples: column "x" of shape [2] has 3'],
    [[{ x: { ...x, shape: [7] } }], "Cannot make 0 examples: expected a whole number from 1"],
    [
      [{ x: { ...x, stride: 0 } }],
      'Cannot read column "x": shape, stride and offset must be whole numbers',
    ],
  ];
  for (const [args, message] of cases) {
    assertThrows(() => examplesOf(...args), RangeError, message);
  }
});

Deno.test("channelStatistics() makes the whole split zero in mean and one in deviation", () => {
  const split = randomSplit(40, 6);
  const { mean: means, deviation } = channelStatistics(split, 2);
  const images = Float32Array.from(
    split.images,
    (p, i) => (p / 255 - means[i % 2]!) / deviation[i % 2]!,
  );
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
