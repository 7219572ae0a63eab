/**
 * Collision operators: the exact ones, and what they do to entropy.
 *
 * @module
 */

import { type Algebra, type Matrix, matrixOf } from "../../../core/mod.ts";
import type { ScatteringKernel } from "./kernels.ts";
import type { VelocityNodes } from "./nodes.ts";

/** What collisions do to densities. */
export interface CollisionOperator {
  /** Q(f) for the rows of f, rows × nodes. */
  apply(f: Matrix): Matrix;
}

/** An operator that is a matrix: Q(f) = f A for rows f. */
export interface LinearCollision extends CollisionOperator {
  /** A, nodes × nodes. */
  readonly matrix: Matrix;
}

/**
 * Q(f)(v) = ∫ k(v, v′) (f(v′) − f(v)) dv′ at the nodes. The loss takes the row sums of the discrete
 * kernel: Σ w Q = 0 holds to round-off, however coarse the quadrature.
 */
export function exactCollision(
  a: Algebra<Matrix>,
  nodes: VelocityNodes,
  kernel: ScatteringKernel,
): LinearCollision {
  const { points: { rows: n, cols: d, data }, weights } = nodes;
  const scale = nodes.dimension === 3 ? 1 / (4 * Math.PI) : 1;
  const gain = matrixOf(n, n, (from, to) => {
    let cosine = 0;
    for (let k = 0; k < d; k++) cosine += data[from * d + k]! * data[to * d + k]!;
    return weights[from]! * scale * kernel.at(cosine);
  });
  const loss = new Float64Array(n);
  for (let from = 0; from < n; from++) {
    for (let to = 0; to < n; to++) loss[to]! += gain.data[from * n + to]!;
  }
  const matrix = matrixOf(n, n, (from, to) => {
    return gain.data[from * n + to]! - (from === to ? loss[to]! : 0);
  });
  return { matrix, apply: (f) => a.multiply(f, matrix) };
}

/** ∫ f ln f by row: collisions never raise it. */
export function entropies({ weights }: VelocityNodes, { rows, cols, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < cols; j++) {
      const f = data[i * cols + j]!;
      sum += f === 0 ? 0 : weights[j]! * f * Math.log(f);
    }
    return sum;
  });
}
