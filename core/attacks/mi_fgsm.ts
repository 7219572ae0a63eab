import { type Attack, COUNT, defineAttack, imageSize } from "./attack.ts";
import { ascend } from "./ascent.ts";
import { iterate } from "./iterate.ts";
import { crossEntropy } from "./objectives.ts";

/** Momentum iterative method (Dong et al., arXiv 1710.06081): signs of a sum of g/‖g‖₁. */
export const miFgsm: Attack = defineAttack({
  name: "mi-fgsm",
  description: "steps of length ε/steps along the sign of accumulated gradients",
  norm: "linf",
  defaults: { steps: 10, decay: 1 },
  limits: {
    steps: { ...COUNT, description: "number of steps" },
    decay: { min: 0, description: "decay of the accumulated gradient" },
  },
  run(p, { steps, decay }) {
    const size = imageSize(p);
    const velocity = new Float64Array(p.images.length);
    return iterate(p, {
      norm: "linf",
      steps,
      ask: (x) => ascend(p, x, crossEntropy),
      move(x, g, i) {
        const length = g.reduce((sum, v) => sum + Math.abs(v), 0);
        const v = velocity.subarray(i * size, (i + 1) * size);
        for (let j = 0; j < x.length; j++) {
          v[j] = decay * v[j]! + (length > 0 ? g[j]! / length : 0);
          x[j]! += p.radii[i]! / steps * Math.sign(v[j]!);
        }
      },
    });
  },
});
