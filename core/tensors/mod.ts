/**
 * Dense tensors of any order, Tucker tensors and the decompositions that lead to them.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { TuckerDecomposition } from "./decomposition.ts";
import { hooi } from "./hooi.ts";
import { hosvd, sequentialHosvd } from "./hosvd.ts";
import { randomizedHosvd, randomizedSequentialHosvd } from "./randomized_hosvd.ts";

/** Tucker decompositions by name. */
export const tuckerDecompositions: Registry<TuckerDecomposition> = new Registry(
  "Tucker decomposition",
);

tuckerDecompositions.add(hosvd);
tuckerDecompositions.add(sequentialHosvd);
tuckerDecompositions.add(hooi);
tuckerDecompositions.add(randomizedHosvd);
tuckerDecompositions.add(randomizedSequentialHosvd);

export {
  combineTensors,
  type DenseTensor,
  denseTensor,
  embedTensor,
  fold,
  foldCyclic,
  modeProduct,
  type ModeProductOptions,
  modeProducts,
  sizeOf,
  tensorInner,
  unfold,
  unfoldCyclic,
} from "./dense_tensor.ts";
export type { Decomposed, DecompositionOptions, TuckerDecomposition } from "./decomposition.ts";
export { hooi } from "./hooi.ts";
export { hosvd, sequentialHosvd, type TruncatedModes, truncateModes } from "./hosvd.ts";
export { randomizedHosvd, randomizedSequentialHosvd, sketchRange } from "./randomized_hosvd.ts";
export { roundTucker } from "./rounding.ts";
export {
  eachMode,
  type RankChoice,
  rankForTail,
  spendBudget,
  type TuckerTruncation,
} from "./truncation.ts";
export {
  addTucker,
  orthonormalizeTucker,
  scaleTucker,
  tuckerInner,
  tuckerNorm,
  type TuckerTensor,
  tuckerToDense,
} from "./tucker.ts";
