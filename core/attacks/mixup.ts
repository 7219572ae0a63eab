import type { Random } from "../random.ts";
import {
  type Attack,
  type AttackProblem,
  COUNT,
  defineAttack,
  imageSize,
  streams,
} from "./attack.ts";
import { ascend, type Ascent } from "./ascent.ts";
import { forRows, toUnitMaximum } from "./ball.ts";
import { iterate } from "./iterate.ts";
import { type AttackObjective, crossEntropy, softmax } from "./objectives.ts";

/**
 * Mixup attack (Xu and Ghamisi, arXiv 2202.07054) as the paper on the spectral regularizer words it
 * (arXiv 2505.08022): ascends w Σₖ CE(f(x′/2ᵏ), y) − KL(f(v) ‖ f(x′)), where v is a virtual image,
 * and mixes each step with v by a weight from Beta(w, w).
 *
 * The text leaves open what v and its features are. Here v is the mean of the images attacked
 * together, which is between all classes, and its features are the network's probabilities.
 */
export const mixup: Attack = defineAttack({
  name: "mixup",
  description: "towards the outputs of a virtual image, and away from the label at five scales",
  norm: "linf",
  defaults: { steps: 5, stepSize: 1, weight: 1e-3, scales: 5 },
  limits: {
    steps: { ...COUNT, description: "number of steps" },
    stepSize: { min: 0, description: "length of a step in units of ε" },
    weight: {
      above: 0,
      description: "w: weight of the label's loss, parameter of the mixing weight",
    },
    scales: { integer: true, min: 0, description: "number of scales x/2ᵏ, k = 1 … scales" },
  },
  async run(p, { steps, stepSize, weight, scales }) {
    const random = streams(p, "mixing weights");
    const virtual = meanImage(p);
    const features = softmax({ z: await p.classifier.logits(virtual) });
    return await iterate(p, {
      norm: "linf",
      steps,
      ask: (x) => mixed(p, x, features, weight, scales),
      move(x, g, i) {
        toUnitMaximum(g);
        const own = betaWeight(random[i]!, weight);
        for (let j = 0; j < x.length; j++) {
          const stepped = x[j]! + stepSize * p.radii[i]! * g[j]!;
          x[j] = own * stepped + (1 - own) * virtual[j]!;
        }
      },
    });
  },
});

/** The gradient of the whole objective: the parts have a scale, so their factors come back. */
async function mixed(
  p: AttackProblem,
  x: Float32Array,
  features: Float64Array,
  weight: number,
  scales: number,
): Promise<Ascent> {
  const found = await ascend(p, x, minusDivergence(features));
  const total = found.gradient;
  const n = p.labels.length;
  forRows(n, [total], (i, g) => g!.forEach((v, j) => g![j] = found.factors[i]! * v));
  for (let k = 1; k <= scales; k++) {
    const { gradient, factors } = await ascend(p, x.map((v) => v / 2 ** k), labelLoss);
    forRows(n, [total, gradient], (i, g, h) => {
      const factor = weight * factors[i]! / 2 ** k;
      h!.forEach((v, j) => g![j]! += factor * v);
    });
  }
  return found;
}

/** Cross-entropy of the label, or minus that of the target, with its derivative to scale. */
const labelLoss: AttackObjective = (answer, c) => {
  const { label, target } = answer;
  const value = crossEntropy(answer, c);
  const sign = target === undefined ? 1 : -1;
  softmax(answer).forEach((v, j) => c[j] = sign * (v - (j === (target ?? label) ? 1 : 0)));
  return value;
};

/** −KL(q ‖ softmax z); its derivative is q − softmax z. */
function minusDivergence(q: Float64Array): AttackObjective {
  return (answer, c) => {
    const p = softmax(answer);
    q.forEach((v, j) => c[j] = v - p[j]!);
    return q.reduce(
      (sum, v, j) => v > 0 ? sum - v * Math.log(v / Math.max(p[j]!, 1e-300)) : sum,
      0,
    );
  };
}

function meanImage(p: AttackProblem): Float32Array {
  const sum = new Float64Array(imageSize(p));
  const n = p.labels.length;
  forRows(n, [p.images], (_, x) => x!.forEach((v, j) => sum[j]! += v / n));
  return Float32Array.from(sum, (v) => Math.min(1, v));
}

/**
 * A number from Beta(a, a) by Jöhnk's method, in logarithms: for small a, which this is for, the
 * powers underflow.
 */
function betaWeight(random: Random, a: number): number {
  for (;;) {
    const [x, y] = [Math.log(1 - random.uniform()) / a, Math.log(1 - random.uniform()) / a];
    const larger = Math.max(x, y);
    if (larger + Math.log1p(Math.exp(-Math.abs(x - y))) <= 0) return 1 / (1 + Math.exp(y - x));
  }
}
