/** Networks people use: their sizes are the published ones, and every one of them runs. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  currentPoints,
  disposeStates,
  initialStates,
  type Layer,
  Pass,
  representationOf,
  withRanks,
} from "../../../core/mod.ts";
import { networks } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch, stepOn } from "../../support/training.ts";

type Shape = readonly [number, number, number];
const CIFAR: Shape = [32, 32, 3];
const MNIST: Shape = [28, 28, 1];

/** Numbers that training moves. */
function parameters(network: Layer): number {
  return network.weights.filter((w) => w.format !== "statistic")
    .reduce((sum, w) => sum + w.shape.reduce((n, d) => n * d, 1), 0);
}

/** Numbers in kernels and matrices. */
function weights(network: Layer): number {
  return network.weights.filter((w) => w.shape.length > 1)
    .reduce((sum, w) => sum + w.shape.reduce((n, d) => n * d, 1), 0);
}

/** Counted by hand from the publications' layer tables. */
const SIZES: Readonly<Record<string, { shape: Shape; parameters: number }>> = {
  "perceptron": { shape: MNIST, parameters: 784 * 500 + 3 * 500 * 500 + 500 * 10 + 4 * 500 + 10 },
  "lenet-5": { shape: MNIST, parameters: 430_500 + 20 + 50 + 500 + 10 },
  "alexnet-32": {
    shape: CIFAR,
    parameters: 9 * (3 * 64 + 64 * 192 + 192 * 384 + 384 * 256 + 256 * 256) +
      1024 * 4096 + 4096 * 4096 + 4096 * 10 +
      64 + 192 + 384 + 256 + 256 + 4096 + 4096 + 10,
  },
  "vgg-16": {
    shape: CIFAR,
    parameters: 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 2 * 256 * 256 +
          256 * 512 + 5 * 512 * 512) +
      2 * (2 * 64 + 2 * 128 + 3 * 256 + 6 * 512) + 2 * (512 * 512 + 512) + 512 * 10 + 10,
  },
  "vgg-small": {
    shape: CIFAR,
    parameters: 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 +
          256 * 256) +
      2 * 2 * (32 + 64 + 128 + 256) + 2560 + 10,
  },
  // torchvision's ResNet-18 with a 3×3 stem and 10 classes.
  "resnet-18": { shape: CIFAR, parameters: 11_173_962 },
  "resnet-20": { shape: CIFAR, parameters: 272_474 },
  "resnet-8": { shape: CIFAR, parameters: 78_042 },
  // WRN-16-4 as its authors' code counts it.
  "wide-resnet": { shape: CIFAR, parameters: 2_748_890 },
  // A PyTorch model of the same sizes: 4 blocks of 64 entries, patches of 4×4.
  "vit": { shape: CIFAR, parameters: 208_074 },
};

Deno.test("every network is in the table of sizes", () => {
  assertEquals(Object.keys(SIZES).sort(), networks.names().sort());
});

for (const [name, { shape, parameters: wanted }] of Object.entries(SIZES)) {
  Deno.test(`${name} has ${wanted} parameters`, () => {
    const network = networks.get(name).create({ shape, classes: 10 });
    assertEquals(parameters(network), wanted);
    const names = network.weights.map((w) => w.name);
    assertEquals(new Set(names).size, names.length);
  });
}

/**
 * LeNet-5 on MNIST as published (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco, NeurIPS 2022,
 * table 2): ranks, parameters in use, parameters with the cores.
 */
const PUBLISHED: readonly [ranks: readonly number[], used: number, trained: number][] = [
  [[15, 46, 13, 10], 47_975, 50_585],
  [[13, 31, 9, 10], 34_435, 35_746],
  [[10, 20, 7, 10], 25_650, 26_299],
  [[6, 9, 4, 10], 15_520, 15_753],
];
const LAYERS = ["conv1.kernel", "conv2.kernel", "dense1.weight", "classifier.weight"];

for (const [ranks, used, trained] of PUBLISHED) {
  Deno.test({
    ...await onBackend("cpu", `LeNet-5 of ranks ${ranks} has ${used} parameters, as published`),
    fn: async () => {
      const format = "low-rank";
      const options = { shape: MNIST, classes: 10, format, classifierFormat: format };
      const full = networks.get("lenet-5").create(options);
      assertEquals(weights(full), 430_500);
      const named = Object.fromEntries(LAYERS.map((layer, i) => [layer, ranks[i]!]));
      const network = withRanks(full, named);
      const method = await methodOf();
      await method.engine.scope(async () => {
        const states = await initialStates(method, network, 1);
        const sizes = LAYERS.map((layer) => representationOf({ format }).size(states[layer]!));
        const total = sizes.reduce((a, b) => a + b, 0);
        assertEquals(total, used);
        assertEquals(total + ranks.reduce((sum, r) => sum + r * r, 0), trained);
      });
    },
  });
}

const FORMATS = ["dense", "low-rank", "tucker", "factored-low-rank", "factored-tucker"];

for (const name of networks.names()) {
  Deno.test({
    ...await onBackend("wasm", `${name} trains a step in every format`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm" });
      const { engine } = method;
      const before = engine.memory().numTensors;
      const shape = SIZES[name]!.shape;
      const batch = randomBatch(engine, 2, shape.reduce((n, d) => n * d, 1), 10);
      for (const format of FORMATS) {
        const network = networks.get(name).create({
          shape,
          classes: 10,
          format,
          rank: 2,
          maxRank: 3,
          width: 0.07,
          dropout: 0.1,
          normalisation: {
            mean: shape[2] === 3 ? [0.1, 0.2, 0.3] : [0.1],
            deviation: new Array(shape[2]).fill(0.5),
          },
        });
        const start = await initialStates(method, network, 1);
        const { states, loss } = await stepOn(method, network, start, batch, { rate: 1e-3 });
        assert(Number.isFinite(loss) && loss > 0.1, `${format}: loss ${loss}`);
        await engine.scope(async () => {
          const pass = new Pass(engine, network, currentPoints(network, states), {
            training: false,
          });
          const logits = network.forward(pass, batch.x);
          assertEquals([...logits.shape], [2, 10]);
          assert((await engine.read(logits)).every(Number.isFinite), format);
        });
        disposeStates(start, {});
        disposeStates(states, {});
      }
      batch.x.dispose();
      batch.y.dispose();
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test("matrices of a Tucker network are low-rank, its classifier is dense", () => {
  const create = (format: string): string[] =>
    networks.get("lenet-5").create({ shape: MNIST, classes: 10, format }).weights
      .filter((w) => w.shape.length > 1).map((w) => w.format);
  assertEquals(create("tucker"), ["tucker", "tucker", "low-rank", "dense"]);
  assertEquals(create("factored-tucker"), [
    "factored-tucker",
    "factored-tucker",
    "factored-low-rank",
    "dense",
  ]);
  assertEquals(create("low-rank"), ["low-rank", "low-rank", "low-rank", "dense"]);
});

Deno.test("networks know the pixels of their kernels", () => {
  const network = networks.get("resnet-8").create({ shape: CIFAR, classes: 10, format: "tucker" });
  const pixels = Object.fromEntries(network.weights.map((w) => [w.name, w.pixels]));
  assertEquals(pixels["stem.kernel"], [1024, 1024]);
  assertEquals(pixels["stage2-1.conv1.kernel"], [1024, 256]);
  assertEquals(pixels["stage3-1.shortcut.kernel"], [256, 64]);
  assertEquals(pixels["stage3-1.conv2.kernel"], [64, 64]);
});

Deno.test("width scales every channel count", () => {
  const half = networks.get("vgg-16").create({ shape: CIFAR, classes: 10, width: 0.5 });
  const whole = networks.get("vgg-16").create({ shape: CIFAR, classes: 10 });
  const ratio = weights(half) / weights(whole);
  assertLess(Math.abs(ratio - 0.25), 0.005);
});

Deno.test("networks refuse images that are too small, odd widths and unknown formats", () => {
  const create = (options: Record<string, unknown>, name = "vgg-16") => () =>
    networks.get(name).create({ shape: [16, 16, 3], classes: 10, ...options });
  const small = assertThrows(create({}), RangeError);
  assertEquals(
    small.message,
    "Cannot make the network: images of 1×1×512 are too small for its layers",
  );
  const width = assertThrows(create({ width: 0 }), RangeError);
  assertEquals(width.message, "Cannot make a network: expected width to be a number > 0, got 0");
  assertThrows(create({ format: "tuker" }), RangeError, 'did you mean "tucker"');
});
