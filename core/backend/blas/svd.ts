/**
 * The singular value decomposition by LAPACK, beside the main thread: the layers of a network
 * truncate at the same time.
 *
 * It runs in float64, because divide and conquer in float32 was seen to fail on cores whose
 * singular values spread over more digits than float32 has, and on memory of its own, because the
 * wasm heap may move while it does.
 *
 * @module
 */

import { BLOCK_BYTES, ParameterBlock } from "./lapack_block.ts";
import type { BesideFunctions } from "./library.ts";

/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;
/** Matrices of this many entries take less time than waking another thread for them saves. */
export const SMALL = 32 * 32;

/** Factors of A = P diag(sigma) Qᵀ, row-major. */
export interface SvdFactors {
  /** m×k. */
  readonly p: Float64Array;
  /** k. */
  readonly sigma: Float64Array;
  /** Qᵀ, k×n. */
  readonly qT: Float64Array;
}

/** Where the parts of the memory begin, in numbers of 8 bytes, and its size. */
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
  const block = integers + 4 * k;
  return { sigma, u, vt, work, lwork, integers, block, total: block + BLOCK_BYTES / 8 };
}

/**
 * The thin SVD. Entries that are not finite give singular values that are NaN.
 *
 * @typeParam T What `use` makes of the factors.
 * @param lapack Functions that run beside this thread.
 * @param a Entries, m×n row-major; must stay as they are until the promise resolves.
 * @param use Takes the factors, whose memory is used again after it returns.
 */
export async function thinSvd<T>(
  lapack: BesideFunctions,
  a: Float32Array,
  m: number,
  n: number,
  use: (factors: SvdFactors) => T,
): Promise<T> {
  // LAPACK prints to standard error, or does not return, when it meets NaN.
  if (!isFinite(a)) return use(noFactors(m, n));
  const gesdd = m * n <= SMALL ? lapack.gesddHere : lapack.gesdd;
  const done = await decompose(gesdd, "divide and conquer", a, m, n, use) ??
    await decompose(lapack.gesvd, "QR iteration", a, m, n, use);
  if (done) return done.result;
  throw new Error(`Cannot compute the SVD of a ${m}×${n} matrix: LAPACK did not converge`);
}

/** One method; undefined where it does not converge. */
async function decompose<T>(
  gesvx: BesideFunctions["gesdd" | "gesddHere"],
  method: "divide and conquer" | "QR iteration",
  a: Float32Array,
  m: number,
  n: number,
  use: (factors: SvdFactors) => T,
): Promise<{ readonly result: T } | undefined> {
  const k = Math.min(m, n);
  const at = layout(m, n);
  const { memory, base, block } = borrowFor(a, at);
  const q = block.write({ m, n, k, lwork: at.lwork });
  const part = (start: number): number => base + 8 * start;
  // Column-major, the matrix is Aᵀ (n×m) = Ũ Σ Ṽᵀ with P = Ṽ and Q = Ũ. Ṽᵀ (k×m) column-major is P
  // (m×k) row-major, and Ũ (n×k) column-major is Qᵀ (k×n) row-major.
  const operands = [q.n, q.m, base, q.n, part(at.sigma), part(at.u), q.n, part(at.vt), q.k];
  const work = [part(at.work), q.lwork];
  await (method === "divide and conquer"
    ? gesvx(q.thin, ...operands, ...work, part(at.integers), q.info, 1)
    : gesvx(q.thin, q.thin, ...operands, ...work, q.info, 1, 1));
  const factors = {
    p: memory.subarray(at.vt, at.vt + m * k),
    sigma: memory.subarray(at.sigma, at.sigma + k),
    qT: memory.subarray(at.u, at.u + n * k),
  };
  const done = block.info() === 0 ? { result: use(factors) } : undefined;
  giveBack(memory);
  return done;
}

/** Memory of earlier calls, which would otherwise be allocated and zeroed for each. */
const spare: Float64Array[] = [];

/** Memory for a call on a matrix, which is copied to its beginning. */
export interface CallMemory {
  /** To be given back by {@linkcode giveBack}. */
  readonly memory: Float64Array;
  /** Its address. */
  readonly base: number;
  /** Parameters, in a part of it. */
  readonly block: ParameterBlock;
}

/**
 * Memory for a call.
 *
 * @param a Entries of the matrix.
 * @param at Where the parameters are, and the size of all, in numbers of 8 bytes.
 */
export function borrowFor(
  a: Float32Array,
  at: { readonly block: number; readonly total: number },
): CallMemory {
  const memory = borrow(at.total);
  memory.set(a);
  const base = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
  const bytes = new Uint8Array(memory.buffer, 8 * at.block, BLOCK_BYTES);
  return { memory, base, block: new ParameterBlock(() => bytes, () => base + 8 * at.block) };
}

/** Memory of at least `size` numbers: the smallest that fits. */
function borrow(size: number): Float64Array {
  let best = -1;
  for (const [i, { length }] of spare.entries()) {
    if (length >= size && (best < 0 || length < spare[best]!.length)) best = i;
  }
  if (best >= 0) return spare.splice(best, 1)[0]!;
  spare.pop(); // too small for what is wanted now
  return new Float64Array(size);
}

/** Lets later calls use it. */
export function giveBack(memory: Float64Array): void {
  spare.push(memory);
}

/** Whether all are numbers: 0 × x is NaN for NaN and the infinities. */
export function isFinite(a: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += 0 * a[i]!;
  return sum === 0;
}

function noFactors(m: number, n: number): SvdFactors {
  const k = Math.min(m, n);
  const nan = (size: number): Float64Array => new Float64Array(size).fill(NaN);
  return { p: nan(m * k), sigma: nan(k), qT: nan(k * n) };
}
