/**
 * Attacking one trained network.
 *
 * @module
 */

import {
  type Attack,
  attackImages,
  type AttackOutcome,
  type AttackSettings,
  type Choice,
  type Classifier,
  classifierOf,
  conditioningOf,
  currentPoints,
  firstMeasure,
  formatChoice,
  imagesOf,
  type LabelledImages,
  type Layer,
  readCheckpoint,
  restoreState,
  shareOf,
  type Summary,
  tensorsIn,
} from "../../core/mod.ts";
import type { Job } from "../classification/job.ts";
import { formatPercent, progressLine, RateMeter, type TextSink } from "../terminal/mod.ts";
import { attacksOf, type Candidate, type RobustOptions } from "./options.ts";
import type { AttackedAccuracy, Example, RobustResult } from "./result.ts";

/** Examples kept of each network. */
const EXAMPLES = 6;

/** What belongs to an attack on a network. */
interface Target {
  readonly candidate: Candidate;
  readonly job: Job;
  readonly options: RobustOptions;
  readonly network: Layer;
  readonly path: string;
  readonly sink: TextSink;
}

/** Attacks a trained network in every way that the options ask for. */
export async function attackNetwork(target: Target, summary: Summary): Promise<RobustResult> {
  const { candidate, job: { method, dataset, signal }, options: o, network } = target;
  const { record, fixed } = await readCheckpoint(target.path);
  const { states } = restoreState(method.engine, network, record, fixed);
  const { shape, classes } = dataset;
  const points = currentPoints(network, states);
  const classifier = classifierOf({ engine: method.engine, network, points, shape, classes });
  const data = imagesOf(dataset.test, o.attackCount);
  const attacked: AttackedAccuracy[] = [];
  let examples: Example[] = [];
  let clean = NaN;
  for (const choice of attacksOf(o.attacks)) {
    const attack = choice.plugin;
    const radii = attack.norm === "linf" ? o.epsilons : o.epsilonsL2;
    for (const [i, epsilon] of radii.entries()) {
      const out = await attackOnce(target, classifier, choice, data, epsilon, signal);
      clean = shareOf(out.clean);
      const accuracy = shareOf(out.withstood);
      attacked.push({ attack: formatChoice(choice), norm: attack.norm, epsilon, accuracy });
      if (examples.length === 0 && i === radii.length >> 1) {
        examples = await examplesOf(classifier, data, out);
      }
    }
  }
  const { weights, lipschitz } = await conditioningOf(method, network, states);
  tensorsIn(states).forEach((t) => t.dispose());
  const { parameters, compression, ranks, secondsPerStep } = summary;
  return {
    ...candidate,
    ...{ parameters, compression, ranks, secondsPerStep },
    testAccuracy: firstMeasure(summary).value,
    cleanAccuracy: clean,
    conditioning: weights,
    lipschitz,
    attacked,
    examples,
  };
}

async function attackOnce(
  { candidate, options: o, sink }: Target,
  classifier: Classifier,
  choice: Choice<Attack>,
  data: LabelledImages,
  epsilon: number,
  signal: AbortSignal,
): Promise<AttackOutcome> {
  const meter = new RateMeter();
  const { plugin: attack, settings } = choice;
  const label = `${candidate.label}: ${formatChoice(choice)} ε ${epsilon}`;
  const steps: AttackSettings = o.attackSteps > 0 && "steps" in attack.defaults
    ? { steps: o.attackSteps }
    : {};
  const out = await attackImages(classifier, attack, data, epsilon, {
    settings: { ...steps, ...settings as AttackSettings },
    seed: candidate.seed,
    batch: 250,
    signal,
    onProgress: ({ done, total, accuracy }) => {
      const rate = meter.update(done, performance.now());
      if (!sink.isTerminal) return;
      sink.write(
        `\r\x1b[2K${progressLine({ label, done, total, rate, accuracy }, sink.columns() - 1)}`,
      );
    },
  });
  const line = `${label}: ${formatPercent(shareOf(out.withstood), 1)} left`;
  sink.write(sink.isTerminal ? `\r\x1b[2K${line}\n` : `${line}\n`);
  return out;
}

/** The first images that were right before, with their answers. */
async function examplesOf(
  classifier: Classifier,
  data: LabelledImages,
  out: AttackOutcome,
): Promise<Example[]> {
  const size = data.images.length / data.labels.length;
  const chosen = [...out.clean.keys()].filter((i) => out.clean[i]).slice(0, EXAMPLES);
  const examples: Example[] = [];
  for (const i of chosen) {
    const [before, after] = [data.images, out.images].map((x) =>
      x.slice(i * size, (i + 1) * size)
    ) as [Float32Array, Float32Array];
    examples.push({
      label: data.labels[i]!,
      before: await answer(classifier, before),
      after: await answer(classifier, after),
      image: bytesOf(before),
      attacked: bytesOf(after),
    });
  }
  return examples;
}

async function answer(classifier: Classifier, image: Float32Array): Promise<number> {
  const z = await classifier.logits(image);
  return z.indexOf(z.reduce((a, b) => Math.max(a, b)));
}

function bytesOf(image: Float32Array): string {
  return btoa(String.fromCharCode(...image.map((v) => Math.round(255 * v))));
}
