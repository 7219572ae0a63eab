import type { Tensor } from "../backend/mod.ts";
import type { MomentSlots } from "../integrators/mod.ts";
import { augmentedTuckerBug } from "../integrators/tucker/mod.ts";
import { lowRankFormat } from "./low_rank_format.ts";
import { momentTree } from "./matrix_factors.ts";
import { type WeightFormat, weightFormats } from "./parameter.ts";
import { regularisedTuckerField } from "./regularize.ts";
import { modeTruncations, partsOf, tuckerOf } from "./tucker_factors.ts";
import { tuckerFieldAt, tuckerPoint } from "./tucker_maps.ts";
import { partsIn, tuckerMembers } from "./tucker_members.ts";

/**
 * Kernels as core × bases of the channels, moved by an integrator on the manifold of Tucker tensors
 * (Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS 2024). Windows keep their full rank.
 */
export const tuckerFormat: WeightFormat = weightFormats.add({
  ...tuckerMembers("tucker"),
  description: "kernels as core × channel bases, moved by an integrator; ranks may adapt",
  waits: false,
  matrices: lowRankFormat.name,

  async *update(method, spec, state, rate) {
    const { algebra, stepper, truncation, tuckerIntegrator = augmentedTuckerBug } = method;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const start = tuckerOf(method, partsIn(state));
    const step = tuckerIntegrator.step(algebra, start, rate, {
      stepper,
      truncation: modeTruncations(spec, truncation),
      ...(moments ? { moments } : {}),
    });
    let next = await step.next();
    while (!next.done) {
      const at = next.value;
      const point = tuckerPoint(method, spec, at);
      const evidence = yield point;
      const field = tuckerFieldAt(method, spec, point, evidence);
      const orthonormal = at.factors.every((u, k) => u === start.factors[k]);
      next = await step.next(await regularisedTuckerField(method, spec, field, at, orthonormal));
    }
    const { y, moments: after, discarded } = next.value;
    const kept = Object.keys(after).length > 0 ? { moments: momentTree(after) } : {};
    return {
      state: { format: tuckerFormat.name, ...partsOf(method, spec, y), ...kept },
      discarded,
    };
  },
});
