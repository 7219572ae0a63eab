/**
 * How the weights of small GPTs move.
 *
 * @module
 */

import {
  choose,
  engineAlgebra,
  integrators,
  type openHostAlgebra,
  type OptimizerRule,
  optimizerStepper,
  type ParameterGroup,
  parseChoice,
  refreshRules,
  type TrainingMethod,
  truncationRules,
  tuckerIntegrators,
} from "../../core/mod.ts";
import { optimizers, seededRule } from "../../optimizers/mod.ts";
import { movedBy } from "../methods.ts";

/** What decides it. */
export interface MethodChoice {
  /** Seed of the run. */
  readonly seed: number;
  /** What moves full weights and cores, with settings as they are typed. */
  readonly optimizer: string;
  /** Decay of the second moment. */
  readonly beta2: number;
  /** Decoupled decay of matrices and tables. */
  readonly weightDecay: number;
  /** Format of matrices in blocks. */
  readonly format: string;
  /** What moves them, with settings, or "own" for what their format says. */
  readonly mover: string;
  /** Registry name of what moves factors of matrices. */
  readonly integrator: string;
  /** The same for Tucker tensors. */
  readonly tuckerIntegrator: string;
  /** Registry name of when integrators take a step. */
  readonly refresh: string;
  /** Whether the ranks of matrices adapt. */
  readonly adaptive: boolean;
  /** Rank of matrices at the start. */
  readonly rank: number;
  /** Ranks that adapt never fall below. */
  readonly minRank: number;
  /** Nor rise above. */
  readonly maxRank: number;
  /** Of the truncation. */
  readonly tolerance: number;
  /** What decides ranks that adapt. */
  readonly truncation: string;
}

/** An optimizer rule on what is full and on cores; integrators move the bases. */
export function methodOf(
  o: MethodChoice,
  engine: TrainingMethod["engine"],
  host: Awaited<ReturnType<typeof openHostAlgebra>>,
): TrainingMethod {
  const rule = ruleOf(o);
  const { minRank, maxRank, tolerance, rank } = o;
  const fixed: ParameterGroup = {
    match: (spec) => spec.shape.length === 2,
    truncation: { tolerance: 0, minRank: rank, maxRank: rank },
  };
  return {
    engine,
    algebra: engineAlgebra(engine, host),
    rule,
    stepper: optimizerStepper(rule),
    integrator: choose(integrators, o.integrator),
    tuckerIntegrator: choose(tuckerIntegrators, o.tuckerIntegrator),
    refresh: choose(refreshRules, o.refresh),
    truncation: { rule: choose(truncationRules, o.truncation), minRank, maxRank, tolerance },
    groups: [...o.adaptive ? [] : [fixed], ...movedBy(o.mover, o.format)],
  };
}

/** The optimizer with these two settings where it has them, and those that it was given. */
function ruleOf({ seed, optimizer, beta2, weightDecay }: MethodChoice): OptimizerRule {
  const { plugin, settings } = parseChoice(optimizers, optimizer);
  const own = Object.entries({ beta2, weightDecay }).filter(([key]) => key in plugin.defaults);
  return seededRule(plugin, seed, { ...Object.fromEntries(own), ...settings });
}
