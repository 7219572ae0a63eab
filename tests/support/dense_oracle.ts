/** Linear maps and their derivatives by plain loops in float64: slow, and hard to get wrong. */

import type { Activation } from "../../core/backend/mod.ts";

/** A row-major matrix. */
export interface Dense {
  rows: number;
  cols: number;
  data: Float64Array;
}

/** Makes a matrix entry by entry. */
export function dense(rows: number, cols: number, at: (i: number, j: number) => number): Dense {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = at(i, j);
  }
  return { rows, cols, data };
}

/** Entry (i, j). */
export const at = (a: Dense, i: number, j: number): number => a.data[i * a.cols + j]!;

/** Aᵀ. */
export const flip = (a: Dense): Dense => dense(a.cols, a.rows, (i, j) => at(a, j, i));

/** A B. */
export function times(a: Dense, b: Dense): Dense {
  return dense(a.rows, b.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.cols; k++) sum += at(a, i, k) * at(b, k, j);
    return sum;
  });
}

/** Sums of the columns, as a row. */
export function columnSums(a: Dense): Dense {
  return dense(1, a.cols, (_, j) => {
    let sum = 0;
    for (let i = 0; i < a.rows; i++) sum += at(a, i, j);
    return sum;
  });
}

/** The activations as functions of z. */
export const act: Record<Activation, (z: number) => number> = {
  identity: (z) => z,
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
};

/** Their derivatives as functions of z, not of the output. */
export const slope: Record<Activation, (z: number) => number> = {
  identity: () => 1,
  relu: (z) => z > 0 ? 1 : 0,
  tanh: (z) => 1 / Math.cosh(z) ** 2,
  sigmoid: (z) => act.sigmoid(z) * act.sigmoid(-z),
  softplus: act.sigmoid,
};

/** Value and derivatives of Σ weights ∘ act(x W + b). */
export function linearOracle(
  x: Dense,
  w: Dense,
  b: Dense | null,
  activation: Activation,
  weights: Dense,
): Record<"y" | "d" | "dx" | "dw" | "db", Dense> {
  const z = times(x, w);
  const full = dense(z.rows, z.cols, (i, j) => at(z, i, j) + (b ? at(b, 0, j) : 0));
  const y = dense(z.rows, z.cols, (i, j) => act[activation](at(full, i, j)));
  const d = dense(z.rows, z.cols, (i, j) => at(weights, i, j) * slope[activation](at(full, i, j)));
  return { y, d, dx: times(d, flip(w)), dw: times(flip(x), d), db: columnSums(d) };
}

/** Value, derivatives and gradient pair of Σ weights ∘ act(x U S Vᵀ + b). */
export function lowRankOracle(
  x: Dense,
  [u, s, v]: [Dense, Dense, Dense],
  b: Dense | null,
  activation: Activation,
  weights: Dense,
): Record<"y" | "d" | "dx" | "du" | "ds" | "dv" | "db" | "xu" | "dTimesV", Dense> {
  const w = times(times(u, s), flip(v));
  const { y, d, dx, dw, db } = linearOracle(x, w, b, activation, weights);
  return {
    y,
    d,
    dx,
    db,
    du: times(dw, times(v, flip(s))),
    ds: times(times(flip(u), dw), v),
    dv: times(flip(dw), times(u, s)),
    xu: times(x, u),
    dTimesV: times(d, v),
  };
}
