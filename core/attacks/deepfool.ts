import {
  type Attack,
  type AttackProblem,
  COUNT,
  defineAttack,
  imageSize,
  rowsOf,
  someOf,
} from "./attack.ts";
import { answerOf } from "./ascent.ts";
import { balls, forRows } from "./ball.ts";
import { Least } from "./least.ts";
import { type Answer, runnerUp, succeeds } from "./objectives.ts";

/**
 * DeepFool (Moosavi-Dezfooli et al., arXiv 1511.04599), Euclidean: again and again to the nearest
 * boundary of the linearised network, and a little beyond. Images stay in [0, 1].
 */
export const deepfool: Attack = defineAttack({
  name: "deepfool",
  description: "least Euclidean change by steps to the nearest linearised boundary",
  norm: "l2",
  minimal: true,
  defaults: { steps: 30, overshoot: 0.02 },
  limits: {
    steps: { ...COUNT, description: "most steps" },
    overshoot: { min: 0, description: "how far beyond the boundary, in lengths of the way to it" },
  },
  async run(p, { steps, overshoot }) {
    const least = new Least(p, balls.l2);
    const x = p.images.slice();
    for (let step = 0; step <= steps; step++) {
      const logits = await p.classifier.logits(x);
      const open = p.labels.reduce<number[]>(
        (list, _, i) => succeeds(answerOf(p, logits, i)) ? list : [...list, i],
        [],
      );
      forRows(p.labels.length, [x], (i, row) => {
        least.offer(i, row!, answerOf(p, logits, i));
      });
      if (open.length === 0 || step === steps) break;
      await advance(p, x, logits, open, overshoot);
    }
    return least.within(p.radii);
  },
});

/** Moves the open images to the nearest boundary, in place. */
async function advance(
  whole: AttackProblem,
  images: Float32Array,
  allLogits: Float32Array,
  open: readonly number[],
  overshoot: number,
): Promise<void> {
  const p = someOf(whole, open);
  const size = imageSize(p);
  const x = rowsOf(images, size, open);
  const logits = rowsOf(allLogits, p.classifier.classes, open);
  const down = open.map((_, i) => rival(answerOf(p, logits, i)));
  const ways = open.map(() => ({ length: Infinity, direction: new Float32Array(size) }));
  for (let k = 0; k < p.classifier.classes; k++) {
    if (p.targets && !p.targets.includes(k)) continue;
    const gradient = await p.classifier.pullback(x, differences(p, k, down));
    forRows(open.length, [gradient], (i, g) => {
      const { z, target } = answerOf(p, logits, i);
      if (k === down[i] || (target !== undefined && k !== target)) return;
      const length = (z[down[i]!]! - z[k]!) / euclidean(g!);
      if (length < ways[i]!.length) ways[i] = { length, direction: g!.slice() };
    });
  }
  forRows(open.length, [x], (i, row) => {
    const { length, direction } = ways[i]!;
    if (!Number.isFinite(length)) return;
    balls.l2.steepest(direction);
    // On the boundary itself there is a tie: every step goes a little beyond.
    const way = (1 + overshoot) * length + BEYOND;
    row!.forEach((v, j) => row![j] = Math.min(1, Math.max(0, v + way * direction[j]!)));
    images.set(row!, open[i]! * size);
  });
}

/** Least step across a boundary: above the round-off of pixels in float32. */
const BEYOND = 1e-6;

/** The class to get away from: the true one, or the one before the target. */
function rival({ z, label, target }: Answer): number {
  return target === undefined ? label : runnerUp(z, target);
}

/** Cotangents of z_k − z_down. */
function differences(p: AttackProblem, k: number, down: readonly number[]): Float32Array {
  const { classes } = p.classifier;
  const c = new Float32Array(down.length * classes);
  down.forEach((j, i) => {
    c[i * classes + k]! += 1;
    c[i * classes + j]! -= 1;
  });
  return c;
}

function euclidean(g: Float32Array): number {
  return Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
}
