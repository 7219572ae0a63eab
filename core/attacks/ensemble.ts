import {
  type Attack,
  type AttackProblem,
  type AttackSettings,
  COUNT,
  defineAttack,
  someOf,
} from "./attack.ts";
import { apgdCe, apgdCeL2, apgdDlr, apgdDlrL2 } from "./apgd.ts";
import { Best, everyOne, look } from "./ascent.ts";
import { margin } from "./objectives.ts";
import { squareLinf } from "./square.ts";
import { squareL2 } from "./square_l2.ts";

const DEFAULTS = { steps: 50, restarts: 1, targets: 3, queries: 500 };

const LIMITS = {
  steps: { ...COUNT, description: "steps of each ascent" },
  restarts: { ...COUNT, description: "ascents of each kind" },
  targets: {
    ...COUNT,
    description: "classes that are aimed at one after another, the likeliest ones",
  },
  queries: { ...COUNT, description: "queries of the black-box attack" },
};

/** One attack of an ensemble. */
interface Member {
  readonly attack: Attack;
  readonly settings: AttackSettings;
  /** Whether it aims at the likeliest wrong classes in turn. */
  readonly targeted?: boolean;
}

/**
 * An ensemble after AutoAttack (Croce and Hein, arXiv 2003.01690), maximum norm: APGD on two
 * losses, APGD towards the likeliest classes, then the black box; each on what still stands.
 */
export const auto: Attack = defineAttack({
  name: "auto",
  description: "ensemble: apgd-ce, apgd-dlr free and aimed, square; each on what still stands",
  norm: "linf",
  fewestClasses: 4,
  defaults: DEFAULTS,
  limits: LIMITS,
  run: (p, { steps, restarts, targets, queries }) =>
    ensemble(p, targets, [
      { attack: apgdCe, settings: { steps, restarts } },
      { attack: apgdDlr, settings: { steps, restarts } },
      { attack: apgdDlr, settings: { steps, restarts }, targeted: true },
      { attack: squareLinf, settings: { queries } },
    ]),
});

/** The same in the Euclidean norm. */
export const autoL2: Attack = defineAttack({
  name: "auto-l2",
  description: "ensemble: apgd-ce-l2, apgd-dlr-l2 free and aimed, square-l2; on what still stands",
  norm: "l2",
  fewestClasses: 4,
  defaults: DEFAULTS,
  limits: LIMITS,
  run: (p, { steps, restarts, targets, queries }) =>
    ensemble(p, targets, [
      { attack: apgdCeL2, settings: { steps, restarts } },
      { attack: apgdDlrL2, settings: { steps, restarts } },
      { attack: apgdDlrL2, settings: { steps, restarts }, targeted: true },
      { attack: squareL2, settings: { queries } },
    ]),
});

async function ensemble(
  p: AttackProblem,
  targets: number,
  members: readonly Member[],
): Promise<Float32Array> {
  const best = new Best(p);
  const first = await look(p, p.images, margin);
  best.offer(p, everyOne(p), p.images, first);
  for (const { attack, settings, targeted } of members) {
    const aims = targeted && !p.targets ? Math.min(targets, p.classifier.classes - 1) : 1;
    for (let aim = 0; aim < aims; aim++) {
      const chosen = best.standing();
      if (chosen.length === 0) return best.images;
      const sub = someOf(p, chosen);
      const goal = targeted && !p.targets ? aimed(sub, first.logits, chosen, aim) : sub;
      const x = await attack.perturb(goal, settings);
      best.offer(sub, chosen, x, await look(sub, x, margin));
    }
  }
  return best.images;
}

/** The same problem with the class of rank `aim` among the wrong ones as target. */
function aimed(
  p: AttackProblem,
  logits: Float32Array,
  chosen: readonly number[],
  aim: number,
): AttackProblem {
  const { classes } = p.classifier;
  const targets = Int32Array.from(chosen, (i, k) => {
    const z = logits.subarray(i * classes, (i + 1) * classes);
    const wrong = [...z.keys()].filter((j) => j !== p.labels[k]);
    return wrong.sort((a, b) => z[b]! - z[a]!)[aim]!;
  });
  return { ...p, targets };
}
