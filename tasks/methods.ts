/**
 * Ways to train a network, by the names that comparisons give them: what form its weights have,
 * and whether they have it from the first step on.
 *
 * @module
 */

import { type ParameterGroup, type Plugin, Registry } from "../core/mod.ts";

/** A way to train a network. */
export interface Method extends Plugin {
  /** Registry name of the format of its weights. */
  readonly format: string;
  /** Which of the run's integrators moves the factors; absent: the optimizer rule does. */
  readonly moves?: "integrator" | "tuckerIntegrator";
  /** Base step size where a run names none. */
  readonly learningRate: number;
  /** Whether a dense network is trained first, then compressed and trained on; default false. */
  readonly afterwards?: boolean;
}

/** Methods by name. */
export const methods: Registry<Method> = new Registry("method");

/** Value of `--mover` that leaves weights to the mover of their format. */
export const OWN_MOVER = "own";

/**
 * Weights of a format by a mover in place of the format's own.
 *
 * @param mover As it is typed, with settings, or {@linkcode OWN_MOVER}.
 */
export function movedBy(mover: string, format: string): ParameterGroup[] {
  return mover === OWN_MOVER ? [] : [{ match: (spec) => spec.format === format, mover }];
}

/** Full weights. */
export const dense: Method = methods.add({
  name: "dense",
  description: "full weights, the reference",
  format: "dense",
  learningRate: 2e-3, // better than Adam's customary 1e-3 on MNIST
});

methods.add({
  name: "low-rank",
  description: "matrices U S Vᵀ on their manifold, kernels as matrices; ranks may adapt",
  format: "low-rank",
  learningRate: 8e-3, // cores have few entries: about four times a dense net's rate
  moves: "integrator",
});
methods.add({
  name: "tucker",
  description: "kernels as Tucker tensors on their manifold, matrices as U S Vᵀ; ranks may adapt",
  format: "tucker",
  learningRate: 4e-3,
  moves: "tuckerIntegrator",
});
methods.add({
  name: "window-tucker",
  description: "the same with windows of kernels as modes of their own, whose ranks adapt, too",
  format: "window-tucker",
  learningRate: 4e-3,
  moves: "tuckerIntegrator",
});
methods.add({
  name: "factor-matrix",
  description: "naive: all factors of a matrix by the optimizer rule at once, fixed rank",
  format: "factored-low-rank",
  learningRate: 2e-3,
});
methods.add({
  name: "factor-tucker",
  description: "naive: core and factors of a Tucker tensor by the optimizer rule, fixed ranks",
  format: "factored-tucker",
  learningRate: 2e-3,
});
methods.add({
  name: "svd-after",
  description: "dense training, then truncation by SVD, then fine-tuning of the factors",
  format: "factored-low-rank",
  learningRate: 1e-3, // the weights are near their end
  afterwards: true,
});
methods.add({
  name: "rank-pruned",
  description: "full weights, truncated every 20 steps by the run's truncation (TRP)",
  format: "rank-pruned",
  learningRate: 2e-3,
});
methods.add({
  name: "relora",
  description: "full weights plus U Vᵀ, merged and begun anew every 100 steps (ReLoRA)",
  format: "relora",
  learningRate: 2e-3,
});
methods.add({
  name: "sparse-low-rank",
  description: "a sparse matrix, 3 % of the entries, plus U Vᵀ (SLTrain)",
  format: "sparse-low-rank",
  learningRate: 3e-3, // as published
});
methods.add({
  name: "ordered-low-rank",
  description: "U Vᵀ by prefixes of the columns, each of which is a network (Maestro)",
  format: "ordered-low-rank",
  learningRate: 2e-3,
});
methods.add({
  name: "sparse-spectral",
  description: "U diag(σ) Vᵀ, of whose vectors rank many move at a time (SST)",
  format: "sparse-spectral",
  learningRate: 2e-3,
});
