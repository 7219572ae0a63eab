/** Classifiers on which attacks can be judged, and images for them. */

import type { Classifier, LabelledImages } from "../../core/attacks/mod.ts";
import { Random } from "../../core/random.ts";

/** A linear classifier of grey images on the host, z = W x + b. */
export interface LinearClassifier extends Classifier {
  /** Weights by class, each of the image's size. */
  readonly weights: readonly Float64Array[];
  /** Offsets by class. */
  readonly offsets: Float64Array;
}

/** How the weights of a linear classifier are drawn: normal, or ±1. */
export type WeightKind = "normal" | "signs";

/**
 * A random linear classifier.
 *
 * @param scale Factor of all logits.
 */
export function linearClassifier(
  seed: number,
  classes: number,
  kind: WeightKind = "normal",
  shape: readonly [number, number, number] = [5, 5, 1],
  scale = 1,
): LinearClassifier {
  const random = new Random(seed).fork("linear classifier");
  const size = shape[0] * shape[1] * shape[2];
  const draw = (): number => kind === "normal" ? random.normal() : random.integer(2) === 0 ? -1 : 1;
  // Between two classes only the difference counts: they are opposite, so that it is of the kind.
  const weights = Array.from({ length: classes }, () => Float64Array.from({ length: size }, draw));
  if (classes === 2) weights[1] = weights[0]!.map((v) => -v);
  const middle = 0.5;
  const offsets = Float64Array.from(weights, (w) => -middle * w.reduce((a, b) => a + b, 0));
  return {
    shape,
    classes,
    weights,
    offsets,
    logits(images) {
      const n = images.length / size;
      const out = new Float32Array(n * classes);
      for (let i = 0; i < n; i++) {
        weights.forEach((w, k) => {
          const z = w.reduce((sum, v, j) => sum + v * images[i * size + j]!, offsets[k]!);
          out[i * classes + k] = scale * z;
        });
      }
      return Promise.resolve(out);
    },
    pullback(images, cotangents) {
      const n = images.length / size;
      const out = new Float32Array(images.length);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < size; j++) {
          const sum = weights.reduce((s, w, k) => s + w[j]! * cotangents[i * classes + k]!, 0);
          out[i * size + j] = scale * sum;
        }
      }
      return Promise.resolve(out);
    },
  };
}

/** Images around mid-grey with the labels that the classifier gives them. */
export async function greyImages(
  classifier: Classifier,
  count: number,
  deviation = 0.03,
  seed = 1,
): Promise<LabelledImages> {
  const [h, w, c] = classifier.shape;
  const random = new Random(seed).fork("images");
  const images = random.fillNormal(new Float32Array(count * h * w * c), 0.5, deviation)
    .map((v) => Math.min(1, Math.max(0, v)));
  return { images, labels: await answersOf(classifier, images) };
}

/** The classes that a classifier gives to images. */
export async function answersOf(
  { classes, ...classifier }: Classifier,
  images: Float32Array,
): Promise<Int32Array> {
  const logits = await classifier.logits(images);
  return Int32Array.from({ length: logits.length / classes }, (_, i) => {
    const z = logits.subarray(i * classes, (i + 1) * classes);
    return z.indexOf(z.reduce((a, b) => Math.max(a, b)));
  });
}

/**
 * Distance of each image to the nearest boundary of a linear classifier without the box:
 * min over k of (z_y − z_k)/‖w_y − w_k‖ in the dual norm.
 */
export function closedForm(
  { weights, offsets }: LinearClassifier,
  { images, labels }: LabelledImages,
  norm: "linf" | "l2",
): Float64Array {
  const size = weights[0]!.length;
  const dual = (d: Float64Array): number =>
    norm === "linf"
      ? d.reduce((sum, v) => sum + Math.abs(v), 0)
      : Math.sqrt(d.reduce((sum, v) => sum + v * v, 0));
  return Float64Array.from(labels, (y, i) => {
    const x = images.subarray(i * size, (i + 1) * size);
    const logit = (k: number): number =>
      x.reduce((sum, v, j) => sum + v * weights[k]![j]!, offsets[k]!);
    const ways = weights.map((w, k) =>
      k === y ? Infinity : (logit(y) - logit(k)) / dual(w.map((v, j) => v - weights[y]![j]!))
    );
    return Math.min(...ways);
  });
}
