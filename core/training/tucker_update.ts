import type { Tensor } from "../backend/mod.ts";
import type { MomentSlots, Truncation } from "../integrators/mod.ts";
import type { TuckerFieldAt } from "../geometry/mod.ts";
import { augmentedTuckerBug } from "../integrators/tucker/mod.ts";
import type { TuckerTensor } from "../tensors/mod.ts";
import { momentTree } from "./matrix_factors.ts";
import type {
  Evidence,
  StateTree,
  TrainingMethod,
  WeightPoint,
  WeightSpec,
  WeightState,
} from "./parameter.ts";
import { regularisedTuckerField } from "./regularize.ts";

/** How a format reads its weights as Tucker tensors. */
export interface TuckerReading {
  /** The weight before the step. */
  readonly start: TuckerTensor<Tensor>;
  /** Truncation of each mode. */
  readonly truncation: readonly Truncation[];
  /** What a pass computes with. */
  point(at: TuckerTensor<Tensor>): WeightPoint;
  /** F at the point of a pass. */
  field(point: WeightPoint, evidence: Evidence): TuckerFieldAt<Tensor>;
}

/** Where a step of an integrator ends. */
export interface TuckerMove {
  /** The weight after the step. */
  readonly y: TuckerTensor<Tensor>;
  /** Moments to keep in the state; empty without any. */
  readonly memory: { readonly moments?: StateTree };
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/** One step of the method's integrator for Tucker tensors. */
export async function* moveTucker(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightState,
  rate: number,
  { start, truncation, point, field }: TuckerReading,
): AsyncGenerator<WeightPoint, TuckerMove, Evidence> {
  const { algebra, stepper, tuckerIntegrator = augmentedTuckerBug } = method;
  const moments = state.moments as MomentSlots<Tensor> | undefined;
  const step = tuckerIntegrator.step(algebra, start, rate, {
    stepper,
    truncation,
    ...(moments ? { moments } : {}),
  });
  let next = await step.next();
  while (!next.done) {
    const at = next.value;
    const where = point(at);
    const f = field(where, yield where);
    const orthonormal = at.factors.every((u, k) => u === start.factors[k]);
    next = await step.next(await regularisedTuckerField(method, spec, f, at, orthonormal));
  }
  const { y, moments: after, discarded } = next.value;
  const memory = Object.keys(after).length > 0 ? { moments: momentTree(after) } : {};
  return { y, memory, discarded };
}
