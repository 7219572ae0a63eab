/**
 * Small dense factorisations by LAPACK on the wasm heap.
 *
 * LAPACK is column-major: what it is given here as an n×m matrix is the row-major m×n matrix in
 * place. So the QR factorisation of A is its LQ factorisation of Aᵀ, and U and V change places in the
 * SVD.
 *
 * @module
 */

import type { NativeLinalg, Tensor } from "../engine.ts";
import { address, type HeapContext, output, withScratch } from "../heap/context.ts";
import { inner, outer, runtimeOf, type TensorInfo } from "../tfjs/types.ts";
import type { BlasLibrary, LapackFunctions } from "./library.ts";

/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;
/** Below this condition number of the Gram matrix, roughly, Cholesky-QR with two passes works. */
const SMALLEST_PIVOT = 1e-3;

/** Layout of the parameter block, in 32-bit words: what LAPACK takes by address. */
const WORD = { m: 0, n: 1, k: 2, lwork: 3, info: 4, chars: 5 } as const;
const PARAMETER_BYTES = 32;
/** The characters of the parameter block. */
const CHARS = "SUN";

/** Everything a factorisation needs. */
interface Bench {
  readonly c: HeapContext;
  readonly lapack: LapackFunctions;
  /** Native address of the heap. */
  readonly base: () => number;
  /** Heap address of the parameter block. */
  readonly block: number;
}

/**
 * Makes the factorisations.
 *
 * @param c The heap.
 * @param library The loaded library.
 * @param base Native address of the heap.
 * @param threads Threads of the library outside the factorisations.
 * @returns undefined where the library has no LAPACK.
 */
export function blasLinalg(
  c: HeapContext,
  library: BlasLibrary,
  base: () => number,
  threads: () => number,
): NativeLinalg | undefined {
  const { lapack, setThreads } = library;
  if (!lapack) return undefined;
  const block = c.heap.backend.wasm._malloc(PARAMETER_BYTES);
  const bench: Bench = { c, lapack, base, block };
  writeChars(bench);
  // Threads cost more than they bring on matrices of this size.
  const alone = <A, R>(f: (a: A) => R) => (a: A): R => {
    setThreads?.(1);
    try {
      return f(a);
    } finally {
      setThreads?.(threads());
    }
  };
  return {
    qr: alone((a: Tensor) => qr(bench, checked(a, "the QR factorisation"))),
    svd: alone((a: Tensor) => svd(bench, checked(a, "the SVD"))),
    choleskyQr: alone((a: Tensor) => choleskyQr(bench, checked(a, "Cholesky-QR"))),
  };
}

function writeChars({ c, block }: Bench): void {
  const at = block + 4 * WORD.chars;
  c.heap.backend.wasm.HEAPU8.set(new TextEncoder().encode(CHARS), at);
}

function checked(a: Tensor, what: string): TensorInfo {
  if (a.shape.length !== 2 || a.dtype !== "float32" || a.size === 0) {
    throw new RangeError(
      `Cannot compute ${what}: expected a float32 matrix, got ${a.dtype} [${a.shape}]`,
    );
  }
  return inner(a);
}

/** Writes the integer parameters and returns native addresses of them. */
function parameters(
  { c, base, block }: Bench,
  values: { m: number; n: number; k?: number; lwork?: number },
): Record<keyof typeof WORD, number> {
  const words = c.heap.backend.wasm.HEAP32;
  const start = block / 4;
  words[start + WORD.m] = values.m;
  words[start + WORD.n] = values.n;
  words[start + WORD.k] = values.k ?? 0;
  words[start + WORD.lwork] = values.lwork ?? 0;
  words[start + WORD.info] = 0;
  const at = base() + block;
  return {
    m: at + 4 * WORD.m,
    n: at + 4 * WORD.n,
    k: at + 4 * WORD.k,
    lwork: at + 4 * WORD.lwork,
    info: at + 4 * WORD.info,
    chars: at + 4 * WORD.chars,
  };
}

function info({ c, block }: Bench): number {
  return c.heap.backend.wasm.HEAP32[block / 4 + WORD.info]!;
}

function expectSuccess(bench: Bench, what: string): void {
  const code = info(bench);
  if (code === 0) return;
  throw new Error(
    `Cannot compute ${what}: LAPACK returned ${code}; the matrix may hold NaN or infinity`,
  );
}

function copy({ c }: Bench, from: number, to: number, floats: number): void {
  c.heap.backend.wasm.HEAPF32.copyWithin(to / 4, from / 4, from / 4 + floats);
}

function tensor({ c }: Bench, info: TensorInfo): Tensor {
  return outer(runtimeOf(c.tf).makeTensorFromTensorInfo(info));
}

/** Thin Householder QR, m ≥ n: Aᵀ = L Q̃ in LAPACK's terms, hence Q = Q̃ᵀ in place and R = Lᵀ. */
function qr(bench: Bench, a: TensorInfo): { q: Tensor; r: Tensor } {
  const { c, lapack } = bench;
  const [m, n] = a.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a thin QR factorisation: expected m ≥ n, got ${m}×${n}`);
  }
  const [q, r] = [output(c, [m, n]), output(c, [n, n])];
  const [pq, pr] = [address(c, q), address(c, r)];
  copy(bench, address(c, a), pq, m * n);
  withScratch(c, 4 * (n + n * BLOCK), (tau) => {
    const heap = bench.base();
    const p = parameters(bench, { m, n, lwork: n * BLOCK });
    const [matrix, factors, work] = [heap + pq, heap + tau, heap + tau + 4 * n];
    lapack.sgelqf_(p.n, p.m, matrix, p.n, factors, work, p.lwork, p.info);
    expectSuccess(bench, "the QR factorisation");
    upperTriangle(bench, pq, pr, n);
    lapack.sorglq_(p.n, p.m, p.n, matrix, p.n, factors, work, p.lwork, p.info);
    expectSuccess(bench, "the QR factorisation");
  });
  return { q: tensor(bench, q), r: tensor(bench, r) };
}

/** Copies the upper triangle of the first n rows of an m×n matrix and zeros what is below. */
function upperTriangle({ c }: Bench, from: number, to: number, n: number): void {
  const floats = c.heap.backend.wasm.HEAPF32;
  for (let i = 0; i < n; i++) {
    const [source, target] = [from / 4 + i * n, to / 4 + i * n];
    floats.fill(0, target, target + i);
    floats.copyWithin(target + i, source + i, source + n);
  }
}

/** Thin SVD. LAPACK decomposes Aᵀ = Ũ Σ Ṽᵀ: P = Ṽ and Q = Ũ. */
function svd(bench: Bench, a: TensorInfo): { p: Tensor; sigma: Float64Array; q: Tensor } {
  const { c } = bench;
  const [m, n] = a.shape as [number, number];
  const k = Math.min(m, n);
  // LAPACK leaves Ṽᵀ (k×m) column-major, which is P (m×k) row-major, and Ũ (n×k) column-major,
  // which is Qᵀ (k×n) row-major.
  const p = output(c, [m, k]);
  const q = output(c, [n, k]);
  const sigma = withScratch(c, 4 * (k + 2 * n * k + m * n), (at) => {
    const work = { sigma: at, left: at + 4 * k, copy: at + 4 * (k + n * k) };
    copy(bench, address(c, a), work.copy, m * n);
    decompose(bench, m, n, work, address(c, p));
    transposeInto(bench, work.left, address(c, q), k, n);
    return Float64Array.from(c.heap.backend.wasm.HEAPF32.subarray(at / 4, at / 4 + k));
  });
  return { p: tensor(bench, p), sigma, q: tensor(bench, q) };
}

function decompose(
  bench: Bench,
  m: number,
  n: number,
  at: { sigma: number; left: number; copy: number },
  p: number,
): void {
  const k = Math.min(m, n);
  const lwork = 4 * k * k + 7 * k + Math.max(m, n) * (BLOCK + 2);
  withScratch(bench.c, 4 * (lwork + 8 * k), (work) => {
    const heap = bench.base();
    const q = parameters(bench, { m, n, k, lwork });
    const integers = heap + work + 4 * lwork;
    bench.lapack.sgesdd_(
      q.chars, // "S": thin factors
      q.n,
      q.m,
      heap + at.copy,
      q.n,
      heap + at.sigma,
      heap + at.left,
      q.n,
      heap + p,
      q.k,
      heap + work,
      q.lwork,
      integers,
      q.info,
      1,
    );
    expectSuccess(bench, "the SVD");
  });
}

/** Row-major rows×columns to columns×rows. */
function transposeInto(
  { c }: Bench,
  from: number,
  to: number,
  rows: number,
  columns: number,
): void {
  const floats = c.heap.backend.wasm.HEAPF32;
  const [source, target] = [from / 4, to / 4];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      floats[target + j * rows + i] = floats[source + i * columns + j]!;
    }
  }
}

/** Orthonormal basis by two passes of A ← A R⁻¹ with AᵀA = RᵀR. */
function choleskyQr(bench: Bench, a: TensorInfo): Tensor | undefined {
  const { c } = bench;
  const [m, n] = a.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a basis by Cholesky-QR: expected m ≥ n, got ${m}×${n}`);
  }
  const q = output(c, [m, n]);
  const done = withScratch(c, 4 * (m * n + n * n), (at) => {
    const middle = at;
    const gram = at + 4 * m * n;
    return choleskyPass(bench, address(c, a), middle, gram, m, n, SMALLEST_PIVOT) &&
      choleskyPass(bench, middle, address(c, q), gram, m, n, 0.5);
  });
  if (done) return tensor(bench, q);
  c.heap.backend.disposeData(q.dataId);
  return undefined;
}

/** to = from R⁻¹; false where the Gram matrix is too ill-conditioned. */
function choleskyPass(
  bench: Bench,
  from: number,
  to: number,
  gram: number,
  m: number,
  n: number,
  smallest: number,
): boolean {
  const { c, lapack } = bench;
  c.gemm(true, false, n, n, m, from, n, from, n, gram, n, false);
  const diagonal = gramDiagonal(bench, gram, n);
  const p = parameters(bench, { m, n });
  const [upper, plain] = [p.chars + CHARS.indexOf("U"), p.chars + CHARS.indexOf("N")];
  const native = bench.base() + gram;
  lapack.spotrf_(upper, p.n, native, p.n, p.info, 1);
  if (info(bench) !== 0 || !pivotsHold(bench, gram, n, diagonal, smallest)) return false;
  lapack.strtri_(upper, plain, p.n, native, p.n, p.info, 1, 1);
  if (info(bench) !== 0) return false;
  zeroOtherTriangle(bench, gram, n);
  // Column-major R⁻¹ read row-major is its transpose.
  c.gemm(false, true, m, n, n, from, n, gram, n, to, n, false);
  return true;
}

function gramDiagonal({ c }: Bench, gram: number, n: number): Float32Array {
  const floats = c.heap.backend.wasm.HEAPF32;
  return Float32Array.from({ length: n }, (_, i) => floats[gram / 4 + i * (n + 1)]!);
}

/** Whether each column keeps enough of its norm beyond the span of those before it. */
function pivotsHold(
  { c }: Bench,
  factor: number,
  n: number,
  diagonal: Float32Array,
  smallest: number,
): boolean {
  const floats = c.heap.backend.wasm.HEAPF32;
  return diagonal.every((d, i) => floats[factor / 4 + i * (n + 1)]! > smallest * Math.sqrt(d));
}

/** Zeros what is below the diagonal column-major, above it row-major. */
function zeroOtherTriangle({ c }: Bench, at: number, n: number): void {
  const floats = c.heap.backend.wasm.HEAPF32;
  for (let j = 0; j < n; j++) {
    const column = at / 4 + j * n;
    floats.fill(0, column + j + 1, column + n);
  }
}
