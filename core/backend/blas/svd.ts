/**
 * The singular value decomposition by LAPACK, beside the main thread: the layers of a network
 * truncate at the same time.
 *
 * It runs on memory of its own, because the wasm heap may move while it does.
 *
 * @module
 */

import { BLOCK_BYTES, ParameterBlock } from "./lapack_block.ts";
import type { BlasLibrary } from "./library.ts";

/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;

/** Factors of A = P diag(sigma) Qᵀ, row-major. */
export interface SvdFactors {
  /** m×k. */
  readonly p: Float32Array;
  /** k. */
  readonly sigma: Float64Array;
  /** Qᵀ, k×n. */
  readonly qT: Float32Array;
}

/** Where the parts of the memory begin, in floats, and its size. */
interface Layout {
  readonly sigma: number;
  readonly u: number;
  readonly vt: number;
  readonly work: number;
  readonly lwork: number;
  readonly integers: number;
  readonly block: number;
  readonly total: number;
}

function layout(m: number, n: number): Layout {
  const k = Math.min(m, n);
  const lwork = 4 * k * k + 7 * k + Math.max(m, n) * (BLOCK + 2);
  const sigma = m * n;
  const u = sigma + k;
  const vt = u + n * k;
  const work = vt + k * m;
  const integers = work + lwork;
  const block = integers + 8 * k;
  return { sigma, u, vt, work, lwork, integers, block, total: block + BLOCK_BYTES / 4 };
}

/**
 * The thin SVD.
 *
 * @param gesdd LAPACK's sgesdd, run beside this thread.
 * @param a Entries, m×n row-major; copied before this returns.
 */
export async function thinSvd(
  gesdd: NonNullable<BlasLibrary["gesddBeside"]>,
  a: Float32Array,
  m: number,
  n: number,
): Promise<SvdFactors> {
  const k = Math.min(m, n);
  const at = layout(m, n);
  const floats = new Float32Array(at.total);
  floats.set(a);
  const base = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(floats)));
  const bytes = new Uint8Array(floats.buffer, 4 * at.block, BLOCK_BYTES);
  const block = new ParameterBlock(() => bytes, () => base + 4 * at.block);
  const q = block.write({ m, n, k, lwork: at.lwork });
  const part = (start: number): number => base + 4 * start;
  // Column-major, the matrix is Aᵀ (n×m) = Ũ Σ Ṽᵀ with P = Ṽ and Q = Ũ. Ṽᵀ (k×m) column-major is P
  // (m×k) row-major, and Ũ (n×k) column-major is Qᵀ (k×n) row-major.
  await gesdd(
    ...[q.thin, q.n, q.m, base, q.n, part(at.sigma), part(at.u), q.n, part(at.vt), q.k],
    ...[part(at.work), q.lwork, part(at.integers), q.info, 1],
  );
  if (block.info() !== 0) {
    throw new Error(
      `Cannot compute the SVD: LAPACK returned ${block.info()}; the matrix may hold NaN or infinity`,
    );
  }
  return {
    p: floats.subarray(at.vt, at.vt + m * k),
    sigma: Float64Array.from(floats.subarray(at.sigma, at.sigma + k)),
    qT: floats.subarray(at.u, at.u + n * k),
  };
}
