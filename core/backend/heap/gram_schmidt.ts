/**
 * Orthonormal bases by Gram matrices, on the wasm heap: few large products in place of many small
 * reflections.
 *
 * @module
 */

import { type HeapContext, withScratch } from "./context.ts";

/** Rounding unit of float32, doubled. */
const EPSILON = 2 ** -23;
/** Passes before the caller must take another way. */
const MAX_PASSES = 4;
/** A pass that starts this near to orthonormal ends at round-off. */
const NEAR = 0.05;
/** Taking out a part this small leaves columns orthonormal to round-off. */
const INSIDE = 0.5 * Math.sqrt(EPSILON);

/**
 * Writes R⁻¹ of the Cholesky factorisation G = RᵀR.
 *
 * @param gram Heap address of G, n×n; it stays as it is.
 * @param inverse Heap address of R⁻¹, n×n: zero below the diagonal.
 * @param floor What squared pivots must have of the diagonal of G.
 * @returns false where one has less; the result is then undefined.
 */
export type InvertFactor = (gram: number, inverse: number, n: number, floor: number) => boolean;

/** Gram-Schmidt by blocks on one heap. */
export class GramSchmidt {
  readonly #c: HeapContext;
  readonly #invert: InvertFactor;

  /** Makes it. */
  constructor(c: HeapContext, invert: InvertFactor) {
    this.#c = c;
    this.#invert = invert;
  }

  /**
   * Writes an orthonormal basis of an m×n matrix: passes of A ← A R⁻¹ with AᵀA = RᵀR, until the
   * Gram matrix that a pass starts from is near the identity (Cholesky-QR; a shift where it is
   * indefinite: Fukaya et al., SIAM J. Sci. Comput. 42, 2020).
   *
   * @param from Heap address of the matrix.
   * @param to Heap address of the result.
   * @returns false where columns are dependent to working precision; the result is then undefined.
   */
  orthonormalize(from: number, to: number, m: number, n: number): boolean {
    return withScratch(this.#c, 4 * (m * n + 2 * n * n), (spare) => {
      const gram = spare + 4 * m * n;
      const inverse = gram + 4 * n * n;
      let source = from;
      for (let pass = 0; pass < MAX_PASSES; pass++) {
        this.#c.gemm(true, false, n, n, m, source, n, source, n, gram, n, false);
        const near = this.#distanceFromIdentity(gram, n) < NEAR;
        if (!this.#invertShifted(gram, inverse, n)) return false;
        const target = source === to ? spare : to;
        this.#c.gemm(false, false, m, n, n, source, n, inverse, n, target, n, false);
        source = target;
        if (near) return this.#move(source, to, m * n);
      }
      return false;
    });
  }

  /**
   * Writes orthonormal directions that the m×k matrix A adds to the span of U: projection and
   * orthonormalisation in turn, until nothing of U shows.
   *
   * @param u Heap address of U, m×r with orthonormal columns.
   * @param from Heap address of A.
   * @param to Heap address of the result.
   * @returns false where A lacks rank to working precision.
   */
  complement(u: number, r: number, from: number, to: number, m: number, k: number): boolean {
    return withScratch(this.#c, 4 * (m * k + r * k), (rest) => {
      const inside = rest + 4 * m * k;
      let source = from;
      for (let pass = 0; pass < MAX_PASSES; pass++) {
        this.#project(u, r, source, rest, inside, m, k);
        const size = Math.sqrt(this.#c.simd.sum_squares!(inside, r * k));
        if (pass > 0 && size < INSIDE) return this.#move(rest, to, m * k);
        if (!this.orthonormalize(rest, to, m, k)) return false;
        source = to;
      }
      return false;
    });
  }

  /**
   * Writes R⁻¹ of the Cholesky factorisation G = RᵀR of an n×n Gram matrix.
   *
   * @param from Heap address of G.
   * @param to Heap address of the result, upper triangular.
   * @returns ‖R‖ ‖R⁻¹‖ in the Frobenius norm; undefined where G is not definite to working precision.
   */
  inverseFactor(from: number, to: number, n: number): number | undefined {
    if (!this.#invert(from, to, n, floorOf(n))) return undefined;
    // ‖R‖² is the trace of G.
    return Math.sqrt(this.#trace(from, n) * this.#c.simd.sum_squares!(to, n * n));
  }

  /** rest = A − U inside, inside = Uᵀ A; `inside` is left with its sign changed. */
  #project(
    u: number,
    r: number,
    a: number,
    rest: number,
    inside: number,
    m: number,
    k: number,
  ): void {
    const { gemm, simd } = this.#c;
    gemm(true, false, r, k, m, u, r, a, k, inside, k, false);
    simd.scale!(inside, inside, -1, r * k);
    this.#move(a, rest, m * k);
    gemm(false, false, m, k, r, u, r, inside, k, rest, k, true);
  }

  #move(from: number, to: number, floats: number): true {
    if (from !== to) {
      this.#c.heap.backend.wasm.HEAPF32.copyWithin(to / 4, from / 4, from / 4 + floats);
    }
    return true;
  }

  #distanceFromIdentity(gram: number, n: number): number {
    // ‖G − I‖² = ‖G‖² − 2 tr G + n, exact enough for a threshold of a few hundredths.
    const squared = this.#c.simd.sum_squares!(gram, n * n) - 2 * this.#trace(gram, n) + n;
    return Number.isFinite(squared) ? Math.sqrt(Math.max(0, squared)) : Infinity;
  }

  #trace(gram: number, n: number): number {
    const floats = this.#c.heap.backend.wasm.HEAPF32;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += floats[gram / 4 + i * (n + 1)]!;
    return trace;
  }

  /** Writes R⁻¹, of a Gram matrix that is shifted where it is indefinite. */
  #invertShifted(gram: number, inverse: number, n: number): boolean {
    const floor = floorOf(n);
    if (this.#invert(gram, inverse, n, floor)) return true;
    const floats = this.#c.heap.backend.wasm.HEAPF32;
    for (let i = 0; i < n; i++) floats[gram / 4 + i * (n + 1)]! *= 1 + 4 * floor;
    return this.#invert(gram, inverse, n, floor);
  }
}

/** Squared pivots below this share of the diagonal are round-off of the Gram matrix. */
function floorOf(n: number): number {
  return 8 * n * EPSILON;
}

/**
 * Whether squared pivots have enough of the diagonal of a matrix.
 *
 * @param floats The heap.
 * @param r Index of R or Rᵀ, rows `pitch` apart.
 * @param gram Index of the matrix, n×n.
 * @param floor What they must have.
 */
export function isDefinite(
  floats: Float32Array,
  r: number,
  pitch: number,
  gram: number,
  n: number,
  floor: number,
): boolean {
  for (let i = 0; i < n; i++) {
    const [pivot, diagonal] = [floats[r + i * (pitch + 1)]!, floats[gram + i * (n + 1)]!];
    if (!(pivot ** 2 > floor * diagonal)) return false;
  }
  return true;
}
