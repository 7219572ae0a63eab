/**
 * The floor under the integrators: points, fields, and manifolds of matrices and tensors with their
 * tangent spaces, metrics, retractions, transports, and the checks that tell whether they are what
 * they claim.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { euclideanKind } from "./euclidean.ts";
import { fixedRankKind } from "./fixed_rank.ts";
import { fixedTuckerKind } from "./fixed_tucker.ts";
import { grassmannKind } from "./grassmann.ts";
import { productKind } from "./product.ts";
import { canonicalStiefelKind, stiefelKind } from "./stiefel.ts";
import type { ManifoldKind } from "./types.ts";

/** Manifolds by name. */
export const manifolds: Registry<ManifoldKind> = new Registry("manifold");

manifolds.add(euclideanKind);
manifolds.add(stiefelKind);
manifolds.add(canonicalStiefelKind);
manifolds.add(grassmannKind);
manifolds.add(fixedRankKind);
manifolds.add(fixedTuckerKind);
manifolds.add(productKind);

export {
  checkGradient,
  checkProjection,
  checkRetraction,
  checkTransport,
  diagnose,
  type Finding,
} from "./diagnostics.ts";
export { euclidean, euclideanKind } from "./euclidean.ts";
export { type FixedRank, fixedRank, fixedRankKind } from "./fixed_rank.ts";
export { type FixedTucker, fixedTucker, fixedTuckerKind } from "./fixed_tucker.ts";
export {
  cayleyRetraction,
  type FrameRetraction,
  frameRetractions,
  polarRetraction,
  qrRetraction,
} from "./frame_retractions.ts";
export { grassmann, grassmannKind } from "./grassmann.ts";
export {
  inverseOrthographic,
  type LowRankRetraction,
  lowRankRetractions,
  orthographicRetraction,
  splittingRetraction,
  svdRetraction,
} from "./low_rank_retractions.ts";
export {
  assembleLowRank,
  type Directions,
  factorsLowRank,
  type LowRankTangent,
  projectFactors,
  projectLowRank,
  type TangentFactors,
  tangentFactors,
  tangentLowRank,
  tangentOf,
} from "./low_rank_tangent.ts";
export { matrixExponential } from "./matrices.ts";
export { type Objective, randomObjective } from "./objective.ts";
export { type AnyManifold, productKind, type ProductManifold, productManifold } from "./product.ts";
export {
  distanceLowRank,
  jointBasis,
  type LowRank,
  lowRankOf,
  orthogonalityDefect,
  orthonormalizeLowRank,
  toDense,
  truncateCore,
  type Truncated,
  truncateTo,
} from "./low_rank.ts";
export { alignment, rotate } from "./rotation.ts";
export { logLogSlope, slopeSteps } from "./slopes.ts";
export { canonicalStiefel, canonicalStiefelKind, stiefel, stiefelKind } from "./stiefel.ts";
export { hosvdRetraction, type TuckerRetraction, tuckerRetractions } from "./tucker_retractions.ts";
export {
  assembleCore,
  foldRows,
  type ModeRows,
  type ModeView,
  projectMode,
  turnedTucker,
  viewMode,
  viewModes,
} from "./tucker_views.ts";
export { projectTucker, tangentTucker, type TuckerTangent } from "./tucker_tangent.ts";
export type {
  Check,
  Manifold,
  ManifoldKind,
  ManifoldSize,
  Retraction,
  Transport,
} from "./types.ts";
export * from "./fields/mod.ts";
