/**
 * What may be chosen when a network is fitted, and what it is otherwise.
 *
 * @module
 */

import {
  augmentedBug,
  augmentedTuckerBug,
  checkInteger,
  checkNumber,
  choose,
  eachStep,
  type Engine,
  engineAlgebra,
  type Integrator,
  integrators,
  type Layer,
  type Listener,
  openEngine,
  openHostAlgebra,
  type OptimizerRule,
  optimizerStepper,
  type ParameterGroup,
  parseChoice,
  type Plugin,
  type RefreshRule,
  refreshRules,
  type Registry,
  type Regularization,
  relativeFrobenius,
  type TrainingMethod,
  type TruncationRule,
  truncationRules,
  type TuckerIntegrator,
  tuckerIntegrators,
  type WeightStates,
} from "../../core/mod.ts";
import {
  adam,
  cosine,
  optimizers,
  type Schedule,
  schedules,
  seededRule,
} from "../../optimizers/mod.ts";
import { dense, methods } from "../methods.ts";
import type { Arrays } from "./numbers.ts";

/** Where a network runs. */
export interface RunsOn {
  /**
   * Registry name of the backend, or "auto" for the first that works; or an engine that is open.
   * Default "auto".
   */
  readonly backend?: string | Engine | undefined;
  /** Threads; default: those that the backend finds best. */
  readonly threads?: number | undefined;
}

/**
 * Choices of {@linkcode fit}: plugins as values, or by the names that `list` shows.
 *
 * @example Settings kept in one place
 * ```ts
 * import { fit, type FitOptions, perceptron, type RunsOn } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const where: RunsOn = { backend: "cpu" };
 * const options: FitOptions = { ...where, epochs: 2, optimizer: "adamw:weightDecay=0.01", maxRank: 2 };
 * const network = perceptron({ sizes: [2, 8, 1], format: "low-rank" });
 * using model = await fit(network, { x: [[0, 1], [1, 0]], y: [1, 0] }, options);
 * assertEquals(model.ranks, { "dense1.weight": 2 });
 * ```
 */
export interface FitOptions extends RunsOn {
  /** Examples to measure on; default: some that are kept back, see `holdOut`. */
  readonly test?: Arrays | undefined;
  /**
   * Share of the examples that is kept back to measure on, in [0, 1); default 0.1. With 0 it is
   * measured on what it was trained on. Not for a task, which has its own.
   */
  readonly holdOut?: number | undefined;
  /** Passes through the training examples; default: 10, or what makes 1,000 steps. */
  readonly epochs?: number | undefined;
  /** Examples per step; default 32, or 128 of 4,096 examples or more. */
  readonly batch?: number | undefined;
  /** Seed of weights, order and what is kept back; default 1. */
  readonly seed?: number | undefined;
  /** Base step size; default: what suits the format of the weights. */
  readonly learningRate?: number | undefined;
  /** Course of the step size; default: half a cosine down to 0. */
  readonly schedule?: Schedule | string | undefined;
  /** Steps of linear warm-up; default 0. */
  readonly warmup?: number | undefined;
  /** How variables move: a rule, or a name with settings such as "adamw:weightDecay=0.01". */
  readonly optimizer?: OptimizerRule | string | undefined;
  /** How weights in the form U S Vᵀ move; default "augmented-bug". */
  readonly integrator?: Integrator | string | undefined;
  /** How weights in Tucker format move; default "augmented-tucker-bug". */
  readonly tuckerIntegrator?: TuckerIntegrator | string | undefined;
  /** When integrators take a step, and when only the cores move; default "each-step". */
  readonly refresh?: RefreshRule | string | undefined;
  /** How ranks are chosen; default "relative-frobenius". */
  readonly truncation?: TruncationRule | string | undefined;
  /** Threshold of that rule; default 0.1. */
  readonly tolerance?: number | undefined;
  /**
   * Rank at the start, of weights that name none; default: a quarter of their smaller extent,
   * and 8 at least. Integrators that adapt ranks go on from there.
   */
  readonly rank?: number | undefined;
  /** Ranks never fall below; default 1. */
  readonly minRank?: number | undefined;
  /** Ranks never rise above; default: none. */
  readonly maxRank?: number | undefined;
  /** Largest norm of the whole gradient; default: none. */
  readonly clipNorm?: number | undefined;
  /** Weights that move in a way of their own. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** What is wanted of the weights beside a small loss. */
  readonly regularization?: readonly Regularization[] | undefined;
  /** Weights to start from, such as those of a model that is to learn on; default: random ones. */
  readonly start?: { readonly states: WeightStates } | undefined;
  /** True prints the course of the training; a function hears it. Default: silence. */
  readonly progress?: boolean | Listener | undefined;
  /**
   * Folder for settings, measurements and a checkpoint after each pass. The same fit goes on with
   * what it finds there, and ends as if it had not been interrupted. Default: nothing is written.
   */
  readonly folder?: string | undefined;
  /** Ends the training after the step under way; the model is as it is then. */
  readonly signal?: AbortSignal | undefined;
}

/** Steps that a training has by default, at least. */
const STEPS = 1000;
/** Passes that it has by default, at least. */
const EPOCHS = 10;
/** Rank at the start, at least: a rank that starts too small has trouble to grow. */
const LEAST_RANK = 8;
/** Examples from which on batches are the large ones. */
const MANY = 4096;

/** The method that the options choose. */
export async function methodOf(options: FitOptions): Promise<TrainingMethod> {
  const { optimizer, truncation, tolerance = 0.1, minRank, maxRank, refresh = eachStep } = options;
  const rule = optimizer === undefined ? adam.create() : ruleOf(options, optimizer);
  const chosen = {
    rule,
    stepper: optimizerStepper(rule),
    integrator: pluginOf(integrators, options.integrator, augmentedBug),
    tuckerIntegrator: pluginOf(tuckerIntegrators, options.tuckerIntegrator, augmentedTuckerBug),
    refresh: typeof refresh === "string" ? choose(refreshRules, refresh) : refresh,
    truncation: {
      rule: pluginOf(truncationRules, truncation, relativeFrobenius),
      tolerance: checkNumber("fit the network", "tolerance", tolerance, { least: 0 }),
      ...(minRank === undefined ? {} : { minRank }),
      ...(maxRank === undefined ? {} : { maxRank }),
    },
    ...(options.groups ? { groups: options.groups } : {}),
    ...(options.regularization ? { regularization: options.regularization } : {}),
  };
  const engine = await engineOf(options);
  return { ...chosen, engine, algebra: engineAlgebra(engine, await openHostAlgebra()) };
}

async function engineOf({ backend = "auto", threads }: RunsOn): Promise<Engine> {
  if (typeof backend !== "string") return backend;
  return (await openEngine(backend, threads === undefined ? {} : { threads })).engine;
}

function ruleOf({ seed = 1 }: FitOptions, optimizer: OptimizerRule | string): OptimizerRule {
  if (typeof optimizer !== "string") return optimizer;
  const { plugin, settings } = parseChoice(optimizers, optimizer);
  return seededRule(plugin, seed, settings);
}

/** A plugin as it is given, by its name, or the usual one. */
export function pluginOf<T extends Plugin>(
  table: Registry<T>,
  given: T | string | undefined,
  usual: T,
): T {
  return typeof given === "string" ? table.get(given) : given ?? usual;
}

/** The schedule of the options. */
export function scheduleOf({ schedule }: FitOptions): Schedule {
  return pluginOf(schedules, schedule, cosine);
}

/** Base step size: that of the comparisons for weights of such a format. */
export function learningRateOf(network: Layer, { learningRate }: FitOptions): number {
  if (learningRate !== undefined) return learningRate;
  const formats = new Set(network.weights.map((spec) => spec.format));
  formats.delete(dense.format);
  return methods.list().find((m) => formats.has(m.format))?.learningRate ?? dense.learningRate;
}

/** The network with a rank for each weight that names none. */
export function withStartRanks(network: Layer, { rank }: FitOptions): Layer {
  if (rank !== undefined) checkInteger("fit the network", "rank", rank);
  const weights = network.weights.map((spec) => {
    if (spec.shape.length < 2 || spec.rank !== undefined || spec.ranks) return spec;
    const smaller = Math.min(...spec.shape.slice(-2));
    return { ...spec, rank: rank ?? Math.max(LEAST_RANK, Math.ceil(smaller / 4)) };
  });
  return { ...network, weights };
}

/** Examples per step, and passes through them. */
export function lengthsOf(count: number, options: FitOptions): { batch: number; epochs: number } {
  const batch = Math.min(count, options.batch ?? (count < MANY ? 32 : 128));
  checkInteger("fit the network", "batch", batch);
  const perEpoch = Math.floor(count / batch);
  const epochs = options.epochs ?? Math.max(EPOCHS, Math.ceil(STEPS / perEpoch));
  return { batch, epochs: checkInteger("fit the network", "epochs", epochs) };
}

/** Examples that are kept back of so many. */
export function heldBack(count: number, { holdOut = 0.1 }: FitOptions): number {
  checkNumber("fit the network", "holdOut", holdOut, { least: 0, below: 1 });
  return Math.min(count - 1, Math.ceil(holdOut * count));
}
