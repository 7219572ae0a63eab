import type { Random } from "../random.ts";
import { type Attack, type AttackProblem, COUNT, defineAttack, streams } from "./attack.ts";
import { ascend, type Ascent } from "./ascent.ts";
import { forRows, toUnitMaximum } from "./ball.ts";
import { iterate } from "./iterate.ts";
import { argmax, type AttackObjective, softmax } from "./objectives.ts";

/**
 * Jitter (Schwinn et al., arXiv 2105.10304) as the paper on the spectral regularizer words it
 * (arXiv 2505.08022): steps along g/‖g‖_∞ for L = ‖softmax(s z/‖z‖_∞) + σ ν − y‖² with normal ν,
 * from the second step on for L/‖x′ − x‖_∞.
 */
export const jitter: Attack = defineAttack({
  name: "jitter",
  description: "distance of rescaled, noisy outputs from the label, over the change of the image",
  norm: "linf",
  defaults: { steps: 5, stepSize: 1, scale: 10, noise: 0.1 },
  limits: {
    steps: { ...COUNT, description: "number of steps" },
    stepSize: { min: 0, description: "length of a step in units of ε" },
    scale: { min: 0, description: "s: largest logit after rescaling" },
    noise: { min: 0, description: "σ: standard deviation of the noise on the outputs" },
  },
  run(p, { steps, stepSize, scale, noise }) {
    const random = streams(p, "noise");
    return iterate(p, {
      norm: "linf",
      steps,
      async ask(x, step) {
        const found = await ascend(p, x, jittered(random, scale, noise));
        if (step > 0) divide(p, x, found);
        return found;
      },
      move(x, g, i) {
        toUnitMaximum(g);
        for (let j = 0; j < x.length; j++) x[j]! += stepSize * p.radii[i]! * g[j]!;
      },
    });
  },
});

/** The distance with its derivative, exact; called once for each image in turn. */
function jittered(random: readonly Random[], scale: number, noise: number): AttackObjective {
  let image = 0;
  return (answer, c) => {
    const { z, label, target } = answer;
    const sign = target === undefined ? 1 : -1;
    const top = argmax(z.map(Math.abs));
    const largest = Math.abs(z[top]!) || 1;
    const p = softmax(answer, scale / largest);
    const stream = random[image++]!;
    const r = p.map((v, j) => v + noise * stream.normal() - (j === (target ?? label) ? 1 : 0));
    const mean = p.reduce((sum, v, j) => sum + v * r[j]!, 0);
    const du = p.map((v, j) => 2 * v * (r[j]! - mean));
    // z/‖z‖_∞ moves with its largest entry, too.
    const along = du.reduce((sum, v, j) => sum + v * z[j]!, 0) / largest;
    du.forEach((v, j) => c[j] = sign * scale / largest * v);
    c[top]! -= sign * scale / largest * Math.sign(z[top]!) * along;
    return sign * r.reduce((sum, v) => sum + v * v, 0);
  };
}

/** From the gradient of L to one of L/‖x′ − x‖_∞ times that norm; ties share its derivative. */
function divide(p: AttackProblem, x: Float32Array, { gradient, values, factors }: Ascent): void {
  forRows(p.labels.length, [x, p.images, gradient], (i, row, centre, g) => {
    const change = row!.map((v, j) => v - centre![j]!);
    const largest = change.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    if (largest === 0 || factors[i] === 0) return;
    const ties = change.reduce((n, v) => n + (Math.abs(v) === largest ? 1 : 0), 0);
    const pull = values[i]! / largest / ties / factors[i]!;
    change.forEach((v, j) => {
      if (Math.abs(v) === largest) g![j]! -= pull * Math.sign(v);
    });
  });
}
