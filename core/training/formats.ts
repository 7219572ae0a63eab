/**
 * The formats that come along: a line for each pair of what a weight is and how it moves.
 *
 * @module
 */

import { tunable } from "../tunable.ts";
import { type WeightFormat, weightFormats } from "./format.ts";
import { movers } from "./mover.ts";
import { frozen } from "./movers/frozen.ts";
import { byIntegrator } from "./movers/integrator.ts";
import { nonNegative } from "./movers/non_negative.ts";
import { merging } from "./movers/merging.ts";
import { onSupport } from "./movers/on_support.ts";
import { ordered, PREFIX_DRAWS } from "./movers/ordered.ts";
import { pruned } from "./movers/pruned.ts";
import { byRule } from "./movers/rule.ts";
import { sampledSpectrum } from "./movers/sampled_spectrum.ts";
import { runningMean } from "./movers/statistic.ts";
import { byTuckerIntegrator } from "./movers/tucker_integrator.ts";
import { adapted } from "./representation/adapted.ts";
import { dense, statistic } from "./representation/dense.ts";
import { factored } from "./representation/factored.ts";
import { lowRank } from "./representation/low_rank.ts";
import { rankPruned } from "./representation/rank_pruned.ts";
import { sparseLowRank } from "./representation/sparse_low_rank.ts";
import { spectralFactors } from "./representation/spectral.ts";
import { tucker } from "./representation/tucker/tucker.ts";
import { tuckerTensor } from "./representation/tucker/tensor.ts";
import { windowTucker } from "./representation/tucker/window.ts";

const period = { integer: true, min: 1, description: "steps from one to the next" } as const;

/** An increment that is merged into its base now and then. */
const byMerging = tunable(movers, {
  name: "merging",
  description: "an increment by the optimizer rule, merged and begun anew now and then (ReLoRA)",
  defaults: { period: 100, warmup: 10 },
  limits: {
    period,
    warmup: { integer: true, min: 0, description: "steps in which the rate comes back" },
  },
  make: (settings) => merging(settings),
});

/** Whole weights that are truncated now and then. */
const byPruning = tunable(movers, {
  name: "rank-pruning",
  description: "by the optimizer rule, truncated now and then (TRP)",
  defaults: { period: 20 },
  limits: { period },
  make: (settings) => pruned(settings),
});

/** Prefixes of columns. */
const byPrefixes = tunable(movers, {
  name: "ordered",
  description: "prefixes of two factors' columns by the optimizer rule, tails cut (Maestro)",
  defaults: { lasso: 1e-6, threshold: 1e-5, period: 100, draws: "independent" },
  limits: {
    period,
    lasso: { min: 0, description: "strength of the group lasso on tails of columns" },
    threshold: { min: 0, description: "tails whose norms have a product below it are cut" },
    draws: {
      oneOf: PREFIX_DRAWS,
      description: "of how many columns a step uses: for each weight, for one at a time, or none",
    },
  },
  make: (settings) => ordered(settings),
});

/** Some vectors at a time. */
const bySampling = tunable(movers, {
  name: "sampled-spectrum",
  description: "all singular values and some of the vectors by the optimizer rule (SST)",
  defaults: { period: 20 },
  limits: { period },
  make: (settings) => sampledSpectrum(settings),
});

for (
  const mover of [
    byRule,
    nonNegative,
    byIntegrator,
    byTuckerIntegrator,
    frozen,
    runningMean,
    onSupport,
  ]
) {
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

/** Whole weights that are truncated now and then while they train (TRP). */
export const rankPrunedFormat: WeightFormat = weightFormats.add({
  name: "rank-pruned",
  description: "full weights by the optimizer rule, truncated every 20 steps (TRP)",
  representation: rankPruned,
  mover: byPruning,
});

/** A whole weight that grows by one increment of low rank after another (ReLoRA). */
export const reloraFormat: WeightFormat = weightFormats.add({
  name: "relora",
  description: "full weights plus U Vᵀ, merged and begun anew every 100 steps (ReLoRA)",
  representation: adapted(dense, factored),
  mover: byMerging,
});

/** A sparse matrix with factors beside it (SLTrain). */
export const sparseLowRankFormat: WeightFormat = weightFormats.add({
  name: "sparse-low-rank",
  description: "weights as a sparse matrix, 3 % of the entries, plus U Vᵀ (SLTrain)",
  representation: sparseLowRank({ density: 0.03 }),
  mover: onSupport,
});

/** Factors whose columns are in order of importance (Maestro). */
export const orderedLowRankFormat: WeightFormat = weightFormats.add({
  name: "ordered-low-rank",
  description: "weights as U Vᵀ, by prefixes of the columns; every prefix is a network (Maestro)",
  representation: factored,
  mover: byPrefixes,
});

/** All singular values, and some of the vectors at a time (SST). */
export const sparseSpectralFormat: WeightFormat = weightFormats.add({
  name: "sparse-spectral",
  description: "weights as U diag(σ) Vᵀ; rank many of the vectors move at a time (SST)",
  representation: spectralFactors,
  mover: bySampling,
});
