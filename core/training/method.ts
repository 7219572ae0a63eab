/**
 * How the weights of a run move: what they have in common, and what groups of them have apart.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import type { Integrator, Stepper, Truncation } from "../integrators/mod.ts";
import type { TuckerIntegrator } from "../integrators/tucker/mod.ts";
import type { Regularization } from "../regularizers/mod.ts";
import type { RefreshRule } from "./refresh.ts";
import { type OptimizerRule, optimizerStepper } from "./rule.ts";
import type { WeightSpec } from "./weight.ts";

/** What moves a weight, and how far. */
export interface Motion {
  /** How variables move. */
  readonly rule: OptimizerRule;
  /** How factors move within an integrator's step. */
  readonly stepper: Stepper;
  /** How factorised weights move. */
  readonly integrator: Integrator;
  /** How weights in Tucker format move; needed where there are some. */
  readonly tuckerIntegrator?: TuckerIntegrator;
  /** How ranks adapt. */
  readonly truncation: Truncation;
  /** When integrators take a step, and when only the cores move; default: they take every one. */
  readonly refresh?: RefreshRule;
}

/** Everything that updates have in common in one run. */
export interface TrainingMethod extends Motion {
  /** The engine that runs it. */
  readonly engine: Engine;
  /** Its matrices. */
  readonly algebra: Algebra<Tensor>;
  /** What is wanted of the weights beside a small loss; default: nothing. */
  readonly regularization?: readonly Regularization[];
  /** Seed of what movers draw while they move weights; a run sets its own. Default 0. */
  readonly seed?: number;
  /** Weights that move in a way of their own; where groups overlap, the last one decides. */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * Weights that move in a way of their own. What is absent is as in the rest of the run.
 *
 * @example The last layer learns slowly and does not decay
 * ```ts
 * import { fit, type Motion, type ParameterGroup, perceptron } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const motion: Partial<Motion> = {};
 * const slow: ParameterGroup = { ...motion, match: "dense2.*", rateFactor: 0.1, weightDecay: 0 };
 * const data = { x: [0, 1, 2, 3], y: [0, 1, 2, 3] };
 * const network = perceptron({ sizes: [1, 4, 1] });
 * using model = await fit(network, data, { epochs: 1, groups: [slow], backend: "cpu" });
 * assertEquals(model.history.lines.length, 1);
 * ```
 */
export interface ParameterGroup extends Partial<Omit<Motion, "truncation">> {
  /** Which weights: a name in which * stands for anything, or a question. */
  readonly match: string | ((spec: WeightSpec) => boolean);
  /** Mover in place of the format's own, such as "frozen" or "merging:period=50". */
  readonly mover?: string;
  /** Factor of the step size; default 1. */
  readonly rateFactor?: number;
  /** Decay λ of these weights, decoupled from the gradient; default: {@linkcode decayOf}. */
  readonly weightDecay?: number;
  /** What differs in how ranks adapt. */
  readonly truncation?: Partial<Truncation>;
}

/** How one weight moves. */
export interface WeightMotion {
  /** The method as this weight knows it. */
  readonly method: TrainingMethod;
  /** Step size. */
  readonly rate: number;
  /** Decay λ. */
  readonly decay: number;
  /** Registry name of the mover, where it is not the format's own. */
  readonly mover?: string;
}

/**
 * How a weight moves in a run.
 *
 * @param rate Step size of the run.
 */
export function motionOf(method: TrainingMethod, spec: WeightSpec, rate: number): WeightMotion {
  const groups = (method.groups ?? []).filter((g) => matchesWeight(g.match, spec));
  const merged: Partial<ParameterGroup> = Object.assign({}, ...groups);
  const { match: _, mover, rateFactor = 1, weightDecay, truncation, ...motion } = merged;
  const own = { ...method, ...motion };
  const decay = weightDecay ?? decayOf(own.rule, spec);
  return {
    method: {
      ...own,
      stepper: stepperOf(method, merged),
      ...(truncation ? { truncation: { ...method.truncation, ...truncation } } : {}),
    },
    rate: rate * rateFactor,
    decay,
    ...(mover === undefined ? {} : { mover }),
  };
}

/** Factors move by the stepper of their group's rule, at its decay. */
function stepperOf(method: TrainingMethod, group: Partial<ParameterGroup>): Stepper {
  const { stepper = method.stepper, rule, weightDecay } = group;
  if (rule && !group.stepper) {
    return optimizerStepper(rule, weightDecay === undefined ? {} : { decay: weightDecay });
  }
  return weightDecay === undefined ? stepper : stepper.withDecay?.(weightDecay) ?? stepper;
}

/** Matrices and kernels decay as the rule says; biases and scales of norms do not. */
export function decayOf(rule: OptimizerRule, { shape }: WeightSpec): number {
  return shape.length < 2 ? 0 : rule.weightDecay;
}

/** Whether a weight is one of those that a group names. */
export function matchesWeight(match: ParameterGroup["match"], spec: WeightSpec): boolean {
  if (typeof match === "function") return match(spec);
  const escaped = match.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(spec.name);
}
