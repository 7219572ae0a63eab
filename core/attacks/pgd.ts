import {
  type Attack,
  type AttackProblem,
  COUNT,
  defineAttack,
  someOf,
  streams,
  SWITCH,
} from "./attack.ts";
import { ascend, Best, everyOne, look, stillStanding } from "./ascent.ts";
import { type BallNorm, balls, forRows } from "./ball.ts";
import { crossEntropy } from "./objectives.ts";

const DEFAULTS = { steps: 20, restarts: 1, stepSize: 0, randomStart: 1, stopEarly: 1 };
/** Settings of the two attacks. */
type Settings = typeof DEFAULTS;

const LIMITS = {
  steps: { ...COUNT, description: "steps of each descent" },
  restarts: {
    ...COUNT,
    description: "descents, each from another point; later ones only where none succeeded",
  },
  stepSize: { min: 0, description: "length of a step in units of ε; 0: 2.5 / steps" },
  randomStart: { ...SWITCH, description: "1: from a random point of the ball; 0: from the image" },
  stopEarly: {
    ...SWITCH,
    description: "1: an image that is broken is left alone; 0: the loss is driven on",
  },
};

/** Projected gradient (Madry et al., arXiv 1706.06083) in the maximum norm; the best iterate. */
export const pgd: Attack = defineAttack({
  name: "pgd",
  description: "projected gradient ascent of the cross-entropy, signs of the gradient",
  norm: "linf",
  defaults: DEFAULTS,
  limits: LIMITS,
  run: (p, s) => climb(p, s, "linf"),
});

/** Projected gradient with normalised steps in the Euclidean norm; the best iterate. */
export const pgdL2: Attack = defineAttack({
  name: "pgd-l2",
  description: "projected gradient ascent of the cross-entropy, normalised gradients",
  norm: "l2",
  defaults: DEFAULTS,
  limits: LIMITS,
  run: (p, s) => climb(p, s, "l2"),
});

async function climb(p: AttackProblem, s: Settings, norm: BallNorm): Promise<Float32Array> {
  const best = new Best(p);
  best.offer(p, everyOne(p), p.images, await look(p, p.images, crossEntropy));
  for (let restart = 0; restart < s.restarts; restart++) {
    // Every descent has numbers of its own, so one more restart only adds candidates.
    const all = restart === 0 && !s.stopEarly;
    const chosen = all ? everyOne(p) : best.standing();
    if (chosen.length === 0) break;
    await descent(someOf(p, chosen), s, norm, chosen, best, `restart ${restart}`);
  }
  return best.images;
}

/** Images under way: their problem, their numbers in the whole one, and where they are. */
type Part = [p: AttackProblem, chosen: readonly number[], x: Float32Array];

async function descent(
  start: AttackProblem,
  s: Settings,
  norm: BallNorm,
  begin: readonly number[],
  best: Best,
  purpose: string,
): Promise<void> {
  const ball = balls[norm];
  const share = s.stepSize > 0 ? s.stepSize : 2.5 / s.steps;
  let [p, chosen, x]: Part = [start, begin, start.images.slice()];
  if (s.randomStart) {
    const random = streams(p, purpose);
    forRows(chosen.length, [x, p.images], (i, row, centre) => {
      ball.scatter(row!, centre!, p.radii[i]!, random[i]!);
    });
  }
  for (let step = 0; step < s.steps && chosen.length > 0; step++) {
    const { gradient, ...view } = await ascend(p, x, crossEntropy);
    best.offer(p, chosen, x, view);
    forRows(chosen.length, [x, p.images, gradient], (i, row, centre, g) => {
      ball.steepest(g!);
      for (let j = 0; j < row!.length; j++) row![j]! += share * p.radii[i]! * g![j]!;
      ball.project(row!, centre!, p.radii[i]!);
    });
    if (s.stopEarly) ({ p, chosen, x } = stillStanding(p, chosen, x, best));
  }
  if (chosen.length > 0) best.offer(p, chosen, x, await look(p, x, crossEntropy));
}
