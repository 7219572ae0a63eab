/**
 * What is done with sub-flows, whatever they move.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { MomentSlots, RuleState } from "./memory.ts";
import { checkedAdvance } from "./returned.ts";
import type { Advanced, StepOptions, SubFlow, Timed } from "./types.ts";

/**
 * What a flow adds to its start. Where only the part outside the span of a basis counts, in which the
 * start lies, its sum with a small step would leave that part as a difference of large numbers.
 */
export function increments<M, P, F>(a: Algebra<M>, flow: SubFlow<M, P, F>): SubFlow<M, P, F> {
  return {
    ...flow,
    start: () => a.zerosLike(flow.start()),
    point: (x) => flow.point(a.lincomb(1, flow.start(), 1, x)),
  };
}

/** The directions that a flow adds to a basis: its increments, of which only the span counts. */
export function newDirections<M, P, F>(a: Algebra<M>, flow: SubFlow<M, P, F>): SubFlow<M, P, F> {
  return { ...increments(a, flow), spanOnly: true };
}

/**
 * Advances one sub-flow with the step's stepper and the moments of its slot.
 *
 * @throws {RangeError} When the stepper returns a factor of another shape.
 */
export async function* advance<M, P, F>(
  a: Algebra<M>,
  flow: SubFlow<M, P, F>,
  dt: number,
  o: StepOptions<M, unknown>,
  moments: MomentSlots<M> = o.moments ?? {},
): AsyncGenerator<P & Timed, Advanced<M>, F> {
  let began: M | undefined;
  const start = (): M => began = flow.start();
  const advanced = yield* o.stepper.advance(a, { ...flow, start }, dt, moments[flow.slot]);
  return began === undefined ? advanced : checkedAdvance(a, o.stepper, began, advanced);
}

/** The moments of the advanced slots, without those that kept none. */
export function collectMoments<M>(
  slots: Readonly<Record<string, Advanced<M> | undefined>>,
): MomentSlots<M> {
  const out: Record<string, RuleState<M>> = {};
  for (const [slot, advanced] of Object.entries(slots)) {
    if (advanced?.moments) out[slot] = advanced.moments;
  }
  return out;
}
