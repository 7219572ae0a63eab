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
 * Products and factors that bases are made with. Matrices are row-major at heap addresses; tall ones
 * have m rows and a width that {@linkcode GramKernels.widthOf} allows, without gaps between rows.
 */
export interface GramKernels {
  /** Columns that kernels want of a matrix with n columns; further ones are zero. */
  widthOf(n: number): number;
  /** G = AᵀA, n×n; all of it. */
  gram(a: number, g: number, m: number, n: number): void;
  /** Q = A X with an upper triangle X, n×n. */
  timesUpper(a: number, x: number, q: number, m: number, n: number): void;
  /** S = UᵀA, r×k, of U without further columns. */
  cross(u: number, a: number, s: number, m: number, r: number, k: number): void;
  /** A −= U S. */
  take(u: number, s: number, a: number, m: number, r: number, k: number): void;
  /**
   * Writes R⁻¹ of the Cholesky factorisation G = RᵀR.
   *
   * @param gram Address of G, n×n for any n; it stays as it is.
   * @param inverse Address of R⁻¹, n×n: zero below the diagonal.
   * @param floor What squared pivots must have of the diagonal of G.
   * @returns false where one has less; the result is then undefined.
   */
  invertFactor(gram: number, inverse: number, n: number, floor: number): boolean;
}

/** Gram-Schmidt by blocks on one heap. */
export class GramSchmidt {
  readonly #c: HeapContext;
  readonly #kernels: GramKernels;

  /** Makes it. */
  constructor(c: HeapContext, kernels: GramKernels) {
    this.#c = c;
    this.#kernels = kernels;
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
    return this.#atWidth(from, to, m, n, (a, q, width) => this.#passes(a, q, m, n, width));
  }

  /** Passes from A to Q, which may be in the same place. */
  #passes(a: number, q: number, m: number, n: number, width: number): boolean {
    const { gram: formGram, timesUpper } = this.#kernels;
    return withScratch(this.#c, 4 * (m * width + 2 * width * width), (spare) => {
      const gram = spare + 4 * m * width;
      const inverse = gram + 4 * width * width;
      let source = a;
      for (let pass = 0; pass < MAX_PASSES; pass++) {
        formGram(source, gram, m, width);
        for (let i = n; i < width; i++) this.#floats[gram / 4 + i * (width + 1)] = 1;
        const near = this.#distanceFromIdentity(gram, width) < NEAR;
        if (!this.#invertShifted(gram, inverse, width)) return false;
        const target = source === q ? spare : q;
        timesUpper(source, inverse, target, m, width);
        source = target;
        if (near) return this.#move(source, q, m * width);
      }
      return false;
    });
  }

  /** Runs `work` on matrices of the width that kernels want, copies of narrower ones. */
  #atWidth(
    from: number,
    to: number,
    m: number,
    n: number,
    work: (from: number, to: number, width: number) => boolean,
  ): boolean {
    const width = this.#kernels.widthOf(n);
    if (width === n) return work(from, to, n);
    const { simd } = this.#c;
    return withScratch(this.#c, 4 * m * width, (at) => {
      simd.zero!(at, m * width);
      simd.copy_rows!(at, from, m, 4 * n, 4 * width, 4 * n);
      if (!work(at, at, width)) return false;
      simd.copy_rows!(to, at, m, 4 * n, 4 * n, 4 * width);
      return true;
    });
  }

  get #floats(): Float32Array {
    return this.#c.heap.backend.wasm.HEAPF32;
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
    return this.#atWidth(from, to, m, k, (a, q, width) => this.#turns(u, r, a, q, m, k, width));
  }

  /** Projection and orthonormalisation in turn, from A to Q, which may be in the same place. */
  #turns(
    u: number,
    r: number,
    a: number,
    q: number,
    m: number,
    k: number,
    width: number,
  ): boolean {
    const { cross, take } = this.#kernels;
    return withScratch(this.#c, 4 * (m * width + r * width), (rest) => {
      const inside = rest + 4 * m * width;
      let source = a;
      for (let pass = 0; pass < MAX_PASSES; pass++) {
        cross(u, source, inside, m, r, width);
        this.#move(source, rest, m * width);
        take(u, inside, rest, m, r, width);
        const size = Math.sqrt(this.#c.simd.sum_squares!(inside, r * width));
        if (pass > 0 && size < INSIDE) return this.#move(rest, q, m * width);
        if (!this.#passes(rest, q, m, k, width)) return false;
        source = q;
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
    if (!this.#kernels.invertFactor(from, to, n, floorOf(n))) return undefined;
    // ‖R‖² is the trace of G.
    return Math.sqrt(this.#trace(from, n) * this.#c.simd.sum_squares!(to, n * n));
  }

  #move(from: number, to: number, floats: number): true {
    if (from !== to) {
      this.#floats.copyWithin(to / 4, from / 4, from / 4 + floats);
    }
    return true;
  }

  #distanceFromIdentity(gram: number, n: number): number {
    // ‖G − I‖² = ‖G‖² − 2 tr G + n, exact enough for a threshold of a few hundredths.
    const squared = this.#c.simd.sum_squares!(gram, n * n) - 2 * this.#trace(gram, n) + n;
    return Number.isFinite(squared) ? Math.sqrt(Math.max(0, squared)) : Infinity;
  }

  #trace(gram: number, n: number): number {
    const floats = this.#floats;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += floats[gram / 4 + i * (n + 1)]!;
    return trace;
  }

  /** Writes R⁻¹, of a Gram matrix that is shifted where it is indefinite. */
  #invertShifted(gram: number, inverse: number, n: number): boolean {
    const floor = floorOf(n);
    if (this.#kernels.invertFactor(gram, inverse, n, floor)) return true;
    const floats = this.#floats;
    for (let i = 0; i < n; i++) floats[gram / 4 + i * (n + 1)]! *= 1 + 4 * floor;
    return this.#kernels.invertFactor(gram, inverse, n, floor);
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
