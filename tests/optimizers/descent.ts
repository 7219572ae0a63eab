/** Steps of training on a function of a matrix, moments included. */

import {
  denseField,
  type Integrator,
  type LowRank,
  type Matrix,
  type MomentSlots,
  noTruncation,
  type OptimizerRule,
  optimizerStepper,
  type Stepper,
  type StepResult,
  type Truncation,
} from "../../core/mod.ts";
import { dense, host } from "../support/matrices.ts";

/** Ranks as they come. */
export const keepAll: Truncation = { rule: noTruncation, tolerance: 0 };

/** One step of training with F = −gradient, moments included. */
export async function step(
  integrator: Integrator,
  by: OptimizerRule | Stepper,
  y: LowRank<Matrix>,
  gradient: (w: Matrix) => Matrix,
  rate: number,
  moments: MomentSlots<Matrix> | undefined,
  truncation: Truncation = keepAll,
): Promise<StepResult<Matrix>> {
  const stepper = "advance" in by ? by : optimizerStepper(by);
  const generator = integrator.step(host, y, rate, {
    stepper,
    truncation,
    ...(moments ? { moments } : {}),
  });
  let state = await generator.next();
  while (!state.done) {
    const field = denseField(host, host.scale(-1, gradient(dense(state.value))));
    state = await generator.next(field);
  }
  return state.value;
}
