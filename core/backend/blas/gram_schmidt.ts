/**
 * Orthonormal bases by Gram matrices, on the wasm heap: few large products in place of many small
 * reflections.
 *
 * @module
 */

import { type HeapContext, withScratch } from "../heap/context.ts";
import { BLOCK_BYTES, ParameterBlock } from "./lapack_block.ts";
import type { LapackFunctions } from "./library.ts";

/** Rounding unit of float32, doubled. */
const EPSILON = 2 ** -23;
/** Passes before the caller must take another way. */
const MAX_PASSES = 4;
/** A pass that starts this near to orthonormal ends at round-off. */
const NEAR = 0.05;
/** Taking out a part this small leaves columns orthonormal to round-off. */
const INSIDE = 0.5 * Math.sqrt(EPSILON);

/** Gram-Schmidt by blocks on one heap. */
export class GramSchmidt {
  readonly #c: HeapContext;
  readonly #lapack: LapackFunctions;
  readonly #base: () => number;
  readonly #block: ParameterBlock;

  /** Makes it; `base` gives the native address of the heap. */
  constructor(c: HeapContext, lapack: LapackFunctions, base: () => number) {
    this.#c = c;
    this.#lapack = lapack;
    this.#base = base;
    const { wasm } = c.heap.backend;
    const at = wasm._malloc(BLOCK_BYTES);
    const bytes = () => wasm.HEAPU8.subarray(at, at + BLOCK_BYTES);
    this.#block = new ParameterBlock(bytes, () => base() + at);
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
    return withScratch(this.#c, 4 * (m * n + n * n), (spare) => {
      const gram = spare + 4 * m * n;
      let source = from;
      for (let pass = 0; pass < MAX_PASSES; pass++) {
        this.#c.gemm(true, false, n, n, m, source, n, source, n, gram, n, false);
        const near = this.#distanceFromIdentity(gram, n) < NEAR;
        if (!this.#invertFactor(gram, n)) return false;
        const target = source === to ? spare : to;
        // The column-major inverse read row-major is its transpose.
        this.#c.gemm(false, true, m, n, n, source, n, gram, n, target, n, false);
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
    return withScratch(this.#c, 4 * n * n, (gram) => {
      const { simd } = this.#c;
      this.#move(from, gram, n * n);
      if (!this.#factor(gram, from, n, 8 * n * EPSILON)) return undefined;
      const size = Math.sqrt(simd.sum_squares!(gram, n * n));
      if (!this.#invertTriangle(gram, n)) return undefined;
      simd.transpose!(to, gram, n, n);
      return size * Math.sqrt(simd.sum_squares!(gram, n * n));
    });
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
    const floats = this.#c.heap.backend.wasm.HEAPF32;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += floats[gram / 4 + i * (n + 1)]!;
    // ‖G − I‖² = ‖G‖² − 2 tr G + n, exact enough for a threshold of a few hundredths.
    const squared = this.#c.simd.sum_squares!(gram, n * n) - 2 * trace + n;
    return Number.isFinite(squared) ? Math.sqrt(Math.max(0, squared)) : Infinity;
  }

  /** Overwrites a Gram matrix with R⁻¹, column-major with zeros below the diagonal. */
  #invertFactor(gram: number, n: number): boolean {
    return withScratch(this.#c, 4 * n * n, (copy) => {
      this.#move(gram, copy, n * n);
      // Pivots below this are round-off of the Gram matrix.
      const floor = 8 * n * EPSILON;
      if (!this.#factor(gram, copy, n, floor)) {
        this.#shiftDiagonal(copy, n, 4 * floor);
        this.#move(copy, gram, n * n);
        if (!this.#factor(gram, copy, n, floor)) return false;
      }
      return this.#invertTriangle(gram, n);
    });
  }

  /** Overwrites R, column-major upper, with R⁻¹. */
  #invertTriangle(r: number, n: number): boolean {
    const p = this.#block.write({ m: n, n });
    this.#lapack.strtri_(p.upper, p.plain, p.n, this.#base() + r, p.n, p.info, 1, 1);
    return this.#block.info() === 0;
  }

  /** Overwrites the Gram matrix with R, column-major upper; false where a pivot is too small. */
  #factor(gram: number, original: number, n: number, floor: number): boolean {
    const p = this.#block.write({ m: n, n });
    this.#lapack.spotrf_(p.upper, p.n, this.#base() + gram, p.n, p.info, 1);
    if (this.#block.info() !== 0) return false;
    const floats = this.#c.heap.backend.wasm.HEAPF32;
    for (let i = 0; i < n; i++) {
      const [pivot, diagonal] = [gram, original].map((at) => floats[at / 4 + i * (n + 1)]!);
      if (!(pivot! ** 2 > floor * diagonal!)) return false;
      const column = gram / 4 + i * n;
      floats.fill(0, column + i + 1, column + n);
    }
    return true;
  }

  #shiftDiagonal(gram: number, n: number, relative: number): void {
    const floats = this.#c.heap.backend.wasm.HEAPF32;
    for (let i = 0; i < n; i++) floats[gram / 4 + i * (n + 1)]! *= 1 + relative;
  }
}
