/**
 * Orthonormalisation by Cholesky-QR, for backends where only small matrices should travel.
 *
 * One pass forms the Gram matrix G = BᵀB, takes its Cholesky factor G = RᵀR on the host and
 * returns B R⁻¹. A pass from a well-conditioned B leaves it orthonormal to round-off; a badly
 * conditioned one is made better first by a shifted pass (Fukaya, Kannan, Nakatsukasa, Yamamoto,
 * Yanagisawa: Shifted Cholesky QR, SIAM J. Sci. Comput. 42, 2020).
 *
 * @module
 */

import type { Algebra } from "./algebra.ts";

const MAX_PASSES = 4;
/** A pass that starts this near to orthonormal ends at round-off. */
const NEAR = 0.05;

/**
 * Orthonormal basis of span(B), or undefined when B is numerically rank deficient and the caller
 * must take Householder reflections instead.
 *
 * @param a The algebra; costs one product m×n by n×n and one read-back of n² numbers a pass.
 * @param b m×n, m ≥ n.
 */
export async function choleskyQr<M>(a: Algebra<M>, b: M): Promise<M | undefined> {
  const n = a.cols(b);
  let x = b;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const gram = await a.read(a.multiply(x, x, { transposeLeft: true }));
    const inverse = inverseFactor(gram, n, a.epsilon);
    if (!inverse) return undefined;
    x = a.multiply(x, a.from(inverse, n, n));
    if (distanceFromIdentity(gram, n) < NEAR) return x;
  }
  return undefined;
}

function distanceFromIdentity(gram: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n * n; i++) sum += (gram[i]! - (i % (n + 1) === 0 ? 1 : 0)) ** 2;
  return Math.sqrt(sum);
}

/**
 * R⁻¹ for G = RᵀR (row-major, upper triangular), columns of B scaled to unit length first because
 * the scaling is free and bounds the condition; a shift of a few round-offs when G is indefinite.
 */
function inverseFactor(gram: Float64Array, n: number, epsilon: number): Float64Array | undefined {
  const scale = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const length = Math.sqrt(gram[i * n + i]!);
    if (!(length > 0) || !Number.isFinite(length)) return undefined;
    scale[i] = 1 / length;
  }
  const scaled = gram.map((g, i) => g * scale[Math.floor(i / n)]! * scale[i % n]!);
  // Pivots below this are round-off of the Gram matrix, formed in the working precision.
  const floor = 8 * n * epsilon;
  const r = upperFactor(scaled, n, 0, floor) ?? upperFactor(scaled, n, 4 * floor, floor);
  if (!r) return undefined;
  const inverse = invertUpper(r, n);
  return inverse.map((x, i) => x * scale[Math.floor(i / n)]!);
}

/** Upper Cholesky factor of G + shift I, or undefined when a pivot falls below `floor`. */
function upperFactor(
  gram: Float64Array,
  n: number,
  shift: number,
  floor: number,
): Float64Array | undefined {
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = gram[i * n + j]! + (i === j ? shift : 0);
      for (let k = 0; k < i; k++) sum -= r[k * n + i]! * r[k * n + j]!;
      if (i === j) {
        if (!(sum > floor)) return undefined;
        r[i * n + i] = Math.sqrt(sum);
      } else r[i * n + j] = sum / r[i * n + i]!;
    }
  }
  return r;
}

function invertUpper(r: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    inverse[j * n + j] = 1 / r[j * n + j]!;
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let k = i + 1; k <= j; k++) sum += r[i * n + k]! * inverse[k * n + j]!;
      inverse[i * n + j] = -sum / r[i * n + i]!;
    }
  }
  return inverse;
}
