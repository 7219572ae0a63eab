/**
 * Adversarial training: objectives that attack each batch before the step sees it.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import type { Random } from "../random.ts";
import { Registry } from "../registry.ts";
import { type Tunable, tunable, type Tuned } from "../tunable.ts";
import type { Batch, NetworkAt, Task } from "../training/mod.ts";
import {
  type Attack,
  type AttackProblem,
  attacks,
  type AttackSettings,
  perturb,
} from "./attack.ts";
import { ascend } from "./ascent.ts";
import { balls, forRows } from "./ball.ts";
import { checkedClassifier, classifierAt } from "./classifier.ts";
import { argmax, type AttackObjective, softmax } from "./objectives.ts";

/** Settings of adversarial training. */
export interface AdversarialOptions {
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /** Radius of the ball. */
  readonly epsilon: number;
  /** The attack, where the way has none of its own. */
  readonly attack: Attack;
  /** Overrides of its defaults. */
  readonly settings?: AttackSettings;
}

/** What replaces parts of a classification whose batches are attacked. */
export type AdversarialObjective = Required<Pick<Task, "prepare">> & Partial<Pick<Task, "loss">>;

/** A way of adversarial training. */
export interface AdversarialTraining extends Tunable<AdversarialTraining> {
  /** Makes the parts that replace those of a classification of images. */
  create(options: AdversarialOptions): AdversarialObjective;
}

/** Ways of adversarial training by name. */
export const adversarialTrainings: Registry<AdversarialTraining> = new Registry(
  "adversarial training",
);

/** Steps on attacked images alone (Madry et al., arXiv 1706.06083). */
export const attackedTraining: Tuned<AdversarialTraining, { readonly attack: string }> = tunable(
  adversarialTrainings,
  {
    name: "attacked",
    description: "cross-entropy of attacked images (Madry et al.), by any attack",
    defaults: { attack: "" },
    limits: { attack: { description: "name of an attack, none for that of the recipe" } },
    make: ({ attack }) => ({
      create: (given) => attackedObjective(attack === "" ? given : withAttack(given, attack)),
    }),
  },
);

/** The same by another attack, which takes the settings that it has. */
function withAttack(given: AdversarialOptions, name: string): AdversarialOptions {
  const attack = attacks.get(name);
  const settings = Object.entries(given.settings ?? {}).filter(([key]) => key in attack.defaults);
  return { ...given, attack, settings: Object.fromEntries(settings) };
}

function attackedObjective(o: AdversarialOptions): AdversarialObjective {
  return {
    async prepare(at, batch, random) {
      const p = await problemOf(at, batch, random, o);
      // Training wants the largest loss, not just any success.
      const early: AttackSettings = "stopEarly" in o.attack.defaults ? { stopEarly: 0 } : {};
      const images = await perturb(o.attack, p, { ...early, ...o.settings });
      return { ...batch, x: uploaded(at.engine, images, batch.x!) };
    },
  };
}

/**
 * TRADES (Zhang et al., arXiv 1901.08573): CE(f(x), y) + λ KL(f(x) ‖ f(x′)), where x′ maximises the
 * divergence by signed steps in the maximum norm. Both images go through the network together.
 */
export const trades: Tuned<AdversarialTraining, { readonly weight: number }> = tunable(
  adversarialTrainings,
  {
    name: "trades",
    description: "cross-entropy plus the divergence from clean to attacked outputs (TRADES)",
    defaults: { weight: 6 },
    limits: { weight: { min: 0, description: "λ: weight of the divergence" } },
    make: ({ weight }) => ({
      create(o) {
        checkTrades(o);
        return {
          async prepare(at, batch, random) {
            const p = await problemOf(at, batch, random, o);
            const attacked = await divergent(p, o.settings?.steps ?? 10);
            return { ...batch, attacked: uploaded(at.engine, attacked, batch.x!) };
          },
          loss(model, { x, attacked, y }) {
            const { engine } = model;
            const logits = model.forward(engine.concat([x!, attacked!], 0));
            return tradesLoss(engine, logits, y!, weight);
          },
        };
      },
    }),
  },
);

function checkTrades({ epsilon, settings }: AdversarialOptions): void {
  const action = 'train by "trades"';
  checkNumber(action, "epsilon", epsilon, { least: 0 });
  checkInteger(action, "steps", settings?.steps ?? 10);
}

/**
 * CE of the first half of the rows plus `weight` KL to the second half, means over pairs.
 *
 * @param logits 2n×classes: clean rows, then attacked ones.
 * @param labels Classes, n.
 */
export function tradesLoss(
  engine: Engine,
  logits: Tensor,
  labels: Tensor,
  weight: number,
): Tensor {
  const [n, classes] = [labels.size, logits.shape[1]!];
  const [clean, attacked] = [0, n].map((row) => engine.slice(logits, [row, 0], [n, classes]));
  const p = engine.logSoftmax(clean!);
  const apart = engine.mul(engine.exp(p), engine.sub(p, engine.logSoftmax(attacked!)));
  return engine.lincomb(
    1,
    engine.softmaxCrossEntropy(clean!, labels),
    weight / n,
    engine.sum(apart),
  );
}

/** log softmax z. */
function logSoftmax(z: Float32Array): Float64Array {
  const largest = z[argmax(z)]!;
  const sum = z.reduce((s, v) => s + Math.exp(v - largest), 0);
  return Float64Array.from(z, (v) => v - largest - Math.log(sum));
}

/** Images of large divergence from the outputs of the clean ones, by signed steps of ε/4. */
async function divergent(p: AttackProblem, steps: number): Promise<Float32Array> {
  const { classes } = p.classifier;
  const clean = await p.classifier.logits(p.images);
  const outputs = Array.from(
    p.labels,
    (_, i) => softmax({ z: clean.subarray(i * classes, (i + 1) * classes) }),
  );
  const x = p.images.slice();
  const noise = p.random.fork("start");
  // At the image itself the divergence is least, and its gradient 0.
  for (let j = 0; j < x.length; j++) x[j]! += 1e-3 * noise.normal();
  forRows(outputs.length, [x, p.images], (i, row, centre) => {
    balls.linf.project(row!, centre!, p.radii[i]!);
  });
  for (let step = 0; step < steps; step++) {
    const { gradient } = await ascend(p, x, divergenceFrom(outputs));
    forRows(outputs.length, [x, p.images, gradient], (i, row, centre, g) => {
      balls.linf.steepest(g!);
      for (let j = 0; j < row!.length; j++) row![j]! += p.radii[i]! / 4 * g![j]!;
      balls.linf.project(row!, centre!, p.radii[i]!);
    });
  }
  return x;
}

/** KL(q ‖ softmax z), called once for each image in turn. */
function divergenceFrom(outputs: readonly Float64Array[]): AttackObjective {
  let image = 0;
  return ({ z }, c) => {
    const q = outputs[image++]!;
    const p = logSoftmax(z);
    p.forEach((v, j) => c[j] = Math.exp(v) - q[j]!);
    return q.reduce((sum, v, j) => v > 0 ? sum + v * (Math.log(v) - p[j]!) : sum, 0);
  };
}

async function problemOf(
  at: NetworkAt,
  { x, y }: Batch,
  random: Random,
  o: AdversarialOptions,
): Promise<AttackProblem> {
  const known = await at.engine.read(y!) as Int32Array;
  return {
    classifier: checkedClassifier(classifierAt(at, o.shape, o.classes)),
    images: await at.engine.read(x!) as Float32Array,
    labels: known,
    radii: new Float64Array(known.length).fill(o.epsilon),
    random,
    ids: Int32Array.from(known.keys()),
  };
}

function uploaded(engine: Engine, images: Float32Array, like: Tensor): Tensor {
  return engine.tensor(images, like.shape);
}
