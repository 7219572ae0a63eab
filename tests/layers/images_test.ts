/** What layers of images do, beside their derivatives. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  initialStates,
  type Layer,
  Pass,
  Random,
} from "../../core/mod.ts";
import {
  averagePool,
  batchNorm,
  channelsLast,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAveragePool,
  groupNorm,
  layerNorm,
  linear,
  maxPool,
  normalise,
  planesToImages,
  residual,
  resizeImages,
  sequential,
  toImages,
} from "../../layers/mod.ts";
import { cpuBackends, onBackend } from "../support/algebras.ts";
import { methodOf, stepOn } from "../support/training.ts";

/** What a layer makes of rows or images, with its weights at the start. */
async function apply(
  layer: Layer,
  x: ArrayLike<number>,
  shape: readonly number[],
  { training = false, backend = "cpu", seed = 1 } = {},
): Promise<{ shape: number[]; data: Float32Array; observed: Record<string, Float32Array> }> {
  const method = await methodOf({ backend });
  const { engine } = method;
  const before = engine.memory().numTensors;
  const out = await engine.scope(async () => {
    const states = await initialStates(method, layer, 1);
    const points = currentPoints(layer, states);
    const pass = new Pass(engine, layer, points, { training, random: new Random(seed) });
    const y = layer.forward(pass, engine.tensor(Float32Array.from(x), shape));
    const observed: Record<string, Float32Array> = {};
    for (const { name } of layer.weights) {
      const seen = pass.observed(name);
      if (seen) observed[name] = await engine.read(seen) as Float32Array;
    }
    const data = await engine.read(y) as Float32Array;
    pass.dispose();
    return { shape: [...y.shape], data, observed };
  });
  assertEquals(engine.memory().numTensors, before);
  return out;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((e, i) => assertAlmostEquals(actual[i]!, e, tolerance * (1 + Math.abs(e))));
}

/** Output extents of a 3×3 convolution of 7×6 images. */
const EXTENTS: readonly [title: string, options: object, extents: readonly [number, number]][] = [
  ["same", {}, [7, 6]],
  ["same, stride 2", { strides: 2 }, [4, 3]],
  ["valid", { padding: "valid" }, [5, 4]],
  ["valid, stride 2 down", { padding: "valid", strides: [2, 1] }, [3, 4]],
  ["a number", { padding: 2 }, [9, 8]],
  ["every side", { padding: { top: 1, bottom: 0, left: 0, right: 3 } }, [6, 7]],
  ["dilated, same", { dilations: 2 }, [7, 6]],
  ["dilated, valid", { dilations: [2, 1], padding: "valid" }, [3, 4]],
];

for (const [title, options, extents] of EXTENTS) {
  Deno.test({
    ...await onBackend("cpu", `conv2d() pads: ${title}`),
    fn: async () => {
      const layer = conv2d({ name: "a", inputs: 2, outputs: 3, size: 3, ...options });
      const { shape } = await apply(layer, range(84), [1, 7, 6, 2]);
      assertEquals(shape, [1, ...extents, 3]);
    },
  });
}

Deno.test({
  ...await onBackend("cpu", "images in another size: between pixels, over those that go into one"),
  async fn() {
    const row = await apply(resizeImages([1, 2, 1], [1, 4, 1]), [0, 1], [1, 2]);
    near(row.data, [0, 0.25, 0.75, 1]);
    // Triangles of width two about 1 and 3: 3/4, 3/4, 1/4 of their sum 7/4.
    const less = await apply(resizeImages([4, 1, 1], [2, 1, 1]), [7, 0, 0, 14], [1, 4]);
    near(less.data, [3, 6]);
    const equal = range(2 * 3 * 4 * 3);
    const same = await apply(resizeImages([3, 4, 3], [3, 4, 3]), equal, [2, 36]);
    assertEquals([same.shape, [...same.data]], [[2, 3, 4, 3], equal]);
    // Rows and columns by themselves, image by image.
    const [up, both] = [[0, 0.25, 0.75, 1], [0, 2, 4, 1, 3, 5]];
    const two = await apply(resizeImages([2, 1, 3], [4, 1, 3]), [...both, ...both], [2, 6]);
    const grown = up.flatMap((t) => [0, 1, 2].map((c) => both[c]! * (1 - t) + both[3 + c]! * t));
    near(two.data, [...grown, ...grown]);
    const colours = await apply(resizeImages([1, 1, 1], [1, 1, 3]), [0.5], [1, 1]);
    near(colours.data, [0.5, 0.5, 0.5]);
    const grey = await apply(resizeImages([1, 1, 3], [1, 1, 1]), [1, 0, 1], [1, 3]);
    near(grey.data, [0.413]);
  },
});

Deno.test({
  ...await onBackend("cpu", "padding same puts the odd row below"),
  fn: async () => {
    const window = maxPool({ size: 2, strides: 1, padding: "same" });
    const { data } = await apply(window, range(4), [1, 2, 2, 1]);
    assertEquals([...data], [3, 3, 3, 3]);
  },
});

Deno.test({
  ...await onBackend("cpu", "conv2dTranspose() enlarges by its strides, or to given extents"),
  fn: async () => {
    const options = { name: "a", inputs: 2, outputs: 3, size: 3, strides: 2 };
    const doubled = await apply(conv2dTranspose(options), range(24), [1, 3, 4, 2]);
    assertEquals(doubled.shape, [1, 6, 8, 3]);
    const exact = conv2dTranspose({ ...options, padding: 1, extents: [5, 7] });
    assertEquals((await apply(exact, range(24), [1, 3, 4, 2])).shape, [1, 5, 7, 3]);
  },
});

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "batchNorm() normalises by the batch and observes its statistics"),
    fn: async () => {
      const x = range(24).map((i) => Math.sin(i) + (i % 2));
      const layer = batchNorm({ name: "n", channels: 2, epsilon: 1e-3 });
      const { data, observed } = await apply(layer, x, [3, 2, 2, 2], { training: true, backend });
      for (const c of [0, 1]) {
        const channel = x.filter((_, i) => i % 2 === c);
        const m = mean(channel);
        const v = mean(channel.map((value) => (value - m) ** 2));
        assertAlmostEquals(observed["n.mean"]![c]!, m, 1e-5);
        assertAlmostEquals(observed["n.variance"]![c]!, v * 12 / 11, 1e-5);
        const expected = channel.map((value) => (value - m) / Math.sqrt(v + 1e-3));
        near(data.filter((_, i) => i % 2 === c), expected);
      }
    },
  });

  Deno.test({
    ...await onBackend(backend, "batchNorm() uses running statistics after training"),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const norm = batchNorm({ name: "n", channels: 3, momentum: 0.25 });
        const network = sequential([norm, linear({ name: "c", inputs: 3, outputs: 2 })]);
        let states = await initialStates(method, network, 1);
        const random = new Random(4);
        const [m, v] = [[0, 0, 0], [1, 1, 1]];
        for (let step = 0; step < 4; step++) {
          const x = random.fillNormal(new Float32Array(30), 2, 3);
          const y = engine.tensor(Int32Array.from(range(10), (i) => i % 2), [10]);
          const batch = { x: engine.tensor(x, [10, 3]), y };
          // A rate of zero: only statistics move.
          ({ states } = await stepOn(method, network, states, batch, { rate: 0 }));
          for (const c of range(3)) {
            const column = [...x].filter((_, i) => i % 3 === c);
            const center = mean(column);
            const square = column.reduce((sum, value) => sum + (value - center) ** 2, 0) / 9;
            m[c] = 0.75 * m[c]! + 0.25 * center;
            v[c] = 0.75 * v[c]! + 0.25 * square;
          }
        }
        const pass = new Pass(engine, network, currentPoints(network, states), { training: false });
        const x = [1, -2, 3, 0, 5, -1];
        const y = await engine.read(
          norm.forward(pass, engine.tensor(Float32Array.from(x), [2, 3])),
        );
        near(y, x.map((value, i) => (value - m[i % 3]!) / Math.sqrt(v[i % 3]! + 1e-5)));
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test({
  ...await onBackend("cpu", "groupNorm() and layerNorm() normalise within each example"),
  fn: async () => {
    const x = range(2 * 2 * 3 * 4).map((i) => Math.cos(i) * (1 + i));
    const group = await apply(groupNorm({ name: "g", channels: 4, groups: 2 }), x, [2, 2, 3, 4]);
    for (const image of [0, 1]) {
      for (const g of [0, 1]) {
        const mine = range(48).filter((i) => Math.floor(i / 24) === image && (i % 4 >> 1) === g);
        const values = mine.map((i) => group.data[i]!);
        assertAlmostEquals(mean(values), 0, 1e-5);
        assertAlmostEquals(mean(values.map((value) => value ** 2)), 1, 1e-4);
      }
    }
    const layer = await apply(layerNorm({ name: "l", channels: 4 }), x, [12, 4]);
    for (const row of range(12)) {
      const values = [...layer.data.subarray(4 * row, 4 * row + 4)];
      assertAlmostEquals(mean(values), 0, 1e-5);
      assertAlmostEquals(mean(values.map((value) => value ** 2)), 1, 1e-3);
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "dropout() keeps the mean, draws by name and seed, and rests in use"),
  fn: async () => {
    const x = new Float32Array(20_000).fill(1);
    const run = async (name: string, seed: number, training = true): Promise<Float32Array> =>
      (await apply(dropout({ name, rate: 0.3 }), x, [x.length], { training, seed })).data;
    const y = await run("a", 1);
    const kept = y.filter((value) => value !== 0);
    near([kept.length / x.length], [0.7], 0.01);
    assert(kept.every((value) => Math.abs(value - 1 / 0.7) < 1e-6));
    assertEquals(await run("a", 1), y);
    assert((await run("a", 2)).some((value, i) => value !== y[i]), "the seed changes nothing");
    assert((await run("b", 1)).some((value, i) => value !== y[i]), "the name changes nothing");
    assertEquals(await run("a", 1, false), x);
  },
});

Deno.test({
  ...await onBackend("cpu", "pools take largest, mean inside the image, and mean of all"),
  fn: async () => {
    const x = [1, 5, 2, 4, 3, 9, 8, 7, 6];
    const shape = [1, 3, 3, 1];
    assertEquals([...(await apply(maxPool({ size: 2, strides: 1 }), x, shape)).data], [5, 9, 8, 9]);
    const average = averagePool({ size: 2, strides: 2, padding: "same" });
    near((await apply(average, x, shape)).data, [13 / 4, 11 / 2, 15 / 2, 6]);
    near((await apply(globalAveragePool(), x, shape)).data, [5]);
  },
});

Deno.test({
  ...await onBackend("cpu", "planes and pixels hold the same images"),
  fn: async () => {
    const [channels, height, width] = [3, 2, 4];
    const planes = Float32Array.from(range(2 * 24), (i) => i * 1.5);
    const images = await apply(planesToImages([channels, height, width]), planes, [2, 24]);
    assertEquals(images.shape, [2, height, width, channels]);
    // Image 1, channel 2, row 1, column 3.
    assertEquals(images.data[((1 * 2 + 1) * 4 + 3) * 3 + 2], planes[((1 * 3 + 2) * 2 + 1) * 4 + 3]);
    assertEquals(channelsLast(planes, [channels, height, width]), images.data);
    const rows = await apply(sequential([toImages([2, 4, 3]), flatten()]), images.data, [2, 24]);
    assertEquals(rows.data, images.data);
  },
});

Deno.test({
  ...await onBackend("cpu", "normalise() and residual() compute what they say"),
  fn: async () => {
    const layer = normalise({ mean: [1, 2], deviation: [2, 4] });
    near((await apply(layer, [3, 6, 1, -2], [1, 1, 2, 2])).data, [1, 1, 0, -1]);
    const twice = residual({
      body: normalise({ mean: [0], deviation: [0.5] }),
      activation: "relu",
    });
    near((await apply(twice, [1, -2, 3], [3, 1])).data, [3, 0, 9]);
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "kernels of channels and adjoints start with the variance of their fans",
  ),
  fn: async () => {
    const variance = async (layer: Layer): Promise<number> => {
      const method = await methodOf();
      const states = await initialStates(method, layer, 1);
      const kernel = states["a.kernel"]!.value as Parameters<typeof method.engine.read>[0];
      const values = await method.engine.read(kernel);
      disposeStates(states, {});
      return mean([...values].map((value) => value ** 2));
    };
    const depthwise = depthwiseConv2d({ name: "a", inputs: 400, size: 3 });
    assertLess(Math.abs(await variance(depthwise) / (2 / 9) - 1), 0.1);
    const transposed = conv2dTranspose({ name: "a", inputs: 40, outputs: 10, size: 3 });
    assertLess(Math.abs(await variance(transposed) / (2 / 360) - 1), 0.1);
  },
});

const REFUSED: readonly [make: () => Layer, message: string][] = [
  [
    () => conv2d({ name: "a", inputs: 0, outputs: 2, size: 3 }),
    'Cannot make layer "a": expected inputs to be an integer ≥ 1, got 0',
  ],
  [
    () => conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, groups: 3 }),
    'Cannot make layer "a": groups must divide the channels 4 and 6, got 3',
  ],
  [
    () => conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, groups: 2, format: "tucker" }),
    'Cannot make layer "a": kernels with groups are dense, got format "tucker"',
  ],
  [
    () => groupNorm({ name: "a", channels: 4, groups: 3 }),
    'Cannot make layer "a": groups must divide the 4 channels, got 3',
  ],
  [
    () => dropout({ name: "a", rate: 1 }),
    'Cannot make layer "a": expected rate to be a number ≥ 0 and < 1, got 1',
  ],
  [
    () => conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, strides: 1.5 }),
    'Cannot make layer "a": expected strides to be an integer ≥ 1, got 1.5',
  ],
  [
    () => depthwiseConv2d({ name: "a", inputs: 4, size: 3, dilations: [1, 0] }),
    'Cannot make layer "a": expected dilations to be an integer ≥ 1, got 0',
  ],
  [
    () => conv2dTranspose({ name: "a", inputs: 4, outputs: 6, size: 3, padding: -1 }),
    'Cannot make layer "a": expected padding to be an integer ≥ 0, got -1',
  ],
  [
    () => maxPool({ size: [2, 0] }),
    'Cannot make layer "max pool": expected width to be an integer ≥ 1, got 0',
  ],
  [
    () => averagePool({ size: 2, strides: NaN }),
    'Cannot make layer "average pool": expected strides to be an integer ≥ 1, got NaN',
  ],
  [
    () => batchNorm({ name: "a", channels: 4, momentum: 1.5 }),
    'Cannot make layer "a": expected momentum to be a number ≤ 1 and > 0, got 1.5',
  ],
  [
    () => groupNorm({ name: "a", channels: 4, groups: 2, epsilon: NaN }),
    'Cannot make layer "a": expected epsilon to be a number > 0, got NaN',
  ],
  [
    () => conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, format: "tucker", rank: 2.5 }),
    'Cannot declare weight "a.kernel": expected rank to be an integer ≥ 1, got 2.5',
  ],
  [
    () => conv2d({ name: "a", inputs: 4, outputs: 6, size: 3, minRank: 12, maxRank: 3 }),
    'Cannot declare weight "a.kernel": expected minRank to be at most maxRank, got 12 and 3',
  ],
  [
    () => normalise({ mean: [1, 2], deviation: [1] }),
    "Cannot normalise: expected as many positive deviations as means, got [1,2] and [1]",
  ],
];

for (const [make, message] of REFUSED) {
  Deno.test(`refused: ${message}`, () => {
    assertEquals(assertThrows(make, RangeError).message, message);
  });
}

Deno.test({
  ...await onBackend("cpu", "layers of images refuse rows, and rows of another length no images"),
  fn: async () => {
    const method = await methodOf();
    await method.engine.scope(() => {
      const { engine } = method;
      const x = engine.tensor(new Float32Array(12), [2, 6]);
      const pass = new Pass(engine, sequential([]), new Map(), { training: false });
      const rows = assertThrows(() => maxPool({ size: 2 }).forward(pass, x), RangeError);
      assertEquals(
        rows.message,
        'Cannot apply layer "max pool": expected images, batch×height×width×channels, ' +
          "got shape [2,6]; put toImages() before it",
      );
      const length = assertThrows(() => toImages([2, 2, 2]).forward(pass, x), RangeError);
      assertEquals(
        length.message,
        "Cannot see rows as images: expected 2×2×2 = 8 numbers a row, got shape [2,6]",
      );
    });
    const odd = assertThrows(() => channelsLast(new Float32Array(7), [2, 1, 1]), RangeError);
    assertEquals(odd.message, "Cannot reorder images: expected a multiple of 2 numbers, got 7");
  },
});
