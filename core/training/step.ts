/**
 * One training step: the generators of all weights advance together, and each answer of the
 * evaluator answers all of them at once.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { checkNumber, NonFiniteError } from "../checks.ts";
import { type Evaluation, type Evaluator, scaledEvidence, type Together } from "./evaluator.ts";
import {
  moverOf,
  representationOf,
  stateOf,
  updateWeight,
  weightFormats,
  type WeightUpdate,
} from "./format.ts";
import { motionOf, type TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { Moment } from "./refresh.ts";
import { regularisedStates, regularizationAt } from "./regularize.ts";
import type { Evidence, WeightPoint, WeightSpec, WeightState, WeightStates } from "./weight.ts";

/** Settings of one step. */
export interface StepSettings {
  /** Step size. */
  readonly rate: number;
  /** Largest allowed norm of the whole gradient; absent: no clipping. */
  readonly clipNorm?: number;
  /** Share of the run that is done, from 0 to 1, for strengths that change; default 0. */
  readonly progress?: number;
  /** Whether it is the last step of the run: what a refresh rule puts off is done; default false. */
  readonly final?: boolean;
  /** Steps of the run that are done, and those in all, for schedules that count; absent: unknown. */
  readonly count?: Moment["count"];
}

/** Outcome of one step. */
export interface StepOutcome {
  /** States after the step. */
  readonly states: WeightStates;
  /** Loss at the first evaluation, before the step. */
  readonly loss: number;
  /** Forward and backward passes taken. */
  readonly evaluations: number;
  /** Seconds that they took. */
  readonly passSeconds: number;
  /** Norm discarded by truncation, by weight name. */
  readonly discarded: Readonly<Record<string, number>>;
}

/** One weight on its way through a step. */
interface Moving {
  readonly spec: WeightSpec;
  readonly waits: boolean;
  readonly generator: AsyncGenerator<WeightPoint, WeightUpdate, Evidence>;
  /** Whether it asks for a gradient. */
  readonly moves: boolean;
  point: WeightPoint;
  result?: WeightUpdate;
}

/**
 * Takes one step. The engine's memory afterwards holds what it held before, plus the new states;
 * the old states stay the caller's.
 *
 * Weights that wait, such as biases beside factors, are answered by the last pass only; weights
 * that stand still are answered by none.
 *
 * @param evaluator Answers the points at which movers ask for gradients.
 * @throws {NonFiniteError} When the loss or a core is not finite; the states are untouched.
 * @throws {RangeError} When no weight moves, or a setting makes no sense.
 */
export async function trainStep(
  chosen: TrainingMethod,
  network: Layer,
  states: WeightStates,
  evaluator: Evaluator,
  settings: StepSettings,
): Promise<StepOutcome> {
  const { rate, clipNorm, progress = 0, final = false } = settings;
  // An infinite rate leaves the finite numbers: that is divergence, and found as such.
  if (rate !== Infinity) checkNumber("take a step", "rate", rate, { least: 0 });
  checkNumber("take a step", "progress", progress, { least: 0, most: 1 });
  if (clipNorm !== undefined) checkNumber("take a step", "clipNorm", clipNorm, { above: 0 });
  return await chosen.engine.scope(async () => {
    const method = methodAt(chosen, settings.progress);
    const moment = { progress, final, ...(settings.count ? { count: settings.count } : {}) };
    const weights = await start(method, network, states, rate, moment);
    const moving = new Set(weights.filter((w) => w.moves).map((w) => w.spec.name));
    if (moving.size === 0) {
      throw new RangeError("Cannot take a step: expected a weight that moves, all are frozen");
    }
    const evaluations: Evaluation[] = [];
    let passSeconds = 0;
    try {
      for (let pending = true; pending;) {
        const points = new Map(weights.map((w) => [w.spec.name, w.point]));
        const before = performance.now();
        const evaluation = await evaluator(points, moving);
        passSeconds += (performance.now() - before) / 1000;
        evaluations.push(evaluation);
        if (!Number.isFinite(evaluation.loss)) {
          throw new NonFiniteError(`Cannot take a step: the loss is ${evaluation.loss}`);
        }
        const evidence = await clipped(method, weights, evaluation, settings.clipNorm);
        const { together } = evaluation;
        pending = await answer(weights.filter((w) => !w.waits && !w.result), evidence, together);
        if (pending) continue;
        await answer(weights.filter((w) => w.waits && !w.result), evidence, together);
      }
    } finally {
      // Not before: a method of several stages may ask an earlier field again.
      for (const evaluation of evaluations) evaluation.dispose();
    }
    const taken = { ...outcome(weights, evaluations.map((e) => e.loss)), passSeconds };
    const done = {
      ...taken,
      states: await allocated(method, weights, states, taken.states, moment),
    };
    if (!method.regularization) return done;
    return {
      ...done,
      states: await regularisedStates(method, network, done.states, settings.rate),
    };
  });
}

/** The method with the strengths of this moment. */
function methodAt(method: TrainingMethod, progress = 0): TrainingMethod {
  if (!method.regularization) return method;
  return { ...method, regularization: regularizationAt(method, progress) };
}

/** Brings every weight to the first point at which it asks for a gradient, if it asks for one. */
async function start(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  rate: number,
  moment: Moment,
): Promise<Moving[]> {
  const weights: Moving[] = [];
  for (const spec of network.weights) {
    const state = states[spec.name]!;
    const generator = updateWeight(method, spec, state, rate, moment);
    const { waits } = moverOf(method, spec);
    const own = { spec, waits, generator };
    const first = await generator.next();
    weights.push(
      first.done
        ? { ...own, moves: false, point: standing(spec, state), result: first.value }
        : { ...own, moves: true, point: first.value },
    );
  }
  return weights;
}

/** Where a weight is that stands still. */
function standing(spec: WeightSpec, state: WeightState): WeightPoint {
  return representationOf(spec).point(state);
}

/**
 * Hands each weight its evidence; true when one of them asks again. They advance side by side, so
 * that factorisations which a backend runs on other threads overlap with the rest.
 */
async function answer(
  weights: readonly Moving[],
  evidence: ReadonlyMap<string, Evidence>,
  together: Together | undefined,
): Promise<boolean> {
  together?.rounds.enter(weights.map(({ spec }) => spec.name));
  const answers = await Promise.allSettled(weights.map(async (weight) => {
    const { name } = weight.spec;
    const next = await weight.generator.next(evidence.get(name)!)
      .finally(() => together?.rounds.leave(name));
    if (next.done) weight.result = next.value;
    else weight.point = next.value;
    return !next.done;
  }));
  // All have come to rest before one failure ends the scope that owns their tensors.
  const failed = answers.find((a) => a.status === "rejected");
  if (failed) throw failed.reason;
  return answers.some((a) => a.status === "fulfilled" && a.value);
}

/**
 * Evidence scaled down so that the norm of the whole gradient is at most `clipNorm`. Where members
 * hold parts of the batch, the mean of their norms is no smaller than the norm of their mean: only
 * where it is above the bound do they sum whole gradients, which nobody has of a factorised weight.
 */
async function clipped(
  method: TrainingMethod,
  weights: readonly Moving[],
  { evidence, together }: Evaluation,
  clipNorm: number | undefined,
): Promise<ReadonlyMap<string, Evidence>> {
  if (clipNorm === undefined) return evidence;
  // What was observed of a statistic is no gradient.
  const moving = weights.filter(({ spec }) =>
    evidence.has(spec.name) && representationOf(spec).anchor !== undefined
  );
  if (together) {
    const own = await gradientNorm(method, moving, (name) => ofPart(evidence.get(name)!));
    if (!(await together.mean(own) > clipNorm)) return evidence;
  }
  const factor = clipNorm / await gradientNorm(method, moving, (name) => evidence.get(name)!);
  if (!(factor < 1)) return evidence;
  const shrunk = moving.map(({ spec: { name } }) =>
    [name, scaledEvidence(method.engine, factor, evidence.get(name)!)] as const
  );
  return new Map([...evidence, ...shrunk]);
}

/** Evidence of which only this member's part counts. */
function ofPart({ mean: _, ...own }: Evidence): Evidence {
  return own;
}

/** Norm of the gradient in all of some weights. */
async function gradientNorm(
  method: TrainingMethod,
  weights: readonly Moving[],
  evidence: (name: string) => Evidence,
): Promise<number> {
  let square = 0;
  for (const { spec, point } of weights) {
    const known = evidence(spec.name);
    square += await method.engine.scope(() =>
      representationOf(spec).gradientSquare(method, point, known, spec)
    );
  }
  return Math.sqrt(square);
}

function outcome(
  weights: readonly Moving[],
  losses: readonly number[],
): Omit<StepOutcome, "passSeconds"> {
  const states: Record<string, WeightState> = {};
  const discarded: Record<string, number> = {};
  for (const { spec: { name }, result } of weights) {
    if (!result) throw new Error(`Cannot finish the step: "${name}" still waits for a gradient`);
    states[name] = result.state;
    if (result.discarded !== undefined) discarded[name] = result.discarded;
  }
  return { states, loss: losses[0]!, evaluations: losses.length, discarded };
}

/** The states after what formats and movers do over all of their weights that moved. */
async function allocated(
  method: TrainingMethod,
  weights: readonly Moving[],
  before: WeightStates,
  states: WeightStates,
  moment: Moment,
): Promise<WeightStates> {
  const out: Record<string, WeightState> = { ...states };
  const moved = weights.filter(({ moves }) => moves);
  const kind = (spec: WeightSpec) => JSON.stringify([spec.format, motionOf(method, spec, 0).mover]);
  for (const [, group] of Map.groupBy(moved, ({ spec }) => kind(spec))) {
    const { spec: first } = group[0]!;
    const allocate = weightFormats.get(first.format).allocate ?? moverOf(method, first).allocate;
    if (!allocate) continue;
    const own = group
      .map(({ spec }) => ({ spec, before: before[spec.name]!, state: out[spec.name]! }));
    const found = await allocate(method, own, moment);
    own.forEach(({ spec }, i) => out[spec.name] = stateOf(spec, found[i]!));
  }
  return out;
}

/**
 * Frees the tensors of `before` that `after` does not share.
 *
 * @param before States that are done with.
 * @param after States that live on.
 */
export function disposeStates(before: WeightStates, after: WeightStates): void {
  const kept = new Set(tensorsIn(after));
  for (const t of tensorsIn(before)) if (!kept.has(t)) t.dispose();
}

/** All tensors of a tree. */
export function tensorsIn(tree: unknown): Tensor[] {
  if (typeof tree !== "object" || tree === null) return [];
  if (isTensor(tree)) return [tree];
  return Object.values(tree).flatMap(tensorsIn);
}

/** Whether a node of a state tree is a tensor. */
export function isTensor(x: object): x is Tensor {
  return "dispose" in x && "dtype" in x;
}
