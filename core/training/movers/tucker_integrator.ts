import type { Tensor } from "../../backend/mod.ts";
import type { MomentSlots } from "../../integrators/mod.ts";
import { checkPoint } from "../../integrators/returned.ts";
import type { Mover, Moving } from "../mover.ts";
import { regularisedTuckerField } from "../regularize.ts";
import { memoryOf } from "./integrator.ts";

/** Core and bases by the run's integrator on the manifold of Tucker tensors. */
export const byTuckerIntegrator: Mover = {
  name: "tucker-integrator",
  description: "core and bases on the manifold of Tucker tensors; ranks may adapt",
  waits: false,
  keepsBases: true,
  moves: (representation) => representation.asTucker !== undefined,

  async *update({ representation, spec, state, motion: { method, rate } }: Moving) {
    const { algebra, stepper, tuckerIntegrator } = method;
    if (!tuckerIntegrator) {
      throw new RangeError(
        `Cannot move "${spec.name}": a weight in Tucker format needs the method's tuckerIntegrator`,
      );
    }
    const reading = representation.asTucker!(method, spec, state);
    const { start, truncation } = reading;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const options = { stepper, truncation, ...(moments ? { moments } : {}) };
    const step = tuckerIntegrator.step(algebra, start, rate, options);
    let next = await step.next();
    while (!next.done) {
      const at = next.value;
      const where = reading.point(at);
      const f = reading.field(where, yield where);
      const orthonormal = at.factors.every((u, k) => u === start.factors[k]);
      next = await step.next(await regularisedTuckerField(method, spec, f, at, orthonormal));
    }
    const { y, moments: after, discarded } = next.value;
    checkPoint(algebra, tuckerIntegrator, start, y);
    return { state: { ...reading.store(y), ...memoryOf(after) }, discarded };
  },
};
