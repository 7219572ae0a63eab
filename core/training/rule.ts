/**
 * Optimizer rules as the trainer sees them, and the stepper that lets integrators use them.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import type { Algebra } from "../algebra/mod.ts";
import type { Memory, RuleState, Stepper } from "../integrators/mod.ts";

/** What an update is told beside the flow. */
export interface RuleStep {
  /** Step size η. */
  readonly rate: number;
  /** Decoupled decay λ of this variable: x ← (1 − ηλ) x before the step. */
  readonly decay: number;
  /**
   * Whether the variable is a vector, such as a bias, and comes as a 1×n matrix: rules that are
   * about matrices leave it to their base rule. Default false.
   */
  readonly vector?: boolean;
}

/** A variable after an update. */
export interface Updated<M> {
  /** New value. */
  readonly value: M;
  /** What the rule wants to see at the next update; absent for rules without memory. */
  readonly state?: RuleState<M>;
}

/**
 * How one variable moves along the gradient flow: a pure function over the whole algebra, so state
 * is what it returns. Nobody but the rule reads it.
 *
 * `flow` is the *negative* gradient of the loss, the right-hand side of the gradient flow.
 *
 * @example Gradient descent of one's own
 * ```ts
 * import {
 *   type Algebra, fit, type OptimizerRule, perceptron, type RuleStep, type Updated,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const descent: OptimizerRule = {
 *   name: "own-descent",
 *   weightDecay: 0,
 *   transport: (_a, state) => state,
 *   update<M>(a: Algebra<M>, x: M, flow: M, { rate }: RuleStep): Updated<M> {
 *     return { value: a.lincomb(1, x, rate, flow) };
 *   },
 * };
 * const data = { x: [0, 1, 2, 3], y: [0, 1, 2, 3] };
 * const options = { optimizer: descent, epochs: 1, backend: "cpu" };
 * using model = await fit(perceptron({ sizes: [1, 1] }), data, options);
 * assertEquals(model.history.lines.length, 1);
 * ```
 */
export interface OptimizerRule extends Partial<Memory> {
  /** Registry name. */
  readonly name: string;
  /** Decay of the variables that decay: the caller passes it on, or 0, as {@linkcode RuleStep}. */
  readonly weightDecay: number;
  /**
   * Whether it wants variables of other than two dimensions as matrices: kernels with
   * height·width·in rows, vectors as one row. Default false: it works element by element.
   */
  readonly matrices?: boolean;
  /**
   * Whether entries of a variable move as far whatever the size of their gradients, which are
   * divided by a mean of their own. Then entries that are zero but for rounding would move as far
   * as any other. Default false.
   */
  readonly scaleFree?: boolean;
  /**
   * Directions whose span holds the next update before scaling and, where they differ, the momentum
   * after it: blocks of columns in the shape of the flow, such as the flow smoothed by momentum. The
   * state may lack all matrices but the tangent vector. Absent: the flow itself.
   */
  direction?<M>(a: Algebra<M>, flow: M, state: RuleState<M> | undefined): M | Promise<M>;
  /** One update of `x`. */
  update<M>(
    a: Algebra<M>,
    x: M,
    flow: M,
    step: RuleStep,
    state: RuleState<M> | undefined,
  ): Updated<M> | Promise<Updated<M>>;
}

/** What augments the bases. */
export type BasisDirections = "momentum" | "gradient";

/** What carries momentum into other bases. */
export type BasisMomentum = "tangent" | "core";

/** Settings of {@linkcode optimizerStepper}. */
export interface OptimizerStepperOptions {
  /**
   * What augments the bases: the gradient smoothed by the rule's momentum, or the gradient of the
   * batch alone, with which the descent bound of the augmented integrator holds for every rule;
   * the same for rules without momentum. Default "momentum".
   */
  readonly bases?: BasisDirections;
  /**
   * What carries momentum into other bases: that of all factors together, as one tangent vector, or
   * of each factor by the change of its own coordinates, as in the public code of RobustDLRT (arXiv
   * 2505.08022). Integrators that augment then have that of the core alone: less is carried on where
   * bases turn, which damps. Default "tangent".
   */
  readonly momentum?: BasisMomentum;
  /** Local updates of the core in one step, each with a gradient of its own; default 1. */
  readonly coreSteps?: number;
  /** Decoupled decay of the factors; default that of the rule. */
  readonly decay?: number;
}

/**
 * Lets an optimizer rule advance the sub-flows of an integrator.
 *
 * @param rule The rule; each factor has a state of its own, which the integrator carries along by
 * the rule's transport.
 * @throws {RangeError} When `coreSteps` is not a positive integer. What it returns throws one when
 * it is to move a factor and the rule has no transport.
 */
export function optimizerStepper(
  rule: OptimizerRule,
  options: OptimizerStepperOptions = {},
): Stepper {
  const { bases = "momentum", momentum = "tangent", coreSteps = 1, decay = rule.weightDecay } =
    options;
  checkInteger("make a stepper", "coreSteps", coreSteps);
  return {
    withDecay: (other) => optimizerStepper(rule, { ...options, decay: other }),
    name: `optimizer-${rule.name}`,
    description: `one update of ${rule.name} for each factor`,
    order: 0,
    ...(movesFactors(rule) ? { memory: momentum === "tangent" ? rule : apart(rule) } : {}),
    async *advance(a, flow, dt, moments) {
      requireTransport(rule);
      if (flow.spanOnly) {
        // span[U | K + dt F V] = span[U | F V]; leaving K out avoids its cancellation.
        const f = flow.known ?? (yield { ...flow.point(flow.start()), time: 0 });
        const direction = await flow.project(f);
        const smoothed = bases === "momentum" && rule.direction?.(a, direction, moments);
        return { value: await smoothed || direction };
      }
      let value = flow.start();
      let state = moments;
      const steps = flow.slot === "s" ? coreSteps : 1;
      for (let i = 0; i < steps; i++) {
        const known = i === 0 ? flow.known : undefined;
        const f = known ?? (yield { ...flow.point(value), time: 0 });
        const raw = await flow.project(f);
        // In new bases a part of the gradient vanishes, of which rounding leaves some. Later steps
        // have means of gradients that are none.
        const noisy = rule.scaleFree && state === undefined;
        const gradient = noisy ? await a.withoutRoundOff(raw) : raw;
        const next = await rule.update(a, value, gradient, { rate: dt, decay }, state);
        value = next.value;
        state = next.state;
      }
      return { value, ...(state ? { moments: state } : {}) };
    },
  };
}

/** A memory whose states follow each factor by itself. */
function apart(memory: Memory): Memory {
  return { transport: (a, state, change) => memory.transport(a, state, change) };
}

/** Whether the state of a rule can follow a factor into other bases. */
export function movesFactors(rule: OptimizerRule): rule is OptimizerRule & Memory {
  return rule.transport !== undefined;
}

/**
 * Refuses a rule that cannot move the factors of a weight; to be asked when a run starts.
 *
 * @param weight Name of the weight, for the message.
 * @throws {RangeError} When the rule has no transport.
 */
export function requireTransport(rule: OptimizerRule, weight?: string): void {
  if (movesFactors(rule)) return;
  throw new RangeError(
    `Cannot move the factors${weight === undefined ? "" : ` of "${weight}"`} by optimizer ` +
      `"${rule.name}": expected one that carries its state into other bases, got one that cannot; ` +
      `choose another optimizer or dense weights`,
  );
}
