import {
  type Attack,
  type AttackProblem,
  COUNT,
  defineAttack,
  imageSize,
  someOf,
  streams,
} from "./attack.ts";
import { ascend, Best, everyOne, look } from "./ascent.ts";
import { type Ball, type BallNorm, balls, forRows } from "./ball.ts";
import { type AttackObjective, crossEntropy, logitsRatio } from "./objectives.ts";

const DEFAULTS = { steps: 50, restarts: 1, momentum: 0.75, progress: 0.75 };
/** Settings of all forms. */
type Settings = typeof DEFAULTS;

const LIMITS = {
  steps: { ...COUNT, description: "steps of each ascent" },
  restarts: {
    ...COUNT,
    description: "ascents, each from another point; later ones only where none succeeded",
  },
  momentum: { min: 0, description: "weight of the new direction against the one before" },
  progress: { min: 0, description: "share of steps that must gain for the step size to stay" },
};

/** Makes one form of APGD (Croce and Hein, arXiv 2003.01690). */
function form(
  name: string,
  description: string,
  norm: BallNorm,
  objective: AttackObjective,
  fewestClasses: number,
): Attack {
  return defineAttack({
    name,
    description,
    norm,
    fewestClasses,
    defaults: DEFAULTS,
    limits: LIMITS,
    run: (p, s) => climb(p, s, balls[norm], objective),
  });
}

/** APGD on the cross-entropy, maximum norm. */
export const apgdCe: Attack = form(
  "apgd-ce",
  "projected gradient with momentum and its own step sizes, cross-entropy",
  "linf",
  crossEntropy,
  2,
);

/** APGD on the cross-entropy, Euclidean norm. */
export const apgdCeL2: Attack = form(
  "apgd-ce-l2",
  "projected gradient with momentum and its own step sizes, cross-entropy",
  "l2",
  crossEntropy,
  2,
);

/** APGD on the difference of logits ratio, maximum norm; with targets it needs 4 classes. */
export const apgdDlr: Attack = form(
  "apgd-dlr",
  "projected gradient with momentum and its own step sizes, difference of logits ratio",
  "linf",
  logitsRatio,
  3,
);

/** APGD on the difference of logits ratio, Euclidean norm; with targets it needs 4 classes. */
export const apgdDlrL2: Attack = form(
  "apgd-dlr-l2",
  "projected gradient with momentum and its own step sizes, difference of logits ratio",
  "l2",
  logitsRatio,
  3,
);

/** Steps at which step sizes are judged: gaps from 0.22 of all steps down to 0.06. */
export function checkpoints(steps: number): number[] {
  const shares = [0, 0.22];
  while (shares.at(-1)! < 1) {
    const [before, last] = shares.slice(-2) as [number, number];
    shares.push(last + Math.max(last - before - 0.03, 0.06));
  }
  // Shares are sums of hundredths, off by round-off.
  return shares.map((share) => Math.ceil(share * steps - 1e-9)).filter((k) => k <= steps);
}

async function climb(
  p: AttackProblem,
  s: Settings,
  ball: Ball,
  objective: AttackObjective,
): Promise<Float32Array> {
  const best = new Best(p);
  best.offer(p, everyOne(p), p.images, await look(p, p.images, objective));
  for (let restart = 0; restart < s.restarts; restart++) {
    const chosen = best.standing();
    if (chosen.length === 0) break;
    const ascent = new Climb(someOf(p, chosen), s, ball, objective, (sub, x, view) => {
      best.offer(sub, chosen, x, view);
    });
    await ascent.run(`restart ${restart}`);
  }
  return best.images;
}

/** What is known of one image on its way. */
interface Walker {
  /** Step length. */
  eta: number;
  /** Highest value, and that at the last checkpoint. */
  top: number;
  topBefore: number;
  /** Step length at the last checkpoint. */
  etaBefore: number;
  /** Gains since then. */
  gains: number;
  /** Value at the last step. */
  value: number;
}

/** One ascent of some images. */
class Climb {
  readonly #p: AttackProblem;
  readonly #s: Settings;
  readonly #ball: Ball;
  readonly #objective: AttackObjective;
  readonly #offer: (
    p: AttackProblem,
    x: Float32Array,
    view: Awaited<ReturnType<typeof look>>,
  ) => void;
  readonly #walkers: Walker[];
  /** Where each stands, stood before, and stood highest, with the gradient there. */
  #x: Float32Array;
  #before: Float32Array;
  readonly #top: Float32Array;
  readonly #topGradient: Float32Array;

  constructor(
    p: AttackProblem,
    s: Settings,
    ball: Ball,
    objective: AttackObjective,
    offer: (p: AttackProblem, x: Float32Array, view: Awaited<ReturnType<typeof look>>) => void,
  ) {
    this.#p = p;
    this.#s = s;
    this.#ball = ball;
    this.#objective = objective;
    this.#offer = offer;
    this.#walkers = [...p.radii].map((radius) => ({
      eta: 2 * radius,
      etaBefore: 2 * radius,
      top: -Infinity,
      topBefore: -Infinity,
      gains: 0,
      value: Infinity,
    }));
    this.#x = p.images.slice();
    this.#before = this.#x;
    this.#top = p.images.slice();
    this.#topGradient = new Float32Array(p.images.length);
  }

  async run(purpose: string): Promise<void> {
    const p = this.#p;
    const random = streams(p, purpose);
    forRows(random.length, [this.#x, p.images], (i, x, centre) => {
      this.#ball.scatter(x!, centre!, p.radii[i]!, random[i]!);
    });
    const judged = checkpoints(this.#s.steps);
    let gradient = await this.#see();
    for (let step = 1; step <= this.#s.steps; step++) {
      this.#move(gradient, step === 1 ? 1 : this.#s.momentum);
      gradient = await this.#see();
      const at = judged.indexOf(step);
      if (at > 0) this.#judge(step - judged[at - 1]!, gradient);
    }
  }

  /** Looks from where everybody stands; returns the gradients there. */
  async #see(): Promise<Float32Array> {
    const { gradient, ...view } = await ascend(this.#p, this.#x, this.#objective);
    this.#offer(this.#p, this.#x, view);
    const size = imageSize(this.#p);
    this.#walkers.forEach((w, i) => {
      const value = view.values[i]!;
      if (value > w.value) w.gains++;
      w.value = value;
      if (value <= w.top) return;
      w.top = value;
      this.#top.set(this.#x.subarray(i * size, (i + 1) * size), i * size);
      this.#topGradient.set(gradient.subarray(i * size, (i + 1) * size), i * size);
    });
    return gradient;
  }

  /** z = P(x + η g), x ← P(x + α (z − x) + (1 − α)(x − x before)). */
  #move(gradient: Float32Array, alpha: number): void {
    const { images, radii } = this.#p;
    const next = new Float32Array(this.#x.length);
    const n = radii.length;
    forRows(n, [next, this.#x, this.#before, images, gradient], (i, to, x, before, centre, g) => {
      const direction = g!.slice();
      this.#ball.steepest(direction);
      const { eta } = this.#walkers[i]!;
      to!.forEach((_, j) => to![j] = x![j]! + eta * direction[j]!);
      this.#ball.project(to!, centre!, radii[i]!);
      to!.forEach((z, j) => {
        to![j] = x![j]! + alpha * (z - x![j]!) + (1 - alpha) * (x![j]! - before![j]!);
      });
      this.#ball.project(to!, centre!, radii[i]!);
    });
    this.#before = this.#x;
    this.#x = next;
  }

  /** Halves the steps of those who gained too seldom or stand still, and sends them to their top. */
  #judge(steps: number, gradient: Float32Array): void {
    const size = imageSize(this.#p);
    this.#walkers.forEach((w, i) => {
      const seldom = w.gains < this.#s.progress * steps;
      const still = w.etaBefore === w.eta && w.topBefore === w.top;
      w.etaBefore = w.eta;
      w.topBefore = w.top;
      w.gains = 0;
      if (!seldom && !still) return;
      w.eta /= 2;
      w.value = w.top;
      const [from, to] = [i * size, (i + 1) * size];
      this.#x.set(this.#top.subarray(from, to), from);
      gradient.set(this.#topGradient.subarray(from, to), from);
    });
  }
}
