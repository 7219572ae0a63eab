/** Attention in float64 on the host: head by head, and by Tucker factors. */

import {
  type DenseTensor,
  hostAlgebra,
  type Matrix,
  matrix,
  modeProduct,
  type Random,
  type TuckerTensor,
} from "../../core/mod.ts";

const a = hostAlgebra();

/** Normal entries of variance 1/rows, so that products stay of the size of what comes in. */
export function normal(random: Random, rows: number, columns: number): Matrix {
  const data = random.fillNormal(new Float32Array(rows * columns));
  return a.scale(1 / Math.sqrt(rows), matrix(data, rows, columns));
}

/** The rows of softmax(S) V; causal: a row sees those before and itself. */
export function seen(scores: Matrix, values: Matrix, causal: boolean): Matrix {
  const weights = Float64Array.from(scores.data);
  const [n, m] = [a.rows(scores), a.cols(scores)];
  for (let i = 0; i < n; i++) {
    const row = weights.subarray(i * m, (i + 1) * m);
    for (let j = i + 1; causal && j < m; j++) row[j] = -Infinity;
    const most = row.reduce((x, y) => Math.max(x, y), -Infinity);
    const exps = row.map((x) => Math.exp(x - most));
    const sum = exps.reduce((x, y) => x + y, 0);
    row.set(exps.map((x) => x / sum));
  }
  return a.multiply(matrix(weights, n, m), values);
}

/** Columns of each head. */
export function ofHead(x: Matrix, head: number, size: number): Matrix {
  return a.columns(x, head * size, (head + 1) * size);
}

/** What attention by heads is made of: queries d×(h e), keys and values d×(g e), outputs (h e)×d. */
export interface HeadMaps {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  readonly output: Matrix;
}

/** Σ_i softmax(x W_i^Q (x W_g^K)ᵀ / √e) x W_g^V W_i^O, head i in group ⌊i g/h⌋. */
export function byHeads(
  x: Matrix,
  { query, key, value, output }: HeadMaps,
  [heads, groups]: readonly [number, number],
  causal: boolean,
): Matrix {
  const size = a.cols(query) / heads;
  const parts = Array.from({ length: heads }, (_, i) => {
    const g = Math.floor((i * groups) / heads);
    const q = a.multiply(x, ofHead(query, i, size));
    const [k, v] = [key, value].map((w) => a.multiply(x, ofHead(w, g, size))) as [Matrix, Matrix];
    const scores = a.scale(1 / Math.sqrt(size), a.multiply(q, k, { transposeRight: true }));
    return seen(scores, v, causal);
  });
  return a.multiply(a.hstack(parts), output);
}

/** The tensors of Tucker attention: head × query × key and head × output × value. */
export interface TuckerPair {
  readonly scores: TuckerTensor<Matrix>;
  readonly outputs: TuckerTensor<Matrix>;
}

/** How the entries of a latent turn with the position of a row. */
export type Turn = (latent: Matrix) => Matrix;

/** Tucker attention by its formulas, without either tensor. */
export function byTucker(
  x: Matrix,
  { scores, outputs }: TuckerPair,
  scale: number,
  causal: boolean,
  turn: Turn = (latent) => latent,
): Matrix {
  const [tc, own] = [scores, outputs].map((t) => slices(modeProduct(a, t.core, t.factors[0]!, 0)));
  const queries = a.multiply(x, scores.factors[1]!);
  const keys = turn(a.multiply(x, scores.factors[2]!));
  const values = a.multiply(x, outputs.factors[2]!);
  const parts = tc!.map((t, i) => {
    const q = turn(a.multiply(queries, t));
    const s = a.scale(scale, a.multiply(q, keys, { transposeRight: true }));
    return a.multiply(seen(s, values, causal), own![i]!, { transposeRight: true });
  });
  const sum = parts.reduce((y, part) => a.lincomb(1, y, 1, part));
  return a.multiply(sum, outputs.factors[1]!, { transposeRight: true });
}

/** The slices of a tensor along its first mode. */
export function slices({ shape, data }: DenseTensor<Matrix>): Matrix[] {
  const [count, rows, columns] = shape as [number, number, number];
  const size = rows * columns;
  return Array.from(
    { length: count },
    (_, i) =>
      matrix(Float64Array.from(data.data.subarray(i * size, (i + 1) * size)), rows, columns),
  );
}

/** A tensor of slices along its first mode. */
export function stack(matrices: readonly Matrix[]): DenseTensor<Matrix> {
  const [rows, columns] = [a.rows(matrices[0]!), a.cols(matrices[0]!)];
  const data = Float64Array.from(matrices.flatMap((m) => [...m.data]));
  const shape = [matrices.length, rows, columns];
  return { shape, data: matrix(data, matrices.length, rows * columns) };
}

/** The row of the table for heads of groups: MHA, GQA, MQA. */
export function tuckerOfHeads(
  { query, key, value, output }: HeadMaps,
  [heads, groups]: readonly [number, number],
): TuckerPair {
  const size = a.cols(query) / heads;
  const route = (i: number): Matrix => {
    const g = Math.floor((i * groups) / heads);
    const data = new Float64Array(heads * size * groups * size);
    for (let s = 0; s < size; s++) data[(i * size + s) * groups * size + g * size + s] = 1;
    return matrix(data, heads * size, groups * size);
  };
  const core = stack(Array.from({ length: heads }, (_, i) => route(i)));
  const factors = (u: Matrix, v: Matrix) => [a.identity(heads), u, v];
  return {
    scores: { core, factors: factors(query, key) },
    outputs: { core, factors: factors(a.transpose(output), value) },
  };
}

/** What latent attention is made of. */
export interface LatentMaps {
  readonly queryDown: Matrix;
  readonly queryUp: Matrix;
  readonly down: Matrix;
  readonly keyUp: Matrix;
  readonly valueUp: Matrix;
  readonly output: Matrix;
}

/** MLA with its keys and values formed for every head. */
export function byLatents(x: Matrix, w: LatentMaps, heads: number, causal: boolean): Matrix {
  const maps = {
    query: a.multiply(w.queryDown, w.queryUp),
    key: a.multiply(w.down, w.keyUp),
    value: a.multiply(w.down, w.valueUp),
    output: w.output,
  };
  return byHeads(x, maps, [heads, heads], causal);
}

/** The row of the table for MLA. */
export function tuckerOfLatents(w: LatentMaps, heads: number): TuckerPair {
  const size = a.cols(w.queryUp) / heads;
  const scores = Array.from(
    { length: heads },
    (_, i) =>
      a.multiply(ofHead(w.queryUp, i, size), ofHead(w.keyUp, i, size), { transposeRight: true }),
  );
  const outputs = Array.from({ length: heads }, (_, i) => {
    const up = a.transpose(ofHead(w.valueUp, i, size));
    const latent = a.cols(up);
    const data = new Float64Array(heads * size * latent);
    data.set(up.data, i * size * latent);
    return matrix(data, heads * size, latent);
  });
  return {
    scores: { core: stack(scores), factors: [a.identity(heads), w.queryDown, w.down] },
    outputs: { core: stack(outputs), factors: [a.identity(heads), a.transpose(w.output), w.down] },
  };
}
