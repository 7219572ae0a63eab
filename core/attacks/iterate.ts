/**
 * The loop that attacks of few steps share: ask, move, project, remember the best.
 *
 * @module
 */

import type { AttackProblem } from "./attack.ts";
import { type Ascent, Best, everyOne, look } from "./ascent.ts";
import { type BallNorm, balls, forRows } from "./ball.ts";
import { margin } from "./objectives.ts";

/** What distinguishes an attack of this shape. */
export interface Iteration {
  /** Norm of the ball. */
  readonly norm: BallNorm;
  /** Number of steps. */
  readonly steps: number;
  /** Gradients at the images of a step. */
  readonly ask: (x: Float32Array, step: number) => Promise<Ascent>;
  /**
   * Moves one image before it is projected, in place.
   *
   * @param g Its gradient, which may be overwritten.
   */
  readonly move: (x: Float32Array, g: Float32Array, index: number) => void;
}

/**
 * Runs the loop from the images themselves.
 *
 * @returns Of all images on the way, the one with the largest margin on the wrong side.
 */
export async function iterate(p: AttackProblem, o: Iteration): Promise<Float32Array> {
  const n = p.labels.length;
  const best = new Best(p);
  const x = p.images.slice();
  best.offer(p, everyOne(p), x, await look(p, x, margin));
  for (let step = 0; step < o.steps; step++) {
    const { gradient } = await o.ask(x, step);
    forRows(n, [x, p.images, gradient], (i, row, centre, g) => {
      o.move(row!, g!, i);
      balls[o.norm].project(row!, centre!, p.radii[i]!);
    });
    best.offer(p, everyOne(p), x, await look(p, x, margin));
  }
  return best.images;
}
