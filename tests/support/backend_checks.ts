/** Checks that hold for every backend and run on those that are present. */

import { assert, assertEquals, assertLess } from "@std/assert";
import {
  type Backend,
  backends,
  type Engine,
  openEngine,
  type Tensor,
} from "../../core/backend/mod.ts";
import { Random } from "../../core/random.ts";

/** Standard normal entries. */
export function gaussianTensor(engine: Engine, shape: readonly number[], seed: number): Tensor {
  const random = new Random(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return engine.tensor(Float32Array.from({ length: size }, () => random.normal()), shape);
}

/** The part of a test's definition that skips it, with the reason in its name. */
export async function unlessPresent(
  backend: Backend,
  name: string,
): Promise<{ name: string; ignore: boolean }> {
  // A Mesa driver that is loaded before TensorFlow is the end of TensorFlow: see its probe.
  if (await backends.get("tensorflow").probe() === undefined) await openEngine("tensorflow");
  const reason = await backend.probe();
  const suffix = reason === undefined ? "" : ` (skipped: ${reason})`;
  return { name: `${backend.name}: ${name}${suffix}`, ignore: reason !== undefined };
}

/** Largest entry of |QᵀQ − I|, summed in float64. */
export async function orthogonalityError(engine: Engine, q: Tensor): Promise<number> {
  const [m, n] = q.shape as [number, number];
  const data = await engine.read(q);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += data[k * n + i]! * data[k * n + j]!;
      worst = Math.max(worst, Math.abs(sum - (i === j ? 1 : 0)));
    }
  }
  return worst;
}

/** Largest entry of |x − y|. */
export async function largestDifference(engine: Engine, x: Tensor, y: Tensor): Promise<number> {
  assertEquals(x.shape, y.shape);
  const [a, b] = [await engine.read(x), await engine.read(y)];
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

/** A net of one dense and one low-rank layer on points whose class is the sign of x₁ x₂. */
class TinyNet {
  readonly #engine: Engine;
  readonly #x: Tensor;
  readonly #labels: Tensor;
  #parameters: Tensor[];

  constructor(engine: Engine) {
    this.#engine = engine;
    const random = new Random(7);
    const points = Float32Array.from({ length: 2 * 96 }, () => random.normal());
    this.#x = engine.tensor(points, [96, 2]);
    const classes = Int32Array.from(
      { length: 96 },
      (_, i) => points[2 * i]! * points[2 * i + 1]! > 0 ? 1 : 0,
    );
    this.#labels = engine.tensor(classes, [96]);
    const shapes = [[2, 24], [24], [24, 6], [6, 6], [2, 6], [2]];
    this.#parameters = shapes.map((shape, i) => gaussianTensor(engine, shape, i + 1));
  }

  /** One step of gradient descent on all but the factors U and V; returns the loss before it. */
  async step(rate: number): Promise<number> {
    const e = this.#engine;
    const [w, b, u, s, v, c] = this.#parameters as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const trained = [w, b, s, c];
    const { loss, next } = await e.scope(async () => {
      const { value, gradients } = e.gradients(() => {
        const hidden = e.linear(this.#x, w, b, "tanh");
        const logits = e.lowRankLinear(hidden, { u, s, v }, c, "identity");
        return e.softmaxCrossEntropy(logits, this.#labels);
      }, trained);
      const next = trained.map((p, i) => e.lincomb(1, p, -rate, gradients[i]!));
      return { loss: (await e.read(value))[0]!, next };
    });
    for (const parameter of trained) parameter.dispose();
    const [w2, b2, s2, c2] = next as [Tensor, Tensor, Tensor, Tensor];
    this.#parameters = [w2, b2, u, s2, v, c2];
    return loss;
  }
}

/** Trains a small net: its loss falls to a fraction, and tensors neither pile up nor go missing. */
export async function checkTraining(name: string): Promise<void> {
  const { engine } = await openEngine(name);
  const before = engine.memory().numTensors;
  await engine.scope(async () => {
    const net = new TinyNet(engine);
    const first = await net.step(0.2);
    const held = engine.memory().numTensors;
    let last = first;
    for (let i = 0; i < 60; i++) last = await net.step(0.2);
    assertLess(last, 0.5 * first);
    assertEquals(engine.memory().numTensors, held);
  });
  assertEquals(engine.memory().numTensors, before);
}

/** Takes the losses of some steps twice and tells whether they are the same, bit for bit. */
export async function repeatsExactly(name: string): Promise<boolean> {
  const { engine } = await openEngine(name);
  const losses = () =>
    engine.scope(async () => {
      const net = new TinyNet(engine);
      const found: number[] = [];
      for (let i = 0; i < 5; i++) found.push(await net.step(0.2));
      return found;
    });
  const [first, second] = [await losses(), await losses()];
  assert(first.every(Number.isFinite));
  return first.every((loss, i) => loss === second[i]);
}
