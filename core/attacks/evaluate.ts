/**
 * Attacking a collection of images: batches, accuracy that is left, least perturbations.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import type { Split } from "../data/mod.ts";
import { Random } from "../random.ts";
import type { Attack, AttackProblem, AttackSettings } from "./attack.ts";
import { checkAttack, perturb, rowsOf, someOf } from "./attack.ts";
import { balls } from "./ball.ts";
import { checkedClassifier, type Classifier } from "./classifier.ts";
import { succeeds } from "./objectives.ts";

/** Images to attack with their classes. */
export interface LabelledImages {
  /** Pixels in [0, 1], n×(h w c). */
  readonly images: Float32Array;
  /** True classes, n. */
  readonly labels: Int32Array;
  /** Classes to be mistaken for, n; absent: any wrong one will do. */
  readonly targets?: Int32Array;
}

/** How far an evaluation is. */
export interface AttackProgress {
  /** Registry name of the attack. */
  readonly attack: string;
  /** Images done. */
  readonly done: number;
  /** Images in all. */
  readonly total: number;
  /** Share of the images done that withstood. */
  readonly accuracy: number;
}

/** Options of {@linkcode attackImages}. */
export interface AttackOptions {
  /** Overrides of the attack's defaults. */
  readonly settings?: AttackSettings;
  /** Images attacked together; default 500. */
  readonly batch?: number;
  /** Seed of everything random; default 0. */
  readonly seed?: number;
  /** Hears after each batch how far it is. */
  readonly onProgress?: (progress: AttackProgress) => void;
  /** Aborts between batches. */
  readonly signal?: AbortSignal;
}

/** What an attack did to some images. */
export interface AttackOutcome {
  /** Perturbed images, n×(h w c); equal to the given ones where it did not try or found nothing. */
  readonly images: Float32Array;
  /** Whether the network answers as it should after the attack, n zeros and ones. */
  readonly withstood: Uint8Array;
  /** Whether it did before, n zeros and ones. */
  readonly clean: Uint8Array;
  /** Size of the change in the attack's norm, n. */
  readonly distances: Float64Array;
}

/** The first images of a split as attacks take them. */
export function imagesOf(split: Split, count: number = split.count): LabelledImages {
  const n = Math.min(checkInteger("take images", "their number", count), split.count);
  const size = split.images.length / split.count;
  return {
    images: Float32Array.from(split.images.subarray(0, n * size), (v) => v / 255),
    labels: Int32Array.from(split.labels.subarray(0, n)),
  };
}

/**
 * Attacks images that the network classifies rightly; the others are lost without an attack.
 *
 * @param epsilon Radius of the ball, one for all or one for each image.
 * @throws {RangeError} When the attack cannot work with these images, an option makes no sense, or
 * what the attack returns is outside the balls.
 * @throws {NonFiniteError} When the classifier answers what is not finite.
 *
 * @example A classifier of one pixel, which is dark or bright
 * ```ts
 * import { attackImages, attacks, type Classifier } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const classifier: Classifier = {
 *   shape: [1, 1, 1],
 *   classes: 2,
 *   logits: (x) => Promise.resolve(Float32Array.from([...x].flatMap((v) => [0.5 - v, v - 0.5]))),
 *   pullback: (x, c) => Promise.resolve(x.map((_, i) => c[2 * i + 1]! - c[2 * i]!)),
 * };
 * const data = { images: Float32Array.of(0.1, 0.45, 0.9), labels: Int32Array.of(0, 0, 1) };
 * const { withstood } = await attackImages(classifier, attacks.get("fgsm"), data, 0.1);
 * assertEquals([...withstood], [1, 0, 1]);
 * ```
 */
export async function attackImages(
  classifier: Classifier,
  attack: Attack,
  data: LabelledImages,
  epsilon: number | Float64Array,
  options: AttackOptions = {},
): Promise<AttackOutcome> {
  const { settings = {}, batch = 500, seed = 0, onProgress, signal } = options;
  checkInteger("attack images", "batch", batch);
  const problem = problemOf(checkedClassifier(classifier), data, epsilon, seed);
  checkAttack(attack, problem, settings);
  const n = data.labels.length;
  const size = data.images.length / Math.max(1, n);
  const outcome: AttackOutcome = {
    images: data.images.slice(),
    withstood: new Uint8Array(n),
    clean: new Uint8Array(n),
    distances: new Float64Array(n),
  };
  for (let begin = 0; begin < n; begin += batch) {
    signal?.throwIfAborted();
    const ids = Array.from({ length: Math.min(batch, n - begin) }, (_, k) => begin + k);
    const right = await rightOnes(problem.classifier, data, outcome.images, ids);
    for (const i of right) outcome.clean[i] = outcome.withstood[i] = 1;
    if (right.length > 0) {
      const perturbed = await perturb(attack, someOf(problem, right), settings);
      right.forEach((i, k) => {
        outcome.images.set(perturbed.subarray(k * size, (k + 1) * size), i * size);
      });
      const kept = new Set(await rightOnes(problem.classifier, data, outcome.images, right));
      for (const i of right) outcome.withstood[i] = kept.has(i) ? 1 : 0;
      measureDistances(attack, data, outcome, right);
    }
    const done = begin + ids.length;
    const accuracy = shareOf(outcome.withstood.subarray(0, done));
    onProgress?.({ attack: attack.name, done, total: n, accuracy });
    // Lets signals and timers through.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return outcome;
}

/** Share of ones. */
export function shareOf(flags: Uint8Array): number {
  return flags.reduce((sum, v) => sum + v, 0) / Math.max(1, flags.length);
}

/** Options of {@linkcode leastEpsilon}. */
export interface LeastEpsilonOptions extends AttackOptions {
  /** Largest ε to try; default 1. */
  readonly largest?: number;
  /** Halvings of the interval; default 10. */
  readonly halvings?: number;
}

/**
 * The least ε at which an attack breaks each image: for attacks that seek it the size of their
 * change, for the others by bisection, all images side by side.
 *
 * @returns n values; 0 for images that are wrong from the start, Infinity where `largest` is not
 * enough.
 */
export async function leastEpsilon(
  classifier: Classifier,
  attack: Attack,
  data: LabelledImages,
  options: LeastEpsilonOptions = {},
): Promise<Float64Array> {
  const { largest = 1, halvings = 10 } = options;
  const action = "find the least radius";
  if (!attack.minimal || largest !== Infinity) {
    checkNumber(action, "largest", largest, { above: 0 });
  }
  checkInteger(action, "halvings", halvings);
  const n = data.labels.length;
  const first = await attackImages(classifier, attack, data, largest, options);
  const high = Float64Array.from(first.withstood, (stands, i) => {
    if (!first.clean[i]) return 0;
    return stands ? Infinity : attack.minimal ? first.distances[i]! : largest;
  });
  if (attack.minimal) return high;
  const low = new Float64Array(n);
  for (let k = 0; k < halvings; k++) {
    const radii = high.map((v, i) => Number.isFinite(v) ? (low[i]! + v) / 2 : largest);
    const { withstood } = await attackImages(classifier, attack, data, radii, options);
    radii.forEach((radius, i) => {
      if (!Number.isFinite(high[i]!)) return;
      if (withstood[i]) low[i] = radius;
      else high[i] = radius;
    });
  }
  return high;
}

/** Those of the chosen images that are still classified as they should be. */
async function rightOnes(
  classifier: Classifier,
  data: LabelledImages,
  images: Float32Array,
  chosen: readonly number[],
): Promise<number[]> {
  const size = images.length / data.labels.length;
  const logits = await classifier.logits(rowsOf(images, size, chosen));
  const { classes } = classifier;
  return chosen.filter((i, k) =>
    !succeeds({
      z: logits.subarray(k * classes, (k + 1) * classes),
      label: data.labels[i]!,
      target: data.targets?.[i],
    })
  );
}

function problemOf(
  classifier: Classifier,
  { images, labels, targets }: LabelledImages,
  epsilon: number | Float64Array,
  seed: number,
): AttackProblem {
  const n = labels.length;
  return {
    classifier,
    images,
    labels,
    ...(targets ? { targets } : {}),
    radii: typeof epsilon === "number" ? new Float64Array(n).fill(epsilon) : epsilon,
    random: new Random(seed).fork("attack"),
    ids: Int32Array.from(labels.keys()),
  };
}

function measureDistances(
  attack: Attack,
  data: LabelledImages,
  outcome: AttackOutcome,
  chosen: readonly number[],
): void {
  const size = data.images.length / data.labels.length;
  for (const i of chosen) {
    const [from, to] = [i * size, (i + 1) * size];
    outcome.distances[i] = balls[attack.norm].distance(
      outcome.images.subarray(from, to),
      data.images.subarray(from, to),
    );
  }
}
