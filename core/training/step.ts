/**
 * One training step: the generators of all weights advance together, and each forward and backward
 * pass answers all of them at once.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { NonFiniteError } from "../integrators/mod.ts";
import { Random } from "../random.ts";
import { evaluate, type Evaluation, type LabelledBatch, type Layer, networkAt } from "./network.ts";
import {
  type Evidence,
  type TrainingMethod,
  weightFormats,
  type WeightPoint,
  type WeightState,
  type WeightUpdate,
} from "./parameter.ts";
import { regularisedStates, regularizationAt } from "./regularize.ts";

/** States of all weights by name. */
export type WeightStates = Readonly<Record<string, WeightState>>;

/** Settings of one step. */
export interface StepSettings {
  /** Step size. */
  readonly rate: number;
  /** Largest allowed norm of the whole gradient; absent: no clipping. */
  readonly clipNorm?: number;
  /** Source of what layers draw in this step; default: the same in every step. */
  readonly random?: Random;
  /** Share of the run that is done, from 0 to 1, for strengths that change; default 0. */
  readonly progress?: number;
}

/** Outcome of one step. */
export interface StepOutcome {
  /** States after the step. */
  readonly states: WeightStates;
  /** Loss at the first evaluation, before the step. */
  readonly loss: number;
  /** Forward and backward passes taken. */
  readonly evaluations: number;
  /** Norm discarded by truncation, by weight name. */
  readonly discarded: Readonly<Record<string, number>>;
}

/** One weight on its way through a step. */
interface Mover {
  readonly name: string;
  readonly waits: boolean;
  readonly generator: AsyncGenerator<WeightPoint, WeightUpdate, Evidence>;
  point: WeightPoint;
  result?: WeightUpdate;
}

/**
 * Takes one step on one batch. The engine's memory afterwards holds what it held before, plus the
 * new states; the old states stay the caller's.
 *
 * Weights that wait, such as biases beside factors, are answered by the last pass only.
 *
 * @throws {NonFiniteError} When the loss or a core is not finite; the states are untouched.
 */
export async function trainStep(
  chosen: TrainingMethod,
  network: Layer,
  states: WeightStates,
  given: LabelledBatch,
  settings: StepSettings,
): Promise<StepOutcome> {
  return await chosen.engine.scope(async () => {
    const method = methodAt(chosen, settings.progress);
    const batch = await preparedBatch(method, network, states, given, settings.random);
    const movers = await start(method, network, states, settings.rate);
    const evaluations: Evaluation[] = [];
    try {
      for (let pending = true; pending;) {
        const points = new Map(movers.map((m) => [m.name, m.point]));
        const evaluation = await evaluate(
          method.engine,
          network,
          points,
          batch,
          settings.random,
          method.objective?.loss,
        );
        evaluations.push(evaluation);
        if (!Number.isFinite(evaluation.loss)) {
          throw new NonFiniteError(`Cannot take a step: the loss is ${evaluation.loss}`);
        }
        const pass = await clipped(method, network, movers, evaluation, settings.clipNorm);
        pending = await answer(movers.filter((m) => !m.waits && !m.result), pass);
        if (!pending) await answer(movers.filter((m) => m.waits), pass);
      }
    } finally {
      // Not before: a method of several stages may ask an earlier field again.
      for (const evaluation of evaluations) evaluation.dispose();
    }
    const done = outcome(movers, evaluations.map((e) => e.loss));
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

/** The batch that the objective of the method wants to see. */
async function preparedBatch(
  { engine, objective }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  batch: LabelledBatch,
  random: Random = new Random(0),
): Promise<LabelledBatch> {
  if (!objective?.prepare) return batch;
  const points = new Map(
    network.weights.map((w) => [w.name, weightFormats.get(w.format).point(states[w.name]!)]),
  );
  const at = networkAt(engine, network, points);
  return await objective.prepare(at, batch, random.fork("objective"));
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

async function start(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  rate: number,
): Promise<Mover[]> {
  const movers: Mover[] = [];
  for (const spec of network.weights) {
    const format = weightFormats.get(spec.format);
    const generator = format.update(method, spec, states[spec.name]!, rate);
    const first = await generator.next();
    if (first.done) throw new Error(`Cannot train "${spec.name}": it asks for no gradient`);
    movers.push({ name: spec.name, waits: format.waits, generator, point: first.value });
  }
  return movers;
}

/**
 * Hands each mover its evidence; true when one of them asks again. They advance side by side, so
 * that factorisations which a backend runs on other threads overlap with the rest.
 */
async function answer(
  movers: readonly Mover[],
  evidence: ReadonlyMap<string, Evidence>,
): Promise<boolean> {
  const answers = await Promise.allSettled(movers.map(async (mover) => {
    const next = await mover.generator.next(evidence.get(mover.name)!);
    if (next.done) mover.result = next.value;
    else mover.point = next.value;
    return !next.done;
  }));
  // All have come to rest before one failure ends the scope that owns their tensors.
  const failed = answers.find((a) => a.status === "rejected");
  if (failed) throw failed.reason;
  return answers.some((a) => a.status === "fulfilled" && a.value);
}

/** Evidence scaled down so that the norm of the whole gradient is at most `clipNorm`. */
async function clipped(
  method: TrainingMethod,
  network: Layer,
  movers: readonly Mover[],
  evaluation: Evaluation,
  clipNorm: number | undefined,
): Promise<ReadonlyMap<string, Evidence>> {
  if (clipNorm === undefined) return evaluation.evidence;
  let square = 0;
  for (const [i, spec] of network.weights.entries()) {
    const format = weightFormats.get(spec.format);
    const evidence = evaluation.evidence.get(spec.name)!;
    square += await format.gradientSquare(method, movers[i]!.point, evidence);
  }
  const factor = clipNorm / Math.sqrt(square);
  if (!(factor < 1)) return evaluation.evidence;
  const { engine } = method;
  const shrink = (e: Evidence): Evidence => ({
    gradient: engine.scale(factor, e.gradient),
    pairs: e.pairs.map((p) => ({
      ...p,
      d: engine.scale(factor, p.d),
      dv: engine.scale(factor, p.dv),
      ...p.dxu ? { dxu: engine.scale(factor, p.dxu) } : {},
    })),
  });
  return new Map(network.weights.map(({ name, format }) => {
    const evidence = evaluation.evidence.get(name)!;
    // What was observed is no gradient.
    const observed = weightFormats.get(format).anchor === undefined;
    return [name, observed ? evidence : shrink(evidence)];
  }));
}

function outcome(movers: readonly Mover[], losses: readonly number[]): StepOutcome {
  const states: Record<string, WeightState> = {};
  const discarded: Record<string, number> = {};
  for (const { name, result } of movers) {
    if (!result) throw new Error(`Cannot finish the step: "${name}" still waits for a gradient`);
    states[name] = result.state;
    if (result.discarded !== undefined) discarded[name] = result.discarded;
  }
  return { states, loss: losses[0]!, evaluations: losses.length, discarded };
}
