import type { Tensor } from "../backend/mod.ts";
import type { MomentSlots, RuleState } from "../integrators/mod.ts";
import { contractAlong, type LocalTuckerField } from "../geometry/mod.ts";
import { factoredLowRankFormat } from "./factored_low_rank_format.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightState,
} from "./parameter.ts";
import { tuckerOf, type TuckerParts } from "./tucker_factors.ts";
import { tuckerFieldAt, tuckerPoint } from "./tucker_maps.ts";
import { partsIn, tuckerMembers } from "./tucker_members.ts";

/** The factors that move. */
const FACTORS = ["kernel", "in", "out"] as const;

/**
 * The naive factorisation that manifold methods are compared with: core and bases of fixed ranks,
 * all moved at once by the optimizer rule along their own gradients.
 */
export const factoredTuckerFormat: WeightFormat = weightFormats.add({
  ...tuckerMembers({
    name: "factored-tucker",
    description: "baseline: core × channel bases of fixed ranks, all moved by the optimizer rule",
  }),
  waits: true,
  matrices: factoredLowRankFormat.name,

  async *update(method, spec, state, rate) {
    const { moments = {} } = state as WeightState & { readonly moments?: MomentSlots<Tensor> };
    const before = partsIn(state);
    const point = tuckerPoint(method, spec, tuckerOf(method, before));
    // The field knows products with the bases of the point by these very tensors.
    const at = point.in && point.out ? { ...before, in: point.in, out: point.out } : before;
    const evidence = yield point;
    const field = tuckerFieldAt(method, spec, point, evidence);
    const gradients = gradientsOf(method, at, field);
    const next: Record<string, Tensor> = {};
    const kept: Record<string, RuleState<Tensor>> = {};
    for (const factor of FACTORS) {
      const { algebra: a, rule } = method;
      const step = { rate, decay: rule.weightDecay };
      const moved = await rule.update(a, at[factor], gradients[factor], step, moments[factor]);
      next[factor] = moved.value;
      if (moved.state) kept[factor] = moved.state;
    }
    const memory = Object.keys(kept).length > 0 ? { moments: kept } : {};
    return { state: { format: factoredTuckerFormat.name, ...next, ...memory } };
  },
});

/** F contracted with all factors but one. */
function gradientsOf(
  method: TrainingMethod,
  at: TuckerParts,
  field: LocalTuckerField<Tensor>,
): TuckerParts {
  const { algebra: a, engine } = method;
  const { core } = tuckerOf(method, at);
  // A window comes first, and its basis is the identity.
  const window = core.shape.slice(2).map(() => undefined);
  const [u, v] = [window.length, window.length + 1];
  const inFactor = (mode: number, factors: readonly (Tensor | undefined)[]): Tensor =>
    field.factorGradient?.(mode) ?? contractAlong(a, field, mode, { core, factors });
  return {
    kernel: engine.reshape(field.contract([...window, at.in, at.out]).data, at.kernel.shape),
    in: inFactor(u, [...window, undefined, at.out]),
    out: inFactor(v, [...window, at.in, undefined]),
  };
}
