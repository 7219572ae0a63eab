import type { Tensor } from "../../backend/mod.ts";
import type { MomentSlots } from "../../integrators/mod.ts";
import { checkPoint } from "../../integrators/returned.ts";
import type { Mover, Moving } from "../mover.ts";
import { regularisedField } from "../regularize.ts";
import type { StateTree } from "../weight.ts";

/** U S Vᵀ by the run's integrator on the manifold of low-rank matrices. */
export const byIntegrator: Mover = {
  name: "integrator",
  description: "U S Vᵀ on the manifold of low-rank matrices; the rank may adapt",
  waits: false,
  keepsBases: true,
  moves: (representation) => representation.asMatrix !== undefined,

  async *update({ representation, spec, state, motion: { method, rate } }: Moving) {
    const { algebra, integrator, stepper } = method;
    const reading = representation.asMatrix!(method, spec, state);
    const { start, truncation } = reading;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const options = { stepper, truncation, ...(moments ? { moments } : {}) };
    const step = integrator.step(algebra, start, rate, options);
    let next = await step.next();
    while (!next.done) {
      const { u, s, v } = next.value;
      const at = { u, s, v };
      const field = reading.field(at, yield reading.point(at));
      const orthonormal = u === start.u && v === start.v;
      next = await step.next(await regularisedField(method, spec, field, at, orthonormal));
    }
    const { y, moments: after, discarded } = next.value;
    checkPoint(algebra, integrator, start, y);
    return { state: { ...reading.store(y), ...memoryOf(after) }, discarded };
  },
};

/** Moments as a part of a state; nothing where there are none. */
export function memoryOf(slots: MomentSlots<Tensor>): { readonly moments?: StateTree } {
  const entries = Object.entries(slots).map(([slot, m]) => [slot, { ...m }]);
  return entries.length > 0 ? { moments: Object.fromEntries(entries) } : {};
}
