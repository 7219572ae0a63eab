import { type Attack, type AttackProblem, COUNT, defineAttack, imageSize } from "./attack.ts";
import { answerOf } from "./ascent.ts";
import { balls, forRows } from "./ball.ts";
import { Least } from "./least.ts";
import { margin } from "./objectives.ts";

const DEFAULTS = {
  steps: 100,
  searches: 9,
  constant: 0.01,
  learningRate: 0.01,
  confidence: 0,
};

/**
 * Carlini and Wagner (arXiv 1608.04644), Euclidean: the least change by Adam on
 * ‖x′ − x‖² + c max(−margin, −κ) with x′ = (tanh w + 1)/2, and bisection of c.
 */
export const cwL2: Attack = defineAttack({
  name: "cw-l2",
  description: "least Euclidean change by descent on the change plus a hinge of the margin",
  norm: "l2",
  minimal: true,
  defaults: DEFAULTS,
  limits: {
    steps: { ...COUNT, description: "steps of each descent" },
    searches: { ...COUNT, description: "descents, each with another weight c of the hinge" },
    constant: { above: 0, description: "c of the first descent" },
    learningRate: { above: 0, description: "step size of Adam" },
    confidence: { min: 0, description: "κ: margin to be reached" },
  },
  async run(p, s) {
    const least = new Least(p, balls.l2);
    const weights = p.radii.map(() => s.constant);
    const [low, high] = [p.radii.map(() => 0), p.radii.map(() => Infinity)];
    for (let search = 0; search < s.searches; search++) {
      const hit = await descend(p, s, weights, least);
      weights.forEach((c, i) => {
        if (hit[i]) high[i] = c;
        else low[i] = c;
        weights[i] = high[i] === Infinity ? 10 * c : (low[i]! + high[i]!) / 2;
      });
    }
    return least.within(p.radii);
  },
});

/** One descent; tells which images it broke. */
async function descend(
  p: AttackProblem,
  s: typeof DEFAULTS,
  weights: Float64Array,
  least: Least,
): Promise<boolean[]> {
  // Pixels of 0 and 1 are at infinity: they begin a little inside.
  const w = Float64Array.from(p.images, (v) => Math.atanh((2 * v - 1) * (1 - 1e-6)));
  const x = new Float32Array(w.length);
  const adam = new Adam(w.length, s.learningRate);
  const hit = weights.reduce<boolean[]>((list) => [...list, false], []);
  for (let step = 0; step < s.steps; step++) {
    for (let j = 0; j < w.length; j++) x[j] = (Math.tanh(w[j]!) + 1) / 2;
    const gradient = await lossGradient(p, s.confidence, weights, x, least, hit);
    for (let j = 0; j < w.length; j++) {
      const t = Math.tanh(w[j]!);
      gradient[j] = (gradient[j]! + 2 * (x[j]! - p.images[j]!)) * (1 - t * t) / 2;
    }
    adam.step(w, gradient);
  }
  for (let j = 0; j < w.length; j++) x[j] = (Math.tanh(w[j]!) + 1) / 2;
  note(p, s.confidence, await p.classifier.logits(x), x, least, hit);
  return hit;
}

/** The gradient of c times the hinge in x; offers what succeeds on the way. */
async function lossGradient(
  p: AttackProblem,
  confidence: number,
  weights: Float64Array,
  x: Float32Array,
  least: Least,
  hit: boolean[],
): Promise<Float64Array> {
  const { classes } = p.classifier;
  const logits = await p.classifier.logits(x);
  note(p, confidence, logits, x, least, hit);
  const cotangents = new Float32Array(logits.length);
  const c = new Float64Array(classes);
  weights.forEach((_, i) => {
    c.fill(0);
    const lead = margin(answerOf(p, logits, i), c);
    if (lead < confidence) cotangents.set(c.map((v) => -v), i * classes);
  });
  const gradient = Float64Array.from(await p.classifier.pullback(x, cotangents));
  const size = imageSize(p);
  return gradient.map((v, j) => v * weights[Math.floor(j / size)]!);
}

function note(
  p: AttackProblem,
  confidence: number,
  logits: Float32Array,
  x: Float32Array,
  least: Least,
  hit: boolean[],
): void {
  const c = new Float64Array(p.classifier.classes);
  forRows(p.labels.length, [x], (i, candidate) => {
    const answer = answerOf(p, logits, i);
    // A tie at confidence 0 goes to whichever class is first: only a success counts.
    if (margin(answer, c) < confidence) return;
    if (least.offer(i, candidate!, answer)) hit[i] = true;
  });
}

/** Adam (Kingma and Ba, arXiv 1412.6980) on the host. */
class Adam {
  readonly #rate: number;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #count = 0;

  constructor(size: number, rate: number) {
    this.#rate = rate;
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  /** One step against the gradient, in place. */
  step(w: Float64Array, gradient: Float64Array): void {
    this.#count++;
    const [bias1, bias2] = [1 - 0.9 ** this.#count, 1 - 0.999 ** this.#count];
    const [m, v] = [this.#first, this.#second];
    for (let j = 0; j < w.length; j++) {
      m[j] = 0.9 * m[j]! + 0.1 * gradient[j]!;
      v[j] = 0.999 * v[j]! + 0.001 * gradient[j]! ** 2;
      w[j]! -= this.#rate * m[j]! / bias1 / (Math.sqrt(v[j]! / bias2) + 1e-8);
    }
  }
}
