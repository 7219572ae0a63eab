import type { Algebra } from "../algebra/mod.ts";
import type { TuckerDecomposition } from "./decomposition.ts";
import { type DenseTensor, foldCyclic, modeProducts, unfoldCyclic } from "./dense_tensor.ts";
import { type RankChoice, spendBudget } from "./truncation.ts";
import type { TuckerTensor } from "./tucker.ts";

/**
 * Higher-order SVD: each factor holds the leading left singular vectors of an unfolding of X
 * itself (De Lathauwer, De Moor, Vandewalle, SIAM J. Matrix Anal. Appl. 21(4), 2000).
 *
 * Quasi-optimal: ‖X − X̂‖ ≤ √(Σ discarded²) ≤ √d ‖X − best‖, and that bound is what it reports.
 */
export const hosvd: TuckerDecomposition = {
  name: "hosvd",
  description: "SVD of every unfolding of the tensor; error within √d of the best",
  async decompose(a, x, options = {}) {
    const choose = spendBudget(options, x.shape.length, await a.norm(x.data));
    const factors: typeof x.data[] = [];
    let discarded = 0;
    for (const mode of x.shape.keys()) {
      const { p, sigma } = await a.svd(unfoldCyclic(a, x, mode));
      const rank = choose(sigma, mode);
      discarded = Math.hypot(discarded, ...sigma.subarray(rank));
      factors.push(a.columns(p, 0, rank));
    }
    const core = modeProducts(a, x, factors, { transpose: true });
    return { tucker: { core, factors }, discarded };
  },
};

/**
 * Sequentially truncated higher-order SVD: every mode is truncated in the core that the modes
 * before have left, which is cheaper (Vannieuwenhoven, Vandebril, Meerbergen, SIAM J. Sci. Comput.
 * 34(2), 2012).
 *
 * Quasi-optimal as the plain one, and ‖X − X̂‖² = Σ discarded² exactly: the error it reports.
 *
 * @example A tensor of ranks (1, 1, 1)
 * ```ts
 * import { denseTensor, hostAlgebra, sequentialHosvd } from "@rankflow/rankflow/core";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const x = denseTensor(a, [1, 2, 3, 6, 2, 4, 6, 12], [2, 2, 2]);
 * const { tucker, discarded } = await sequentialHosvd.decompose(a, x, { tolerance: 1e-10 });
 * assertEquals(tucker.core.shape, [1, 1, 1]);
 * assert(discarded < 1e-12);
 * ```
 */
export const sequentialHosvd: TuckerDecomposition = {
  name: "sequential-hosvd",
  description: "SVDs of what earlier modes left: cheaper, same bound, error known exactly",
  async decompose(a, x, options = {}) {
    const order = options.modeOrder ?? [...x.shape.keys()];
    checkModeOrder(order, x.shape.length);
    const choose = spendBudget(options, order.length, await a.norm(x.data));
    const { tucker, discarded } = await truncateModes(a, x, choose, order);
    return { tucker, discarded };
  },
};

/** Outcome of {@linkcode truncateModes}. */
export interface TruncatedModes<M> {
  /** The approximation; orthonormal factors. */
  readonly tucker: TuckerTensor<M>;
  /** Frobenius norm of what was discarded, exactly. */
  readonly discarded: number;
  /** Singular values kept in each mode, descending. */
  readonly singularValues: readonly Float64Array[];
}

/**
 * Truncates one mode after the other, each in what the modes before have left.
 *
 * @param x Any tensor.
 * @param choose The rank of each mode.
 * @param order Order in which modes are treated.
 */
export async function truncateModes<M>(
  a: Algebra<M>,
  x: DenseTensor<M>,
  choose: RankChoice,
  order: readonly number[] = [...x.shape.keys()],
): Promise<TruncatedModes<M>> {
  const factors: M[] = [];
  const singularValues: Float64Array[] = [];
  let core = x;
  let discarded = 0;
  for (const mode of order) {
    const { p, sigma, rows } = await wideSvd(a, unfoldCyclic(a, core, mode));
    const rank = choose(sigma, mode);
    singularValues[mode] = sigma.slice(0, rank);
    discarded = Math.hypot(discarded, ...sigma.subarray(rank));
    factors[mode] = a.columns(p, 0, rank);
    const kept = rows(factors[mode]!, singularValues[mode]!);
    core = foldCyclic(a, kept, mode, core.shape.map((n, k) => k === mode ? rank : n));
  }
  return { tucker: { core, factors }, discarded, singularValues };
}

/** Singular vectors of an unfolding with the rows that are left when some are kept. */
interface WideSvd<M> {
  readonly p: M;
  readonly sigma: Float64Array;
  /** Pᵀ X = Σ Qᵀ of the leading vectors and values. */
  readonly rows: (p: M, sigma: Float64Array) => M;
}

/**
 * SVD of an unfolding. One with many more columns than rows needs no right vectors where the algebra
 * finds the left ones alone; elsewhere it is brought to a square by a QR factorisation first, and
 * only the right vectors that are kept are formed.
 */
async function wideSvd<M>(a: Algebra<M>, x: M): Promise<WideSvd<M>> {
  if (a.cols(x) < 2 * a.rows(x)) {
    const { p, sigma, q } = await a.svd(x);
    return { p, sigma, rows: scaledRows(a, (rank) => a.columns(q, 0, rank)) };
  }
  const left = await a.leftSvd?.(x);
  if (left) return { ...left, rows: (p) => a.multiply(p, x, { transposeLeft: true }) };
  const { q: basis, r } = await a.qr(a.transpose(x));
  const { p, sigma, q } = await a.svd(a.transpose(r));
  return { p, sigma, rows: scaledRows(a, (k) => a.multiply(basis, a.columns(q, 0, k))) };
}

/** Σ Qᵀ: the smaller product, and exact zeros stay zeros. */
function scaledRows<M>(a: Algebra<M>, right: (rank: number) => M): WideSvd<M>["rows"] {
  return (_, sigma) => a.multiply(a.diagonal(sigma), right(sigma.length), { transposeRight: true });
}

/**
 * Refuses what is no order of the modes.
 *
 * @throws {RangeError} When it is not a permutation of 0 … order − 1.
 */
export function checkModeOrder(modes: readonly number[], order: number): void {
  const sorted = [...modes].sort((x, y) => x - y);
  if (sorted.length === order && sorted.every((mode, k) => mode === k)) return;
  throw new RangeError(
    `Cannot order the modes: every mode from 0 to ${order - 1} is needed once, ` +
      `got [${modes.join(", ")}]`,
  );
}
