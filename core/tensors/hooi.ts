import type { Algebra } from "../algebra/mod.ts";
import { checkInteger, checkNumber } from "../checks.ts";
import { leftOut, type TuckerDecomposition } from "./decomposition.ts";
import { type DenseTensor, modeProduct, modeProducts, unfoldCyclic } from "./dense_tensor.ts";
import { sequentialHosvd } from "./hosvd.ts";

const DEFAULTS = { sweeps: 25, convergence: 1e-12 };

/**
 * Higher-order orthogonal iteration: each factor in turn is the best one for the others, starting
 * from the sequentially truncated higher-order SVD, whose ranks it keeps (De Lathauwer, De Moor,
 * Vandewalle, SIAM J. Matrix Anal. Appl. 21(4), 2000).
 *
 * The error never rises from sweep to sweep and ends at a local optimum. It reports the error from
 * the norms of tensor and core.
 */
export const hooi: TuckerDecomposition = {
  name: "hooi",
  description: "alternating best factors from a sequential HOSVD: lower error, more work",
  defaults: DEFAULTS,
  limits: {
    sweeps: { integer: true, min: 0, description: "most sweeps" },
    convergence: { min: 0, description: "relative change of the core's norm that ends them" },
  },
  async decompose(a, x, options = {}) {
    const { sweeps, convergence } = { ...DEFAULTS, ...options };
    checkInteger("decompose", "sweeps", sweeps, { least: 0 });
    checkNumber("decompose", "convergence", convergence, { least: 0 });
    const start = (await sequentialHosvd.decompose(a, x, options)).tucker;
    const factors = [...start.factors];
    let core = start.core;
    let norm = await a.norm(core.data);
    for (let sweep = 0; sweep < sweeps; sweep++) {
      core = await refineAll(a, x, factors);
      const next = await a.norm(core.data);
      const change = next - norm;
      norm = next;
      if (change <= convergence * next) break;
    }
    return { tucker: { core, factors }, discarded: await leftOut(a, x, core) };
  },
};

/** One sweep: replaces every factor, returns the core X ×ₖ Uₖᵀ. */
async function refineAll<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  factors: M[],
): Promise<DenseTensor<M>> {
  let core = x;
  for (const [mode, u] of factors.entries()) {
    const others = factors.map((v, k) => k === mode ? undefined : v);
    const projected = modeProducts(a, x, others, { transpose: true });
    const { p } = await a.svd(unfoldCyclic(a, projected, mode));
    // A rank above the product of the others has no use, and no singular vectors either.
    factors[mode] = a.columns(p, 0, Math.min(a.cols(u), a.cols(p)));
    core = modeProduct(a, projected, factors[mode]!, mode, { transpose: true });
  }
  return core;
}
