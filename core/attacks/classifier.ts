/**
 * What an attack sees of a network: logits, and their derivatives in the image.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import { type Layer, Pass, type Points } from "../training/mod.ts";

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
  const size = shape[0] * shape[1] * shape[2];
  const upload = (data: Float32Array, width: number): Tensor =>
    engine.tensor(data, [data.length / width, width]);
  const logitsOf = async (x: Tensor): Promise<Float32Array> => {
    const pass = new Pass(engine, network, points, false);
    return await engine.read(network.forward(pass, x)) as Float32Array;
  };
  return {
    shape,
    classes,
    logits: (images) => engine.scope(() => logitsOf(upload(images, size))),
    pullback: (images, cotangents) =>
      engine.scope(async () => {
        const x = upload(images, size);
        const c = upload(cotangents, classes);
        const pass = new Pass(engine, network, points, false);
        try {
          const f = (): Tensor => engine.sum(engine.mul(c, network.forward(pass, x)));
          const { gradients } = engine.gradients(f, [x]);
          return await engine.read(gradients[0]!) as Float32Array;
        } finally {
          pass.dispose();
        }
      }),
  };
}
