import type { Algebra } from "../algebra/mod.ts";
import { projectMode, type TuckerFieldAt, viewModes } from "../geometry/mod.ts";
import { augmentTucker } from "../integrators/tucker/augmentation.ts";
import type { ModeTruncation } from "../integrators/tucker/mod.ts";
import { truncateTucker } from "../integrators/tucker/truncation.ts";
import { embedTensor, type TuckerTensor } from "../tensors/mod.ts";
import type { Flow, SharedWeight } from "./types.ts";

/** A Tucker tensor as server and clients see it: a basis for each mode, the core moves. */
export interface SharedTucker<M> extends SharedWeight<M> {
  /** The tensor. */
  readonly y: TuckerTensor<M>;
}

/**
 * A Tucker tensor. Its directions are the K-flows of the modes that can turn; they see the core
 * from one mode each, so that the flow in the core is sent beside them.
 *
 * @param ranks Before the bases grew; default: as they are.
 */
export function sharedTucker<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  ranks: readonly number[] = y.core.shape,
): SharedTucker<M> {
  const core = (data: M, shape: readonly number[]) => ({ shape, data });
  const turning = [...y.factors.keys()].filter((k) =>
    a.cols(y.factors[k]!) < a.rows(y.factors[k]!)
  );
  return {
    y,
    hasBases: true,
    parts: [y.core.data, ...y.factors],
    coordinates: [y.core.data],
    withParts: ([data, ...factors]) =>
      sharedTucker(a, { core: core(data!, factors.map((u) => a.cols(u))), factors }),
    withCoordinates: ([data]) => sharedTucker(a, { ...y, core: core(data!, y.core.shape) }, ranks),
    async newColumns(directions) {
      const ks: (M | undefined)[] = y.factors.map(() => undefined);
      turning.forEach((mode, i) => ks[mode] = directions[i]);
      return (await augmentTucker(a, y, ks)).added;
    },
    grown(columns) {
      const factors = y.factors.map((u, k) => {
        const extra = columns[k];
        return extra === undefined ? u : a.hstack([u, extra]);
      });
      const grown = embedTensor(a, y.core, factors.map((u) => a.cols(u)));
      return sharedTucker(a, { core: grown, factors }, y.core.shape);
    },
    embedded: ([data]) => [embedTensor(a, core(data!, ranks), y.core.shape).data],
    untold: (coordinates) => coordinates,
    told: (_directions, untold) => untold,
    async truncated(truncation) {
      const t = await truncateTucker(a, y, truncation as ModeTruncation, ranks);
      return { weight: sharedTucker(a, t.y), discarded: t.discarded };
    },
  };
}

/** The flow of a tensor, of F at it. */
export function tuckerFlow<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  f: TuckerFieldAt<M>,
): Flow<M> {
  return {
    async directions() {
      const ks: M[] = [];
      for (const view of await viewModes(a, y)) ks.push(await projectMode(a, y, view, f, true));
      return ks;
    },
    coordinates: async () => [(await f.contract(y.factors)).data],
  };
}
