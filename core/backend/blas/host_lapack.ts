/**
 * BLAS and LAPACK on float64 matrices in plain memory, for references, tests and physics.
 *
 * All matrices are row-major. LAPACK is column-major: it sees each one as its transpose. In the SVD
 * the factors change places; for QR the matrix is transposed on the way in and out, because LAPACK's
 * LQ factorisation, which would spare that, takes three times as long.
 *
 * @module
 */

import { loadBlas, useAllThreads } from "./library.ts";
import { transposeInto } from "./transpose.ts";

/** Dense float64 operations of the system's library. */
export interface HostLapack {
  /** Library and version. */
  readonly name: string;
  /**
   * C = α op(A) op(B) + β C, with op(A) m×k, op(B) k×n and C m×n, all without gaps between rows.
   *
   * @throws {RangeError} When an array is shorter than its matrix.
   */
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Float64Array,
    b: Float64Array,
    beta: number,
    c: Float64Array,
  ): void;
  /** Thin QR with l = min(m, n): `q` m×l with orthonormal columns, `r` l×n upper triangular. */
  qr(a: Float64Array, m: number, n: number): { q: Float64Array; r: Float64Array };
  /** Thin SVD A = P diag(sigma) Qᵀ with l = min(m, n): `p` m×l, `q` n×l, sigma descending. */
  svd(
    a: Float64Array,
    m: number,
    n: number,
  ): { p: Float64Array; sigma: Float64Array; q: Float64Array };
  /**
   * Upper triangular R, n×n with zeros below the diagonal, such that A = RᵀR; undefined when the
   * symmetric matrix A is not positive definite. Only its upper triangle is read.
   */
  cholesky(a: Float64Array, n: number): Float64Array | undefined;
}

const BUFFER = "buffer";
const I = "i32";
const D = "f64";

const buffers = <N extends number>(count: N): readonly "buffer"[] & { length: N } =>
  Array(count).fill(BUFFER) as "buffer"[] & { length: N };

const SYMBOLS = {
  cblas_dgemm: {
    parameters: [I, I, I, I, I, I, D, BUFFER, I, BUFFER, I, D, BUFFER, I],
    result: "void",
  },
  // OpenBLAS' own: order, transposition, rows, columns, α, A, pitch, B, pitch.
  cblas_domatcopy: {
    parameters: [I, I, I, I, D, BUFFER, I, BUFFER, I],
    result: "void",
    optional: true,
  },
  dgeqrf_: { parameters: buffers(8), result: "void", optional: true },
  dorgqr_: { parameters: buffers(9), result: "void", optional: true },
  // A hidden length follows for each character.
  dgesdd_: { parameters: [...buffers(14), "usize"], result: "void", optional: true },
  dpotrf_: { parameters: [...buffers(5), "usize"], result: "void", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** A function on arrays and numbers. */
type Native = (...args: (ArrayBufferView | number)[]) => void;
type Functions =
  & Record<"cblas_dgemm" | "dgeqrf_" | "dorgqr_" | "dgesdd_" | "dpotrf_", Native>
  & { readonly cblas_domatcopy: Native | null };

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;
/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;

const int = (value: number): Int32Array => Int32Array.of(value);
const char = (value: string): Uint8Array => new TextEncoder().encode(value);

let opened: HostLapack | undefined;
let tried = false;

/**
 * Opens the library that the `blas` backend would take; undefined where there is none, where it has
 * no LAPACK, or where it may not be loaded. Loads it once per process.
 */
export function openHostLapack(): HostLapack | undefined {
  if (!tried) opened = open();
  tried = true;
  return opened;
}

function open(): HostLapack | undefined {
  const library = loadBlas();
  if (typeof library === "string" || !library.lapack) return undefined;
  useAllThreads(library);
  const { symbols } = Deno.dlopen(library.path, SYMBOLS);
  const functions = symbols as unknown as Record<string, Native | null>;
  const extra = "cblas_domatcopy" satisfies keyof Functions;
  if (!Object.keys(SYMBOLS).every((name) => functions[name] || name === extra)) return undefined;
  const f = functions as Functions;
  return {
    name: library.title,
    gemm: (...args) => gemm(f, ...args),
    qr: (a, m, n) => qr(f, expectSize(a, m, n), m, n),
    svd: (a, m, n) => svd(f, expectSize(a, m, n), m, n),
    cholesky: (a, n) => cholesky(f, expectSize(a, n, n), n),
  };
}

/** Native code would write and read beyond a short array. */
function expectSize(a: Float64Array, rows: number, columns: number): Float64Array {
  if (Number.isInteger(rows) && Number.isInteger(columns) && a.length >= rows * columns) return a;
  throw new RangeError(
    `Cannot read a ${rows}×${columns} matrix: expected ${rows * columns} entries, got ${a.length}`,
  );
}

function gemm(f: Functions, ...args: Parameters<HostLapack["gemm"]>): void {
  const [transA, transB, m, n, k, alpha, a, b, beta, c] = args;
  [[a, m, k], [b, k, n], [c, m, n]].forEach((x) =>
    expectSize(...x as [Float64Array, number, number])
  );
  if (m === 0 || n === 0) return;
  f.cblas_dgemm(
    ROW_MAJOR,
    transA ? TRANSPOSED : PLAIN,
    transB ? TRANSPOSED : PLAIN,
    m,
    n,
    k,
    alpha,
    a,
    Math.max(1, transA ? m : k),
    b,
    Math.max(1, transB ? k : n),
    beta,
    c,
    n,
  );
}

function expectSuccess(info: Int32Array, what: string): void {
  if (info[0] === 0) return;
  throw new Error(
    `Cannot compute ${what}: LAPACK returned ${info[0]}; the matrix may hold NaN or infinity`,
  );
}

function qr(f: Functions, a: Float64Array, m: number, n: number) {
  const l = Math.min(m, n);
  const factored = transposed(f, a, m, n);
  const [tau, work, info] = [new Float64Array(l), new Float64Array(n * BLOCK), int(0)];
  const [rows, small, size] = [int(m), int(l), int(work.length)];
  f.dgeqrf_(rows, int(n), factored, rows, tau, work, size, info);
  expectSuccess(info, "the QR factorisation");
  const r = upperTriangle(factored, m, l, n);
  // Q takes the place of the first l columns.
  f.dorgqr_(rows, small, small, factored, rows, tau, work, size, info);
  expectSuccess(info, "the QR factorisation");
  return { q: transposed(f, factored, l, m), r };
}

/** The first l rows, row-major, of the upper triangle of a column-major matrix with m rows. */
function upperTriangle(a: Float64Array, m: number, l: number, n: number): Float64Array {
  const r = new Float64Array(l * n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i <= Math.min(j, l - 1); i++) r[i * n + j] = a[j * m + i]!;
  }
  return r;
}

/** Column-major Aᵀ = Ũ Σ Ṽᵀ: P = Ṽ, whose transpose column-major is P row-major, and Q = Ũ. */
function svd(f: Functions, a: Float64Array, m: number, n: number) {
  const l = Math.min(m, n);
  const [sigma, p, qT] = [l, m * l, l * n].map((size) => new Float64Array(size));
  const work = new Float64Array(4 * l * l + 7 * l + Math.max(m, n) * (BLOCK + 2));
  const info = int(0);
  const [rows, columns, small] = [int(n), int(m), int(l)];
  const copy = a.slice(0, m * n);
  const factors = [sigma!, qT!, rows, p!, small] as const;
  const workspace = [work, int(work.length), new Int32Array(8 * l), info] as const;
  f.dgesdd_(char("S"), rows, columns, copy, rows, ...factors, ...workspace, 1);
  expectSuccess(info, "the SVD");
  return { p: p!, sigma: sigma!, q: transposed(f, qT!, l, n) };
}

/** The transpose of a rows×columns matrix; of the first ones where there are more entries. */
function transposed(
  f: Functions,
  a: Float64Array,
  rows: number,
  columns: number,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows * columns);
  if (!f.cblas_domatcopy) transposeInto(a, 0, out, 0, rows, columns);
  else f.cblas_domatcopy(ROW_MAJOR, TRANSPOSED, rows, columns, 1, a, columns, out, rows);
  return out;
}

/** The upper triangle row-major is the lower one column-major: A = L Lᵀ with R = Lᵀ. */
function cholesky(f: Functions, a: Float64Array, n: number): Float64Array | undefined {
  const r = a.slice(0, n * n);
  const info = int(0);
  f.dpotrf_(char("L"), int(n), r, int(n), info, 1);
  if (info[0] !== 0) return undefined;
  for (let i = 1; i < n; i++) r.fill(0, i * n, i * n + i);
  return r;
}
