/**
 * Velocities of collision operators: nodes of quadratures on [−1, 1] and on the whole sphere.
 *
 * @module
 */

import { checkInteger, gaussLegendre, type Matrix, matrix } from "../../../core/mod.ts";

/** Nodes at which densities are known, and the weights of integrals. */
export interface VelocityNodes {
  /** 1 for the slab, where velocities are numbers; 3 for unit vectors. */
  readonly dimension: 1 | 3;
  /** Nodes × dimension. */
  readonly points: Matrix;
  /** Positive; their sum is |V|: 2, or 4π. */
  readonly weights: Float64Array;
}

/**
 * Gauss-Legendre nodes of the slab, ascending.
 *
 * @throws {RangeError} When the count is not a positive integer.
 */
export function slabNodes(count: number): VelocityNodes {
  checkInteger("choose velocities", "the number of nodes", count);
  const { nodes, weights } = gaussLegendre(count);
  return { dimension: 1, points: matrix(nodes, count, 1), weights };
}

/**
 * Gauss-Legendre in z times equal angles around it: 2 order² nodes on the sphere.
 *
 * @throws {RangeError} When the order is not a positive integer.
 */
export function sphereNodes(order: number): VelocityNodes {
  checkInteger("choose velocities", "the order", order);
  const { nodes, weights } = gaussLegendre(order);
  const around = 2 * order;
  const rows = [...nodes].flatMap((z) =>
    Array.from({ length: around }, (_, i) => {
      const [angle, radius] = [(i + 0.5) * Math.PI / order, Math.sqrt(1 - z * z)];
      return [radius * Math.cos(angle), radius * Math.sin(angle), z];
    })
  );
  return {
    dimension: 3,
    points: matrix(rows.flat(), rows.length, 3),
    weights: Float64Array.from(rows, (_, k) => Math.PI / order * weights[Math.floor(k / around)]!),
  };
}

/** Σ w f of every row of f, rows × nodes. */
export function integrals({ weights }: VelocityNodes, { rows, cols, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += weights[j]! * data[i * cols + j]!;
    return sum;
  });
}
