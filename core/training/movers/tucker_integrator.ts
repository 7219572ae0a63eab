import type { Tensor } from "../../backend/mod.ts";
import { reducedTuckerField, type TuckerFieldAt } from "../../geometry/mod.ts";
import {
  heldTuckerBases,
  truncatedTuckerHeld,
  tuckerSightOf,
} from "../../integrators/tucker/held_bases.ts";
import type { ModeTruncation, TuckerIntegrator } from "../../integrators/tucker/mod.ts";
import { checkPoint } from "../../integrators/returned.ts";
import { ranksGrown } from "../../integrators/truncation.ts";
import type { TuckerTensor } from "../../tensors/mod.ts";
import type { Mover, Moving } from "../mover.ts";
import { regularisedTuckerField } from "../regularize.ts";
import type { TuckerReading } from "../representation.ts";
import type { Evidence, WeightPoint } from "../weight.ts";
import { answered, cycleOf } from "./cycle.ts";
import { memoryOf, optionsOf } from "./integrator.ts";

/** Core and bases by the run's integrator on the manifold of Tucker tensors, or the core alone. */
export const byTuckerIntegrator: Mover = {
  name: "tucker-integrator",
  description: "core and bases on the manifold of Tucker tensors; ranks may adapt",
  waits: false,
  keepsBases: true,
  moves: (representation) => representation.asTucker !== undefined,

  async *update(weight) {
    const { representation, spec, state, moment, motion: { method, rate } } = weight;
    const { algebra: a } = method;
    const integrator = integratorOf(weight);
    const reading = representation.asTucker!(method, spec, state);
    const { start } = reading;
    const cycle = cycleOf(method, state, moment);
    const known = cycle.looks ? yield* fieldAt(weight, reading, start) : undefined;
    const sight = known && await tuckerSightOf(a, start, known, cycle.seen);
    const refreshes = sight ? await cycle.missing(sight) : cycle.due;
    const { truncates, staysGrown } = cycle.ranksIn(refreshes, integrator.adaptive);
    const by = refreshes ? integrator : heldTuckerBases;
    const o = optionsOf<ModeTruncation>(weight, staysGrown ? ranksGrown : reading.truncation);
    const moved = yield* answered(by.step(a, start, rate, o), async function* (at) {
      const asked = known && at.core.data === start.core.data && at.factors === start.factors;
      return asked ? known : yield* fieldAt(weight, reading, at);
    });
    checkPoint(a, by, start, moved.y);
    const ranks = cycle.grownFrom ?? start.core.shape;
    const { y, moments, discarded } = truncates
      ? await truncatedTuckerHeld(a, moved.y, moved.moments, o, ranks)
      : moved;
    const open = staysGrown ? ranks : undefined;
    const step = { refreshed: refreshes, truncated: truncates, ranks: open };
    const kept = cycle.record(step, sight);
    return { state: { ...reading.store(y), ...memoryOf(moments), ...kept }, discarded };
  },
};

function integratorOf(
  { spec, motion: { method: { tuckerIntegrator } } }: Moving,
): TuckerIntegrator {
  if (tuckerIntegrator) return tuckerIntegrator;
  throw new RangeError(
    `Cannot move "${spec.name}": a weight in Tucker format needs the method's tuckerIntegrator`,
  );
}

/** F at a point, with what regularizers add to it. */
async function* fieldAt(
  { spec, motion: { method } }: Moving,
  reading: TuckerReading,
  at: TuckerTensor<Tensor>,
): AsyncGenerator<WeightPoint, TuckerFieldAt<Tensor>, Evidence> {
  const where = reading.point(at);
  const evidence = yield where;
  const own = reading.field(where, evidence);
  const f = evidence.mean ? reducedTuckerField(method.algebra, own, evidence.mean) : own;
  const orthonormal = at.factors.every((u, k) => u === reading.start.factors[k]);
  return await regularisedTuckerField(method, spec, f, at, orthonormal);
}
