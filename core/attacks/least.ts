/**
 * The nearest successful image found for each image: the record of attacks that seek the least
 * perturbation.
 *
 * @module
 */

import type { AttackProblem } from "./attack.ts";
import { type Ball, forRows } from "./ball.ts";
import { type Answer, succeeds } from "./objectives.ts";

/** Nearest successes. */
export class Least {
  /** Their distances, n; Infinity where there is none. */
  readonly distances: Float64Array;
  readonly #problem: AttackProblem;
  readonly #ball: Ball;
  readonly #images: Float32Array;
  readonly #size: number;

  /** Starts without a success. */
  constructor(problem: AttackProblem, ball: Ball) {
    const n = problem.labels.length;
    this.distances = new Float64Array(n).fill(Infinity);
    this.#problem = problem;
    this.#ball = ball;
    this.#images = problem.images.slice();
    this.#size = problem.images.length / Math.max(1, n);
  }

  /** Keeps a candidate that succeeds and is nearer; tells whether it succeeds. */
  offer(i: number, candidate: Float32Array, answer: Answer): boolean {
    if (!succeeds(answer)) return false;
    const begin = i * this.#size;
    const centre = this.#problem.images.subarray(begin, begin + this.#size);
    const distance = this.#ball.distance(candidate, centre);
    if (distance < this.distances[i]!) {
      this.distances[i] = distance;
      this.#images.set(candidate, begin);
    }
    return true;
  }

  /** The successes within the budgets; elsewhere the images themselves. */
  within(radii: Float64Array): Float32Array {
    const out = this.#images.slice();
    forRows(radii.length, [out, this.#problem.images], (i, x, centre) => {
      if (!(this.distances[i]! <= radii[i]!)) x!.set(centre!);
    });
    return out;
  }
}
