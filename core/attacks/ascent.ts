/**
 * One look at the network: values of an objective with gradients in the images, and the record of
 * the best images seen.
 *
 * @module
 */

import { type AttackProblem, imageSize, rowsOf, someOf } from "./attack.ts";
import { forRows } from "./ball.ts";
import { type Answer, type AttackObjective, succeeds } from "./objectives.ts";

/** What the network says about some images. */
export interface View {
  /** Logits, n×classes. */
  readonly logits: Float32Array;
  /** Values of the objective, n. */
  readonly values: Float64Array;
}

/** A view with derivatives. */
export interface Ascent extends View {
  /** Gradient of the objective in the images, each up to a positive factor; n×(h w c). */
  readonly gradient: Float32Array;
  /** The factor by which the objective's own derivative in the logits was divided, n. */
  readonly factors: Float64Array;
}

/** The classes of one image of a problem with its logits. */
export function answerOf(p: AttackProblem, logits: Float32Array, i: number): Answer {
  const { classes } = p.classifier;
  return {
    z: logits.subarray(i * classes, (i + 1) * classes),
    label: p.labels[i]!,
    target: p.targets?.[i],
  };
}

/** Values of an objective at `x`: one forward pass. */
export async function look(
  p: AttackProblem,
  x: Float32Array,
  objective: AttackObjective,
): Promise<View> {
  const logits = await p.classifier.logits(x);
  const c = new Float64Array(p.classifier.classes);
  const values = Float64Array.from(p.labels, (_, i) => {
    c.fill(0);
    return objective(answerOf(p, logits, i), c);
  });
  return { logits, values };
}

/** Values and gradients of an objective at `x`: two forward passes and a backward one. */
export async function ascend(
  p: AttackProblem,
  x: Float32Array,
  objective: AttackObjective,
): Promise<Ascent> {
  const { classes } = p.classifier;
  const n = p.labels.length;
  const logits = await p.classifier.logits(x);
  const cotangents = new Float32Array(n * classes);
  const [values, factors] = [new Float64Array(n), new Float64Array(n)];
  const c = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    c.fill(0);
    values[i] = objective(answerOf(p, logits, i), c);
    const largest = c.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    factors[i] = largest;
    if (largest > 0) cotangents.set(c.map((v) => v / largest), i * classes);
  }
  return { logits, values, factors, gradient: await p.classifier.pullback(x, cotangents) };
}

/** The best image found for each image of a problem: one that succeeds, then one of high value. */
export class Best {
  /** The images, n×(h w c). */
  readonly images: Float32Array;
  /** Whether the image succeeds, n zeros and ones. */
  readonly broken: Uint8Array;
  readonly #values: Float64Array;
  readonly #size: number;

  /** Starts with the images themselves, before anything is known of them. */
  constructor(problem: AttackProblem) {
    this.images = problem.images.slice();
    this.broken = new Uint8Array(problem.labels.length);
    this.#values = new Float64Array(problem.labels.length).fill(-Infinity);
    this.#size = imageSize(problem);
  }

  /**
   * Takes over what is better.
   *
   * @param p The problem of the chosen images.
   * @param chosen Which images of the whole problem these are.
   * @param x Candidates, in their balls.
   */
  offer(p: AttackProblem, chosen: readonly number[], x: Float32Array, view: View): void {
    forRows(chosen.length, [x], (k, candidate) => {
      const i = chosen[k]!;
      const wins = succeeds(answerOf(p, view.logits, k)) ? 1 : 0;
      const value = view.values[k]!;
      if (wins < this.broken[i]! || (wins === this.broken[i]! && !(value > this.#values[i]!))) {
        return;
      }
      this.broken[i] = wins;
      this.#values[i] = value;
      this.images.set(candidate, i * this.#size);
    });
  }

  /** The images that still are as the network should have them. */
  standing(): number[] {
    return [...this.broken.keys()].filter((i) => !this.broken[i]);
  }
}

/** 0 … n − 1: all images of a problem. */
export function everyOne(p: AttackProblem): number[] {
  return [...p.labels.keys()];
}

/** The part of a descent whose images are not broken yet. */
export function stillStanding(
  p: AttackProblem,
  chosen: readonly number[],
  x: Float32Array,
  best: Best,
): { p: AttackProblem; chosen: readonly number[]; x: Float32Array } {
  const kept = [...chosen.keys()].filter((k) => !best.broken[chosen[k]!]);
  if (kept.length === chosen.length) return { p, chosen, x };
  const size = imageSize(p);
  return { p: someOf(p, kept), chosen: kept.map((k) => chosen[k]!), x: rowsOf(x, size, kept) };
}
