/** Small networks and methods that tests of training share. */

import {
  type AugmentationStep,
  augmentedBug,
  augmentedTuckerBug,
  backends,
  type Batch,
  batchEvaluator,
  blobs,
  crossEntropyLoss,
  type Dataset,
  type Engine,
  engineAlgebra,
  type Evaluation,
  imageClassification,
  type Integrator,
  type Layer,
  type Matrix,
  matrix,
  openEngine,
  type OptimizerRule,
  optimizerStepper,
  type Points,
  Random,
  type RefreshRule,
  relativeFrobenius,
  StateStore,
  type StepOutcome,
  type StepSettings,
  type Task,
  type Tensor,
  type TrainerState,
  type TrainingMethod,
  type TrainOptions,
  trainStep,
  type Truncation,
  type TuckerIntegrator,
  type WeightStates,
} from "../../core/mod.ts";
import { perceptron } from "../../layers/mod.ts";
import { sgd } from "../../optimizers/mod.ts";

/** What a test of training chooses. */
export interface MethodChoice {
  /** Registry name of the backend; default "cpu". */
  readonly backend?: string;
  /** Default: gradient descent. */
  readonly rule?: OptimizerRule;
  /** Default: augmented-bug. */
  readonly integrator?: Integrator;
  /** Default: augmented-tucker-bug. */
  readonly tuckerIntegrator?: TuckerIntegrator;
  /** Default: nothing is truncated but what is zero. */
  readonly truncation?: Truncation;
  /** Default: integrators take every step. */
  readonly refresh?: RefreshRule;
  /** Local updates of the core in a step; default 1. */
  readonly coreSteps?: number;
}

/** Opens a backend and makes a method of the choice. */
export async function methodOf(choice: MethodChoice = {}): Promise<TrainingMethod> {
  const { backend = "cpu", rule = sgd.create(), integrator = augmentedBug, coreSteps = 1 } = choice;
  const { engine } = await openEngine(backend);
  return {
    engine,
    algebra: engineAlgebra(engine),
    rule,
    stepper: optimizerStepper(rule, { coreSteps }),
    integrator,
    tuckerIntegrator: choice.tuckerIntegrator ?? augmentedTuckerBug,
    truncation: choice.truncation ?? { rule: relativeFrobenius, tolerance: 0 },
    ...(choice.refresh ? { refresh: choice.refresh } : {}),
  };
}

/** The CPU backends that work here. */
export async function presentBackends(): Promise<string[]> {
  const present: string[] = [];
  for (const name of ["blas", "wasm", "cpu"]) {
    if (await backends.get(name).probe() === undefined) present.push(name);
  }
  return present;
}

/** Four classes of 6×6 images. */
export async function blobsOf(trainCount: number, testCount = 40, seed = 1): Promise<Dataset> {
  return await blobs.load({ seed, trainCount, testCount });
}

/** Images of a short run in place of blobs. */
export interface ImageChoice {
  /** Default: 80 blobs. */
  readonly dataset?: Dataset;
  /** Default: none. */
  readonly augmentation?: readonly AugmentationStep[];
}

/** Options of a short run on blobs, to be overridden. */
export async function shortRun(
  choice: MethodChoice & ImageChoice & Partial<TrainOptions> = {},
): Promise<TrainOptions> {
  const {
    backend: _b,
    rule: _r,
    integrator: _i,
    truncation: _t,
    refresh: _f,
    coreSteps: _c,
    tuckerIntegrator: _k,
    dataset,
    augmentation,
    ...options
  } = choice;
  return {
    label: "test",
    method: await methodOf(choice),
    network: perceptron({ sizes: [36, 12, 10, 4], format: "low-rank", rank: 3 }),
    task: imageClassification(dataset ?? await blobsOf(80), augmentation),
    seed: 3,
    epochs: 2,
    batch: 10,
    rate: () => 0.1,
    ...options,
  };
}

/** Inputs with their classes. */
export type LabelledBatch = { readonly x: Tensor; readonly y: Tensor };

/** One step on a batch. */
export function stepOn(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  batch: Batch,
  { random, ...settings }: StepSettings & { readonly random?: Random },
  loss: Task["loss"] = crossEntropyLoss,
): Promise<StepOutcome> {
  const evaluator = batchEvaluator(method.engine, network, loss, batch, random);
  return trainStep(method, network, states, evaluator, settings);
}

/** One forward and backward pass on a batch, with the gradients of all weights. */
export function evaluateAt(
  engine: Engine,
  network: Layer,
  points: Points,
  batch: Batch,
  random?: Random,
): Promise<Evaluation> {
  const all = new Set(network.weights.map((w) => w.name));
  return batchEvaluator(engine, network, crossEntropyLoss, batch, random)(points, all);
}

/** A state as one plain record. */
export async function storeState(
  engine: Engine,
  state: TrainerState,
): Promise<Record<string, unknown>> {
  return (await new StateStore(engine, {}).store(state)).record;
}

/** Reads a matrix back in float64. */
export async function readMatrix(engine: Engine, t: Tensor): Promise<Matrix> {
  const [rows, cols = 1] = t.shape as [number, number?];
  return matrix(await engine.read(t), rows, cols);
}

/** U S Vᵀ, or the value of a dense weight, in float64. */
export async function denseWeight(
  engine: Engine,
  states: WeightStates,
  name: string,
): Promise<Matrix> {
  const state = states[name] as unknown as Record<string, Tensor>;
  if (state.value) return await readMatrix(engine, state.value);
  const [u, s, v] = await Promise.all(
    [state.u!, state.s!, state.v!].map((t) => readMatrix(engine, t)),
  );
  const us = product(u!, s!);
  return product(us, v!, true);
}

function product(x: Matrix, y: Matrix, transposeRight = false): Matrix {
  const n = transposeRight ? y.rows : y.cols;
  const out = new Float64Array(x.rows * n);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < x.cols; k++) {
        sum += x.data[i * x.cols + k]! * y.data[transposeRight ? j * y.cols + k : k * n + j]!;
      }
      out[i * n + j] = sum;
    }
  }
  return { rows: x.rows, cols: n, data: out };
}

/** A batch of normal inputs with random labels; belongs to the innermost scope. */
export function randomBatch(
  engine: Engine,
  count: number,
  inputs: number,
  classes: number,
  seed = 1,
): LabelledBatch {
  const random = new Random(seed);
  const x = engine.tensor(random.fillNormal(new Float32Array(count * inputs)), [count, inputs]);
  const labels = Int32Array.from({ length: count }, () => random.integer(classes));
  return { x, y: engine.tensor(labels, [count]) };
}

/** The dense network with the same layers. */
export function denseTwin(network: Layer): Layer {
  return {
    ...network,
    weights: network.weights.map((w) => ({ ...w, format: "dense" })),
  };
}

/** States of the dense twin at the same point; its tensors belong to the innermost scope. */
export async function denseStates(
  engine: Engine,
  network: Layer,
  states: WeightStates,
): Promise<WeightStates> {
  const out: Record<string, WeightStates[string]> = {};
  for (const { name, shape } of network.weights) {
    const { data } = await denseWeight(engine, states, name);
    out[name] = { format: "dense", value: engine.tensor(Float32Array.from(data), shape) };
  }
  return out;
}
