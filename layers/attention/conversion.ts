/**
 * From attention by heads to Tucker attention: the products of each head's matrices, stacked, by
 * their higher-order SVD.
 *
 * @module
 */

import {
  type DenseTensor,
  hostAlgebra,
  type Matrix,
  matrix,
  modeProduct,
  sequentialHosvd,
} from "../../core/mod.ts";

/** Attention by heads, in float64; biases are absent where there are none. */
export interface HeadAttention {
  /** Heads. */
  readonly heads: number;
  /** Heads of keys and values. */
  readonly groups: number;
  /** d×(h e). */
  readonly query: Matrix;
  /** d×(g e). */
  readonly key: Matrix;
  /** d×(g e). */
  readonly value: Matrix;
  /** (h e)×d. */
  readonly output: Matrix;
  /** h e numbers. */
  readonly queryBias?: Matrix;
  /** g e numbers. */
  readonly valueBias?: Matrix;
  /** d numbers. */
  readonly outputBias?: Matrix;
}

/** Ranks of both tensors. */
export interface TuckerRanks {
  /** Of heads. */
  readonly heads: number;
  /** Of queries, and of outputs. */
  readonly query: number;
  /** Of keys, and of values. */
  readonly key: number;
}

/** The weights of a Tucker layer, and what the ranks left out. */
export interface TuckerAttention {
  /** d×h×r₃, as d×(h r₃). */
  readonly query: Matrix;
  /** d×r₃. */
  readonly key: Matrix;
  /** d×r₃. */
  readonly value: Matrix;
  /** d×h×r₃, as d×(h r₃). */
  readonly output: Matrix;
  /** h r₃ numbers. */
  readonly queryBias: Matrix;
  /** d numbers. */
  readonly outputBias: Matrix;
  /** ‖left out‖ / ‖tensor‖ of scores and of outputs. */
  readonly discarded: readonly [number, number];
}

const a = hostAlgebra();

/**
 * Truncates both tensors of attention, query × head × key and output × head × value.
 *
 * Biases of keys add the same to all scores of a query, and are not needed. Those of values add the
 * same to all tokens: they go into the bias of the output.
 */
export async function tuckerOfHeads(
  w: HeadAttention,
  ranks: TuckerRanks,
): Promise<TuckerAttention> {
  const width = a.rows(w.query);
  const scores = await truncated(stacked(w, w.query, w.key), ranks);
  const outputs = await truncated(stacked(w, a.transpose(w.output), w.value), ranks);
  return {
    query: scores.open,
    key: scores.basis,
    value: outputs.basis,
    output: outputs.open,
    queryBias: queryBias(w, scores.basis),
    outputBias: outputBias(w, width),
    discarded: [scores.discarded, outputs.discarded],
  };
}

/** The tensor a × head × b of A_i B_g(i)ᵀ for heads of A, d×(h e), and of B, d×(g e). */
function stacked(
  { heads, groups }: Pick<HeadAttention, "heads" | "groups">,
  left: Matrix,
  right: Matrix,
): DenseTensor<Matrix> {
  const size = a.cols(left) / heads;
  const products = Array.from({ length: heads }, (_, i) => {
    const g = Math.floor((i * groups) / heads);
    return a.multiply(part(left, i, size), part(right, g, size), { transposeRight: true });
  });
  const [rows, columns] = [a.rows(left), a.rows(right)];
  return { shape: [rows, heads, columns], data: a.hstack(products) };
}

/** A tensor of those ranks: its last basis, and the rest of it with the other modes open. */
async function truncated(x: DenseTensor<Matrix>, { query, heads, key }: TuckerRanks) {
  const most = x.shape.map((n, mode) => Math.min(n, [query, heads, key][mode]!));
  const { tucker, discarded } = await sequentialHosvd.decompose(a, x, {
    minRanks: most,
    maxRanks: most,
  });
  const [u, v, basis] = tucker.factors as [Matrix, Matrix, Matrix];
  const open = modeProduct(a, modeProduct(a, tucker.core, u, 0), v, 1);
  const norm = await a.norm(x.data);
  return { open: open.data, basis, discarded: norm === 0 ? 0 : discarded / norm };
}

/** b_i^Q W_g(i)^Kᵀ U₃ of each head. */
function queryBias({ heads, groups, key, queryBias: bias }: HeadAttention, basis: Matrix): Matrix {
  const latent = a.cols(basis);
  if (!bias) return a.zeros(1, heads * latent);
  const size = a.cols(bias) / heads;
  return a.hstack(Array.from({ length: heads }, (_, i) => {
    const own = part(key, Math.floor((i * groups) / heads), size);
    const seen = a.multiply(part(bias, i, size), own, { transposeRight: true });
    return a.multiply(seen, basis);
  }));
}

/** b^O + Σ_i b_g(i)^V W_i^O. */
function outputBias(w: HeadAttention, width: number): Matrix {
  const { heads, groups, output, valueBias, outputBias: own = a.zeros(1, width) } = w;
  if (!valueBias) return own;
  const size = a.rows(output) / heads;
  const spread = a.hstack(Array.from(
    { length: heads },
    (_, i) => part(valueBias, Math.floor((i * groups) / heads), size),
  ));
  return a.lincomb(1, own, 1, a.multiply(spread, output));
}

function part(x: Matrix, head: number, size: number): Matrix {
  return a.columns(x, head * size, (head + 1) * size);
}

/** Numbers of an engine as a matrix in float64. */
export function hostMatrix(numbers: ArrayLike<number>, columns: number): Matrix {
  return matrix(numbers, numbers.length / columns, columns);
}
