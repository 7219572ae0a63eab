import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  augmentations,
  type AugmentationStep,
  cutout,
  flip,
  type ImageContext,
  padCrop,
  parseAugmentation,
  Random,
} from "../../../core/mod.ts";

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 3 }),
);
const seeds = fc.integer({ min: 0, max: 1e6 });

function contextOf(shape: readonly [number, number, number]): ImageContext {
  return { shape, mean: Uint8Array.of(11, 22, 33).subarray(0, shape[2]) };
}

/** Random pixels, none black. */
function imageOf(shape: readonly number[], seed: number): Uint8Array {
  const random = new Random(seed).fork("image");
  const size = shape.reduce((a, b) => a * b, 1);
  return Uint8Array.from({ length: size }, () => 40 + random.integer(200));
}

for (const plugin of augmentations.list()) {
  Deno.test(`${plugin.name} repeats for equal streams and stands alone`, () => {
    fc.assert(fc.property(shapes, seeds, (shape, seed) => {
      const run = () => {
        const image = imageOf(shape, seed);
        plugin.apply(image, contextOf(shape), new Random(seed));
        return image;
      };
      assertEquals(run(), run());
    }));
  });

  Deno.test(`${plugin.name} stays within its image`, () => {
    fc.assert(fc.property(shapes, seeds, (shape, seed) => {
      const size = shape[0] * shape[1] * shape[2];
      const around = new Uint8Array(3 * size).fill(7);
      const image = around.subarray(size, 2 * size);
      image.set(imageOf(shape, seed));
      plugin.apply(image, contextOf(shape), new Random(seed));
      assert(around.subarray(0, size).every((v) => v === 7));
      assert(around.subarray(2 * size).every((v) => v === 7));
    }));
  });
}

Deno.test("pad-crop shows one window of the bordered image, pixel by pixel", () => {
  fc.assert(fc.property(shapes, seeds, fc.integer({ min: 0, max: 12 }), (shape, seed, border) => {
    const [height, width, channels] = shape;
    const before = imageOf(shape, seed);
    const image = before.slice();
    padCrop.tuned({ border }).apply(image, contextOf(shape), new Random(seed));
    const at = (y: number, x: number, c: number) =>
      y < 0 || y >= height || x < 0 || x >= width ? 0 : before[(y * width + x) * channels + c]!;
    const window = (down: number, right: number) =>
      Uint8Array.from({ length: image.length }, (_, i) => {
        const pixel = Math.floor(i / channels);
        return at(Math.floor(pixel / width) + down, pixel % width + right, i % channels);
      });
    const shifts = Array.from({ length: 2 * border + 1 }, (_, i) => i - border);
    assert(shifts.some((d) => shifts.some((r) => same(window(d, r), image))));
  }));
});

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((v, i) => v === b[i]);
}

Deno.test("pad-crop takes every window about equally often", () => {
  const random = new Random(1);
  const shifted = padCrop.tuned({ border: 2 });
  const counts = new Map<string, number>();
  for (let i = 0; i < 2500; i++) {
    const image = Uint8Array.from({ length: 25 }, (_, k) => k + 1);
    shifted.apply(image, contextOf([5, 5, 1]), random);
    const key = image.join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assertEquals(counts.size, 25);
  // 100 each; five standard deviations of a binomial count are 49.
  for (const count of counts.values()) assert(count > 50 && count < 150, `${count}`);
});

Deno.test("flip mirrors each row, twice gives the image back", () => {
  fc.assert(fc.property(shapes, seeds, (shape, seed) => {
    const [, width, channels] = shape;
    const before = imageOf(shape, seed);
    const image = before.slice();
    const [always, never] = [flip.tuned({ probability: 1 }), flip.tuned({ probability: 0 })];
    always.apply(image, contextOf(shape), new Random(seed));
    image.forEach((value, i) => {
      const pixel = Math.floor(i / channels);
      const mirrored = pixel - pixel % width + width - 1 - pixel % width;
      assertEquals(value, before[mirrored * channels + i % channels]);
    });
    always.apply(image, contextOf(shape), new Random(seed));
    assertEquals(image, before);
    never.apply(image, contextOf(shape), new Random(seed));
    assertEquals(image, before);
  }));
});

Deno.test("flip mirrors with its probability", () => {
  const random = new Random(2);
  const seldom = flip.tuned({ probability: 0.3 });
  let flipped = 0;
  for (let i = 0; i < 2000; i++) {
    const image = Uint8Array.of(1, 2);
    seldom.apply(image, contextOf([1, 2, 1]), random);
    if (image[0] === 2) flipped++;
  }
  assert(Math.abs(flipped - 600) < 100, `${flipped} of 2000`);
});

Deno.test("cutout fills one square, cut at the edges, with the mean colour", () => {
  fc.assert(fc.property(shapes, seeds, fc.integer({ min: 1, max: 12 }), (shape, seed, side) => {
    const [height, width, channels] = shape;
    const context = contextOf(shape);
    const before = imageOf(shape, seed);
    const image = before.slice();
    cutout.tuned({ side }).apply(image, context, new Random(seed));
    const rows: number[] = [];
    const columns: number[] = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = image.subarray((y * width + x) * channels, (y * width + x + 1) * channels);
        // No pixel of the image is as dark as the mean.
        if (!same(pixel, context.mean)) continue;
        rows.push(y);
        columns.push(x);
      }
    }
    const extent = (v: number[]) => Math.max(...v) - Math.min(...v) + 1;
    assertGreater(rows.length, 0);
    assertEquals(rows.length, extent(rows) * extent(columns), "a full rectangle");
    assert(extent(rows) <= side && extent(columns) <= side);
    const changed = image.filter((v, i) => v !== before[i]).length;
    assertEquals(changed, rows.length * channels, "nothing else has changed");
    const interior = Math.min(...rows) > 0 && Math.max(...rows) < height - 1;
    if (interior) assertEquals(extent(rows), side);
  }));
});

Deno.test("parseAugmentation() reads names, numbers and nothing", () => {
  const steps: [string, AugmentationStep[]][] = [
    ["", []],
    ["flip", [{ name: "flip", settings: {} }]],
    [" pad-crop:2 , cutout:side=3", [
      { name: "pad-crop", settings: { border: 2 } },
      { name: "cutout", settings: { side: 3 } },
    ]],
  ];
  for (const [text, expected] of steps) assertEquals(parseAugmentation(text), expected);
});

Deno.test("parseAugmentation() refuses unknown names and numbers that make no sense", () => {
  const cases: [string, string][] = [
    ["flop", 'Cannot find augmentation "flop": did you mean "flip"'],
    [
      "flip:2",
      'Cannot set "probability" of augmentation "flip": expected a number from 0 to 1, got 2',
    ],
    ["pad-crop:1.5", "expected a whole number ≥ 0, got 1.5"],
    ["cutout:", 'Cannot read augmentation "cutout:"'],
    ["cutout:4:4", 'expected a number, got "4:4"'],
    ["cutout:size=4", 'Cannot set "size" of augmentation "cutout": did you mean "side"'],
  ];
  for (const [text, why] of cases) assertThrows(() => parseAugmentation(text), Error, why);
});
