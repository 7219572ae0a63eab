/**
 * How hard the drawn digits are: test accuracy of a linear classifier and of the demo's network,
 * both trained with Adam on 10,000 images. The data set promises less than 93 % and more than 98 %.
 *
 *     deno run -A bench/digits_difficulty.ts [--backend auto] [--seed 1] [--dataset digits]
 *       [--data DIR]
 */

import { parseArgs } from "@std/cli";
import { type Activation, type Engine, openEngine, type Tensor } from "../core/backend/mod.ts";
import {
  batches,
  type Dataset,
  datasets,
  epochOrder,
  type Examples,
  imageExamples,
} from "../core/data/mod.ts";
import { uploaded } from "../core/training/mod.ts";
import { Random } from "../core/random.ts";

const BATCH = 128; // images
const LEARNING_RATE = 1e-3; // start; falls to 0 along a cosine

/** A parameter with its Adam moments. */
interface Slot {
  x: Tensor;
  m: Tensor;
  v: Tensor;
}

class Net {
  readonly slots: Slot[] = [];
  readonly #engine: Engine;
  #step = 0;

  /** Dense layers of these widths; He initialisation. */
  constructor(engine: Engine, widths: readonly number[], random: Random) {
    this.#engine = engine;
    widths.slice(1).forEach((width, i) => {
      const fanIn = widths[i]!;
      const weights = random.fork(i).fillNormal(
        new Float32Array(fanIn * width),
        0,
        Math.sqrt(2 / fanIn),
      );
      this.#add(engine.tensor(weights, [fanIn, width]));
      this.#add(engine.zeros([width]));
    });
  }

  #add(x: Tensor): void {
    const slot = { x, m: this.#engine.zeros(x.shape), v: this.#engine.zeros(x.shape) };
    for (const t of [slot.x, slot.m, slot.v]) this.#engine.keep(t);
    this.slots.push(slot);
  }

  logits(images: Tensor): Tensor {
    let y = images;
    for (let i = 0; i < this.slots.length; i += 2) {
      const activation: Activation = i + 2 < this.slots.length ? "relu" : "identity";
      y = this.#engine.linear(y, this.slots[i]!.x, this.slots[i + 1]!.x, activation);
    }
    return y;
  }

  /** One step of Adam (Kingma and Ba, 2015). */
  step(images: Tensor, labels: Tensor, rate: number): void {
    const e = this.#engine;
    const loss = () => e.softmaxCrossEntropy(this.logits(images), labels);
    const { gradients } = e.gradients(loss, this.slots.map((s) => s.x));
    this.#step++;
    const alpha = rate / (1 - 0.9 ** this.#step);
    const delta = 1 / (1 - 0.999 ** this.#step);
    this.slots.forEach((slot, i) => {
      const m = e.lincomb(0.9, slot.m, 0.1, gradients[i]!);
      const v = e.lincombSquare(0.999, slot.v, 0.001, gradients[i]!);
      const x = e.adaptiveStep(slot.x, m, v, { gamma: 1, alpha, delta, epsilon: 1e-8 });
      for (const old of [slot.x, slot.m, slot.v]) old.dispose();
      Object.assign(slot, { x: e.keep(x), m: e.keep(m), v: e.keep(v) });
    });
  }
}

async function train(
  engine: Engine,
  data: Dataset,
  hidden: readonly number[],
  epochs: number,
  seed: number,
): Promise<{ accuracy: number; seconds: number }> {
  const started = performance.now();
  const pixels = data.shape.reduce((a, b) => a * b);
  const net = new Net(engine, [pixels, ...hidden, data.classes], new Random(seed).fork("net"));
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = LEARNING_RATE * 0.5 * (1 + Math.cos(Math.PI * epoch / epochs));
    const order = epochOrder(data.train.count, seed, epoch);
    for (const batch of batches(imageExamples(data.train, data.shape), order, BATCH)) {
      await engine.scope(() => {
        const { x, y } = uploaded(engine, batch);
        net.step(x!, y!, rate);
      });
    }
  }
  const accuracy = await measure(engine, net, imageExamples(data.test, data.shape));
  for (const { x, m, v } of net.slots) for (const t of [x, m, v]) t.dispose();
  return { accuracy, seconds: (performance.now() - started) / 1000 };
}

async function measure(engine: Engine, net: Net, examples: Examples): Promise<number> {
  let right = 0;
  const order = Uint32Array.from({ length: examples.count }, (_, i) => i);
  for (const batch of batches(examples, order, 500)) {
    await engine.scope(async () => {
      const scores = await engine.read(net.logits(uploaded(engine, batch).x!));
      const classes = scores.length / batch.count;
      for (let i = 0; i < batch.count; i++) {
        const own = scores.subarray(i * classes, (i + 1) * classes);
        if (own.indexOf(Math.max(...own)) === batch.columns.y!.data[i]) right++;
      }
    });
  }
  return right / examples.count;
}

const flags = parseArgs(Deno.args, {
  string: ["backend", "seed", "dataset", "data"],
  default: { backend: "auto", seed: "1", dataset: "digits" },
});
const seed = Number(flags.seed);
const { engine } = await openEngine(flags.backend);
const started = performance.now();
const data = await datasets.get(flags.dataset).load({
  seed,
  trainCount: 10_000,
  testCount: 2_000,
  ...(flags.data === undefined ? {} : { directory: flags.data }),
});
const made = ((performance.now() - started) / 1000).toFixed(2);
console.log(
  `${data.name}, seed ${seed}: 10,000 + 2,000 images ready in ${made} s; ${engine.backend}`,
);
for (
  const [name, hidden, epochs] of [["linear", [], 25], ["mlp", [500, 500, 500, 500], 6]] as const
) {
  const { accuracy, seconds } = await train(engine, data, hidden, epochs, seed);
  const shown = (100 * accuracy).toFixed(2);
  console.log(
    `${name.padEnd(6)} ${shown} % test accuracy after ${epochs} epochs, ${seconds.toFixed(1)} s`,
  );
}
