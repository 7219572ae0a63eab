import type { Tensor } from "../../backend/mod.ts";
import { type FieldAt, type LowRank, reducedField, remembering } from "../../geometry/mod.ts";
import type { MomentSlots, StepOptions } from "../../integrators/mod.ts";
import { heldBases, sightOf, truncatedHeld } from "../../integrators/matrix/held_bases.ts";
import { checkPoint } from "../../integrators/returned.ts";
import { ranksGrown } from "../../integrators/truncation.ts";
import type { Mover, Moving } from "../mover.ts";
import { regularisedField } from "../regularize.ts";
import type { MatrixReading } from "../representation.ts";
import type { Evidence, StateTree, WeightPoint } from "../weight.ts";
import { answered, cycleOf } from "./cycle.ts";

/** U S Vᵀ by the run's integrator on the manifold of low-rank matrices, or the core alone. */
export const byIntegrator: Mover = {
  name: "integrator",
  description: "U S Vᵀ on the manifold of low-rank matrices; the rank may adapt",
  waits: false,
  keepsBases: true,
  moves: (representation) => representation.asMatrix !== undefined,

  async *update(weight) {
    const { representation, spec, state, moment, motion: { method, rate } } = weight;
    const { algebra: a, integrator } = method;
    const reading = representation.asMatrix!(method, spec, state);
    const { start } = reading;
    const cycle = cycleOf(method, state, moment);
    const known = cycle.looks ? remembering(yield* fieldAt(weight, reading, start)) : undefined;
    const sight = known && await sightOf(a, start, known);
    const refreshes = sight ? await cycle.missing(sight) : cycle.due;
    const { truncates, staysGrown } = cycle.ranksIn(refreshes, integrator.adaptive);
    const by = refreshes ? integrator : heldBases;
    const o = optionsOf(weight, staysGrown ? ranksGrown : reading.truncation);
    const moved = yield* answered(by.step(a, start, rate, o), async function* (at) {
      const asked = known && at.u === start.u && at.s === start.s && at.v === start.v;
      return asked ? known : yield* fieldAt(weight, reading, at);
    });
    checkPoint(a, by, start, moved.y);
    const [rank] = cycle.grownFrom ?? [a.cols(start.u)];
    const { y, moments, discarded } = truncates
      ? await truncatedHeld(a, moved.y, moved.moments, o, rank!)
      : moved;
    const open = staysGrown ? [rank!] : undefined;
    const step = { refreshed: refreshes, truncated: truncates, ranks: open };
    const kept = cycle.record(step, sight);
    return { state: { ...reading.store(y), ...memoryOf(moments), ...kept }, discarded };
  },
};

/** F at a point, with what regularizers add to it. */
async function* fieldAt(
  { spec, motion: { method } }: Moving,
  reading: MatrixReading,
  { u, s, v }: LowRank<Tensor>,
): AsyncGenerator<WeightPoint, FieldAt<Tensor>, Evidence> {
  const at = { u, s, v };
  const evidence = yield reading.point(at);
  const own = reading.field(at, evidence);
  const field = evidence.mean ? reducedField(own, evidence.mean) : own;
  const orthonormal = u === reading.start.u && v === reading.start.v;
  return await regularisedField(method, spec, field, at, orthonormal);
}

/** Settings and state of a step. */
export function optionsOf<T>(
  { state, motion: { method: { stepper } } }: Moving,
  truncation: T,
): StepOptions<Tensor, T> {
  const moments = state.moments as MomentSlots<Tensor> | undefined;
  return { stepper, truncation, ...(moments ? { moments } : {}) };
}

/** Moments as a part of a state; nothing where there are none. */
export function memoryOf(slots: MomentSlots<Tensor>): { readonly moments?: StateTree } {
  const entries = Object.entries(slots).map(([slot, m]) => [slot, { ...m }]);
  return entries.length > 0 ? { moments: Object.fromEntries(entries) } : {};
}
