/**
 * What an attack is: a search, within a ball around an image, for one that is classified wrongly.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { type Plugin, Registry } from "../registry.ts";
import { checkedSettings, type Configurable, type SettingLimits } from "../settings.ts";
import { type BallNorm, balls, forRows } from "./ball.ts";
import { checkedClassifier, type Classifier } from "./classifier.ts";

/** Images to attack, with all that an attack may use. */
export interface AttackProblem {
  /** What is attacked. */
  readonly classifier: Classifier;
  /** Images in [0, 1], n×(h w c). */
  readonly images: Float32Array;
  /** True classes, n. */
  readonly labels: Int32Array;
  /** Classes to be mistaken for, n; absent: any wrong one will do. */
  readonly targets?: Int32Array;
  /** Radius ε of the ball around each image, n; may be Infinity for attacks that seek the least. */
  readonly radii: Float64Array;
  /** Source of everything random; each image has a stream of its own, by its number. */
  readonly random: Random;
  /** Numbers of the images in the whole collection, n: results do not depend on the batch. */
  readonly ids: Int32Array;
}

/** Settings of an attack by name; each reads those that it lists among its options. */
export type AttackSettings = Readonly<Record<string, number>>;

/** Of a number of things, of which none would be no attack. */
export const COUNT: SettingLimits = { integer: true, min: 1 };

/** Of a switch: 0 or 1. */
export const SWITCH: SettingLimits = { integer: true, min: 0, max: 1 };

/** A way to attack, found by name in the `attacks` registry. */
export interface Attack extends Configurable<AttackSettings> {
  /** Norm of its budget ε. */
  readonly norm: BallNorm;
  /** Whether it seeks the least perturbation; a budget then only says what counts. */
  readonly minimal: boolean;
  /** Whether it asks for derivatives; false for black boxes. */
  readonly gradients: boolean;
  /** Fewest classes that it can work with. */
  readonly fewestClasses: number;
  /**
   * Attacks.
   *
   * @param settings Overrides of the defaults.
   * @returns Images in [0, 1], n×(h w c), each in its ball; where none that succeeds was found, the
   * one nearest to success, or the image itself.
   * @throws {RangeError} When a setting is unknown or the problem is not one that it can solve.
   */
  perturb(problem: AttackProblem, settings?: AttackSettings): Promise<Float32Array>;
}

/** An attack as its author writes it. */
export interface AttackDefinition<S extends AttackSettings> extends Plugin {
  /** Norm of its budget. */
  readonly norm: BallNorm;
  /** Whether it seeks the least perturbation; default false. */
  readonly minimal?: boolean;
  /** Whether it asks for derivatives; default true. */
  readonly gradients?: boolean;
  /** Fewest classes that it can work with; default 2. */
  readonly fewestClasses?: number;
  /** Its settings with their defaults. */
  readonly defaults: S;
  /** Limits of its settings; 0 and more where nothing is said. */
  readonly limits?: Configurable<S>["limits"];
  /** The attack itself; its input is checked. */
  readonly run: (problem: AttackProblem, settings: S) => Promise<Float32Array>;
}

/** Attacks by name. */
export const attacks: Registry<Attack> = new Registry("attack");

/** Registers an attack: adds the checks that all share. */
export function defineAttack<S extends AttackSettings>(definition: AttackDefinition<S>): Attack {
  const { run, limits: _limits, ...plugin } = definition;
  const attack: Attack = {
    minimal: false,
    gradients: true,
    fewestClasses: 2,
    ...plugin,
    limits: limitsOf(definition),
    async perturb(problem, settings = {}) {
      checkAttack(attack, problem, settings);
      const classifier = checkedClassifier(problem.classifier);
      return await run({ ...problem, classifier }, { ...definition.defaults, ...settings });
    },
  };
  return attacks.add(attack);
}

/**
 * Refuses settings and problems that an attack cannot work with.
 *
 * @throws {RangeError} When a setting or the problem is none.
 */
export function checkAttack(
  attack: Attack,
  problem: AttackProblem,
  settings: AttackSettings,
): void {
  checkedSettings(attacks, attack, settings);
  checkProblem(attack, problem);
}

function limitsOf<S extends AttackSettings>(
  { defaults, limits }: AttackDefinition<S>,
): Record<string, SettingLimits> {
  const own = limits as Readonly<Record<string, SettingLimits>> | undefined;
  return Object.fromEntries(Object.keys(defaults).map((key) => [key, own?.[key] ?? { min: 0 }]));
}

/** How far beyond its ball an image may be, by rounding of its pixels to float32. */
const ROUNDING = 1e-6;

/**
 * Attacks, and checks what comes back: whoever adds an attack may be mistaken.
 *
 * @throws {RangeError} When images are missing, or one is outside its ball or not in [0, 1].
 */
export async function perturb(
  attack: Attack,
  problem: AttackProblem,
  settings: AttackSettings,
): Promise<Float32Array> {
  const images = await attack.perturb(problem, settings);
  const fail = (expected: string): never => {
    throw new RangeError(`Cannot use attack "${attack.name}": expected ${expected}`);
  };
  if (images.length !== problem.images.length) {
    fail(`it to return ${problem.images.length} pixels, got ${images.length}`);
  }
  if (!images.every((v) => v >= 0 && v <= 1)) fail("it to return pixels in [0, 1]");
  forRows(problem.labels.length, [images, problem.images], (i, x, centre) => {
    const [radius, distance] = [problem.radii[i]!, balls[attack.norm].distance(x!, centre!)];
    if (distance <= radius + ROUNDING * (1 + Math.min(1, radius))) return;
    fail(`images within ${radius} of the given ones, got one ${distance} away (${attack.norm})`);
  });
  return images;
}

/** The problem of some of the images. */
export function someOf(problem: AttackProblem, chosen: readonly number[]): AttackProblem {
  const { targets } = problem;
  const size = imageSize(problem);
  return {
    ...problem,
    images: rowsOf(problem.images, size, chosen),
    labels: Int32Array.from(chosen, (i) => problem.labels[i]!),
    ...(targets ? { targets: Int32Array.from(chosen, (i) => targets[i]!) } : {}),
    radii: Float64Array.from(chosen, (i) => problem.radii[i]!),
    ids: Int32Array.from(chosen, (i) => problem.ids[i]!),
  };
}

/** Some rows of a row-major matrix. */
export function rowsOf(data: Float32Array, width: number, chosen: readonly number[]): Float32Array {
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((i, k) => out.set(data.subarray(i * width, (i + 1) * width), k * width));
  return out;
}

/** Numbers of an image of the problem. */
export function imageSize({ classifier: { shape } }: AttackProblem): number {
  return shape[0] * shape[1] * shape[2];
}

/** A random stream for each image, of one purpose. */
export function streams(problem: AttackProblem, purpose: string): Random[] {
  const random = problem.random.fork(purpose);
  return Array.from(problem.ids, (id) => random.fork(id));
}

function checkProblem(attack: Attack, problem: AttackProblem): void {
  const { classifier: { classes }, images, labels, targets, radii, ids } = problem;
  const fail = (expected: string): never => {
    throw new RangeError(`Cannot attack by "${attack.name}": expected ${expected}`);
  };
  const n = labels.length;
  if (n === 0) fail("one image at least, got none");
  const lengths = [
    radii.length,
    ids.length,
    targets?.length ?? n,
    images.length / imageSize(problem),
  ];
  if (lengths.some((length) => length !== n)) {
    fail(`as many images, radii, numbers and targets as labels, ${n}, got ${lengths.join(", ")}`);
  }
  if (classes < attack.fewestClasses) {
    fail(`at least ${attack.fewestClasses} classes, got ${classes}`);
  }
  for (const label of [...labels, ...(targets ?? [])]) {
    if (label < 0 || label >= classes) fail(`classes below ${classes}, got ${label}`);
  }
  if (images.some((p) => !(p >= 0 && p <= 1))) {
    fail("pixels in [0, 1]; a normalisation belongs to the network");
  }
  const infinite = attack.minimal ? "" : ", finite as it fills its ball";
  if (radii.some((r) => !(r >= 0) || (r === Infinity && !attack.minimal))) {
    fail(`radii ≥ 0${infinite}, got ${radii.find((r) => !(r >= 0 && r < Infinity))}`);
  }
}
