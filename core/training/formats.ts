/**
 * The formats that come along: a line for each pair of what a weight is and how it moves.
 *
 * @module
 */

import { type WeightFormat, weightFormats } from "./format.ts";
import { movers } from "./mover.ts";
import { frozen } from "./movers/frozen.ts";
import { byIntegrator } from "./movers/integrator.ts";
import { nonNegative } from "./movers/non_negative.ts";
import { byRule } from "./movers/rule.ts";
import { runningMean } from "./movers/statistic.ts";
import { byTuckerIntegrator } from "./movers/tucker_integrator.ts";
import { adapted } from "./representation/adapted.ts";
import { dense, statistic } from "./representation/dense.ts";
import { factored } from "./representation/factored.ts";
import { lowRank } from "./representation/low_rank.ts";
import { tucker } from "./representation/tucker/tucker.ts";
import { tuckerTensor } from "./representation/tucker/tensor.ts";
import { windowTucker } from "./representation/tucker/window.ts";

for (const mover of [byRule, nonNegative, byIntegrator, byTuckerIntegrator, frozen, runningMean]) {
  movers.add(mover);
}

/** Full matrices and vectors, moved by the optimizer rule itself. */
export const denseFormat: WeightFormat = weightFormats.add({
  name: "dense",
  description: "full weights, moved by the optimizer rule",
  representation: dense,
  mover: byRule,
});

/** Full weights that stand still. */
export const frozenFormat: WeightFormat = weightFormats.add({
  name: "frozen",
  description: "full weights that stand still",
  representation: dense,
  mover: frozen,
});

/** Full weights without negative entries, as convex networks need. */
export const nonNegativeFormat: WeightFormat = weightFormats.add({
  name: "non-negative",
  description: "full weights, moved by the optimizer rule and kept at or above 0",
  representation: dense,
  mover: nonNegative,
});

/** Running means of what training passes observe: no weights, but stored and resumed with them. */
export const statisticFormat: WeightFormat = weightFormats.add({
  name: "statistic",
  description: "running means of what training observes; not trained",
  representation: statistic,
  mover: runningMean,
});

/** U S Vᵀ on the manifold of low-rank matrices. */
export const lowRankFormat: WeightFormat = weightFormats.add({
  name: "low-rank",
  description: "weights as U S Vᵀ, moved by an integrator; the rank may adapt",
  representation: lowRank,
  mover: byIntegrator,
});

/** The naive factorisation that manifold methods are compared with. */
export const factoredLowRankFormat: WeightFormat = weightFormats.add({
  name: "factored-low-rank",
  description: "baseline: weights as U Vᵀ of fixed rank, both moved by the optimizer rule",
  representation: factored,
  mover: byRule,
});

/** Core × bases on the manifold of Tucker tensors. */
export const tuckerFormat: WeightFormat = weightFormats.add({
  name: "tucker",
  description: "kernels as core × channel bases, moved by an integrator; ranks may adapt",
  representation: tucker,
  mover: byTuckerIntegrator,
  matrices: lowRankFormat.name,
});

/** The same with windows of kernels as modes of their own. */
export const windowTuckerFormat: WeightFormat = weightFormats.add({
  name: "window-tucker",
  description: "kernels as core × bases of window and channels, moved by an integrator",
  representation: windowTucker,
  mover: byTuckerIntegrator,
  matrices: lowRankFormat.name,
});

/** The naive factorisation of kernels. */
export const factoredTuckerFormat: WeightFormat = weightFormats.add({
  name: "factored-tucker",
  description: "baseline: core × channel bases of fixed ranks, all moved by the optimizer rule",
  representation: tucker,
  mover: byRule,
  matrices: factoredLowRankFormat.name,
});

/** Core × a basis for each mode: maps whose outputs are a tensor, such as heads × entries. */
export const tuckerTensorFormat: WeightFormat = weightFormats.add({
  name: "tucker-tensor",
  description: "maps to heads × entries as core × a basis for each mode, moved by an integrator",
  representation: tuckerTensor,
  mover: byTuckerIntegrator,
  matrices: lowRankFormat.name,
});

/** The naive factorisation of such maps. */
export const factoredTuckerTensorFormat: WeightFormat = weightFormats.add({
  name: "factored-tucker-tensor",
  description: "baseline: the same of fixed ranks, core and bases moved by the optimizer rule",
  representation: tuckerTensor,
  mover: byRule,
  matrices: factoredLowRankFormat.name,
});

/** A frozen full weight with an increment on the manifold of low-rank matrices. */
export const adaptedLowRankFormat: WeightFormat = weightFormats.add({
  name: "adapted-low-rank",
  description: "frozen full weights plus U S Vᵀ, moved by an integrator; the rank may adapt",
  representation: adapted(dense, lowRank),
  mover: byIntegrator,
});

/** A frozen full weight with naive factors beside it (Hu et al., arXiv 2106.09685). */
export const adaptedFactoredFormat: WeightFormat = weightFormats.add({
  name: "adapted-factored",
  description: "frozen full weights plus U Vᵀ of fixed rank, moved by the optimizer rule",
  representation: adapted(dense, factored),
  mover: byRule,
});
