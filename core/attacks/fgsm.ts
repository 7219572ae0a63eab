import { type Attack, type AttackProblem, defineAttack } from "./attack.ts";
import { ascend } from "./ascent.ts";
import { balls, forRows, toUnitMaximum } from "./ball.ts";
import { crossEntropy } from "./objectives.ts";

/** Fast gradient sign method (Goodfellow et al., arXiv 1412.6572): x + ε sign(g), into the box. */
export const fgsm: Attack = defineAttack({
  name: "fgsm",
  description: "one step along the sign of the gradient",
  norm: "linf",
  defaults: {},
  run: (p) => oneStep(p, balls.linf.steepest, "linf"),
});

/** One step of length ε along the gradient: x + ε g/‖g‖₂, into the box. */
export const fgsmL2: Attack = defineAttack({
  name: "fgsm-l2",
  description: "one step along the gradient, of Euclidean length ε",
  norm: "l2",
  defaults: {},
  run: (p) => oneStep(p, balls.l2.steepest, "l2"),
});

/**
 * The ℓ²-FGSM of the paper on the spectral regularizer (arXiv 2505.08022): x + ε g/‖g‖_∞, of which
 * no pixel changes by more than ε.
 */
export const fgsmMax: Attack = defineAttack({
  name: "fgsm-max",
  description: "one step along the gradient, of largest change ε: x + ε g/‖g‖_∞",
  norm: "linf",
  defaults: {},
  run: (p) => oneStep(p, toUnitMaximum, "linf"),
});

async function oneStep(
  p: AttackProblem,
  direction: (g: Float32Array) => void,
  norm: "linf" | "l2",
): Promise<Float32Array> {
  const { gradient } = await ascend(p, p.images, crossEntropy);
  const out = p.images.slice();
  forRows(p.labels.length, [out, p.images, gradient], (i, x, centre, g) => {
    direction(g!);
    for (let j = 0; j < x!.length; j++) x![j]! += p.radii[i]! * g![j]!;
    balls[norm].project(x!, centre!, p.radii[i]!);
  });
  return out;
}
