/**
 * What a Tucker decomposition is.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Plugin } from "../registry.ts";
import type { Configurable } from "../settings.ts";
import type { DenseTensor } from "./dense_tensor.ts";
import type { TuckerTruncation } from "./truncation.ts";
import type { TuckerTensor } from "./tucker.ts";

/** Settings of a decomposition; each method reads those that concern it. */
export interface DecompositionOptions extends TuckerTruncation {
  /** Order in which sequential methods treat the modes; default 0, 1, …. */
  readonly modeOrder?: readonly number[];
  /** Most sweeps of iterative methods; default 25. */
  readonly sweeps?: number;
  /** Relative change of the core's norm below which iterative methods stop; default 1e-12. */
  readonly convergence?: number;
  /** Seed of randomised methods; default 1. */
  readonly seed?: number;
  /** Columns that a sketch has beyond the wanted rank; default 8. */
  readonly oversampling?: number;
  /** Power iterations of a sketch, for spectra that decay slowly; default 1. */
  readonly powerIterations?: number;
}

/** A decomposed tensor. */
export interface Decomposed<M> {
  /** The approximation; orthonormal factors. */
  readonly tucker: TuckerTensor<M>;
  /**
   * Frobenius norm of what was left out: an upper bound or exact, as the method states. Methods
   * that compute it from norms resolve it to √ε ‖X‖ only.
   */
  readonly discarded: number;
}

/** A method that brings a dense tensor into Tucker format; its settings are among the options. */
export interface TuckerDecomposition
  extends Plugin, Partial<Pick<Configurable, "defaults" | "limits">> {
  /** Decomposes `x` within the truncation of the options. */
  decompose<M>(
    a: Algebra<M>,
    x: DenseTensor<M>,
    options?: DecompositionOptions,
  ): Promise<Decomposed<M>>;
}

/** The orthogonal complement's norm √(‖X‖² − ‖C‖²), for a core C = X ×ₖ Uₖᵀ. */
export async function leftOut<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  core: DenseTensor<M>,
): Promise<number> {
  const [full, kept] = [await a.norm(x.data), await a.norm(core.data)];
  // Root by root: the product may overflow or vanish where norms do not.
  return Math.sqrt(Math.max(0, full - kept)) * Math.sqrt(full + kept);
}
