/**
 * What an attack sees of a network: logits, and their derivatives in the image.
 *
 * @module
 */

import { checkFinite } from "../checks.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import { type Layer, type NetworkAt, networkAt, type Points } from "../training/mod.ts";

/** A classifier of images with pixels in [0, 1]; its answers to one image depend on no other. */
export interface Classifier {
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /**
   * Logits, n×classes.
   *
   * @param images n×(h w c), in [0, 1].
   */
  logits(images: Float32Array): Promise<Float32Array>;
  /**
   * Derivative of Σ ⟨cotangent, logits⟩ in the images, n×(h w c).
   *
   * @param images n×(h w c), in [0, 1].
   * @param cotangents n×classes.
   */
  pullback(images: Float32Array, cotangents: Float32Array): Promise<Float32Array>;
}

/** A network as {@linkcode classifierOf} takes it. */
export interface ClassifierParts {
  /** What runs it. */
  readonly engine: Engine;
  /** Maps batch×(h w c) to logits; a normalisation of the pixels is a part of it. */
  readonly network: Layer;
  /** Where its weights are; they are only read. */
  readonly points: Points;
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
}

/** A network in evaluation mode as attacks see it; leaves no tensor behind. */
export function classifierOf(parts: ClassifierParts): Classifier {
  const { engine, network, points, shape, classes } = parts;
  return classifierAt(networkAt(engine, network, points), shape, classes);
}

/** The same for a network in training. */
export function classifierAt(
  { engine, open }: NetworkAt,
  shape: readonly [number, number, number],
  classes: number,
): Classifier {
  const size = shape[0] * shape[1] * shape[2];
  const upload = (data: Float32Array, width: number): Tensor =>
    engine.tensor(data, [data.length / width, width]);
  return {
    shape,
    classes,
    logits: (images) =>
      engine.scope(async () => {
        const logits = open().forward(upload(images, size));
        return await engine.read(logits) as Float32Array;
      }),
    pullback: (images, cotangents) =>
      engine.scope(async () => {
        const x = upload(images, size);
        const c = upload(cotangents, classes);
        const pass = open();
        try {
          const f = (): Tensor => engine.sum(engine.mul(c, pass.forward(x)));
          const { gradients } = engine.gradients(f, [x]);
          return await engine.read(gradients[0]!) as Float32Array;
        } finally {
          pass.dispose();
        }
      }),
  };
}

/** Classifiers whose answers are checked. */
const checked = new WeakSet<Classifier>();

/**
 * The classifier with its answers checked, once: an answer that is not finite is no answer, and no
 * image may count as broken, or as withstanding, by it.
 *
 * @returns One that throws a NonFiniteError for such answers, and a RangeError for too few of them.
 */
export function checkedClassifier(c: Classifier): Classifier {
  if (checked.has(c)) return c;
  const size = c.shape[0] * c.shape[1] * c.shape[2];
  const answers = (what: string, values: Float32Array, count: number): Float32Array => {
    if (values.length !== count) {
      throw new RangeError(
        `Cannot attack: expected the classifier to give ${count} ${what}, got ${values.length}`,
      );
    }
    return checkFinite("attack", `the ${what} of the classifier`, values);
  };
  const own: Classifier = {
    shape: c.shape,
    classes: c.classes,
    logits: async (x) => answers("logits", await c.logits(x), x.length / size * c.classes),
    pullback: async (x, d) => answers("derivatives", await c.pullback(x, d), x.length),
  };
  checked.add(own);
  return own;
}
