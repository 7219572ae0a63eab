/**
 * Optimizer rules as the trainer sees them, and the stepper that lets integrators use them.
 *
 * @module
 */

import type { Elementwise } from "../algebra/mod.ts";
import type { Moments, Stepper } from "../integrators/mod.ts";

/** A variable after an update. */
export interface Updated<M> {
  /** New value. */
  readonly value: M;
  /** New moments; absent for rules without memory. */
  readonly moments?: Moments<M>;
}

/**
 * How one variable moves along the gradient flow: a pure function, so state is what it returns.
 *
 * `flow` is the *negative* gradient of the loss, the right-hand side of the gradient flow.
 */
export interface OptimizerRule {
  /** Registry name. */
  readonly name: string;
  /**
   * Whether entries of a variable move as far whatever the size of their gradients, which are
   * divided by a mean of their own. Then entries that are zero but for rounding would move as far
   * as any other. Default false.
   */
  readonly scaleFree?: boolean;
  /** The flow smoothed by the first moment: the direction of the next update before scaling. */
  direction<M>(a: Elementwise<M>, flow: M, moments: Moments<M> | undefined): M;
  /** One update of `x` with step size `rate`. */
  update<M>(
    a: Elementwise<M>,
    x: M,
    flow: M,
    rate: number,
    moments: Moments<M> | undefined,
  ): Updated<M>;
}

/** What augments the bases. */
export type BasisDirections = "momentum" | "gradient";

/** Settings of {@linkcode optimizerStepper}. */
export interface OptimizerStepperOptions {
  /**
   * What augments the bases: the gradient smoothed by the rule's momentum, or the gradient of the
   * batch alone, with which the descent bound of the augmented integrator holds for every rule;
   * the same for rules without momentum. Default "momentum".
   */
  readonly bases?: BasisDirections;
  /** Local updates of the core in one step, each with a gradient of its own; default 1. */
  readonly coreSteps?: number;
}

/**
 * Lets an optimizer rule advance the sub-flows of an integrator.
 *
 * @param rule The rule; each factor has moments of its own, which the integrator transports.
 * @throws {RangeError} When `coreSteps` is not a positive integer.
 */
export function optimizerStepper(
  rule: OptimizerRule,
  options: OptimizerStepperOptions = {},
): Stepper {
  const { bases = "momentum", coreSteps = 1 } = options;
  if (!Number.isInteger(coreSteps) || coreSteps < 1) {
    throw new RangeError(
      `Cannot make a stepper: coreSteps must be a positive integer, got ${coreSteps}`,
    );
  }
  return {
    name: `optimizer-${rule.name}`,
    description: `one update of ${rule.name} for each factor`,
    order: 0,
    async *advance(a, flow, dt, moments) {
      if (flow.spanOnly) {
        // span[U | K + dt F V] = span[U | F V]; leaving K out avoids its cancellation.
        const f = flow.known ?? (yield { ...flow.point(flow.start()), time: 0 });
        const direction = await flow.project(f);
        return {
          value: bases === "momentum" ? rule.direction(a, direction, moments) : direction,
        };
      }
      let state: Updated<ReturnType<typeof flow.start>> = {
        value: flow.start(),
        ...(moments ? { moments } : {}),
      };
      const steps = flow.slot === "s" ? coreSteps : 1;
      for (let i = 0; i < steps; i++) {
        const known = i === 0 ? flow.known : undefined;
        const f = known ?? (yield { ...flow.point(state.value), time: 0 });
        const raw = await flow.project(f);
        // In new bases a part of the gradient vanishes, of which rounding leaves some. Later steps
        // have means of gradients that are none.
        const noisy = rule.scaleFree && state.moments === undefined;
        const gradient = noisy ? await a.withoutRoundOff(raw) : raw;
        state = rule.update(a, state.value, gradient, dt, state.moments);
      }
      return state;
    },
  };
}
