import { lowRankFormat } from "./low_rank_format.ts";
import { type WeightFormat, weightFormats } from "./parameter.ts";
import { modeTruncations, partsOf, tuckerOf } from "./tucker_factors.ts";
import { tuckerFieldAt, tuckerPoint } from "./tucker_maps.ts";
import { partsIn, tuckerMembers } from "./tucker_members.ts";
import { moveTucker } from "./tucker_update.ts";

/**
 * Kernels as core × bases of the channels, moved by an integrator on the manifold of Tucker tensors
 * (Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS 2024). Windows keep their full rank.
 */
export const tuckerFormat: WeightFormat = weightFormats.add({
  ...tuckerMembers({
    name: "tucker",
    description: "kernels as core × channel bases, moved by an integrator; ranks may adapt",
  }),
  waits: false,
  matrices: lowRankFormat.name,

  async *update(method, spec, state, rate) {
    const { y, memory, discarded } = yield* moveTucker(method, spec, state, rate, {
      start: tuckerOf(method, partsIn(state)),
      truncation: modeTruncations(spec, method.truncation),
      point: (at) => tuckerPoint(method, spec, at),
      field: (point, evidence) => tuckerFieldAt(method, spec, point, evidence),
    });
    const parts = partsOf(method, spec, y);
    return { state: { format: tuckerFormat.name, ...parts, ...memory }, discarded };
  },
});
