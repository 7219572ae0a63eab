/**
 * BLAS and LAPACK on float64 matrices in plain memory, for references, tests and physics.
 *
 * All matrices are row-major. LAPACK is column-major: it sees each one as its transpose, so QR is
 * done by its LQ factorisation and the factors of the SVD change places; nothing is transposed on
 * the way in.
 *
 * @module
 */

import { loadBlas } from "./library.ts";

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
  dgelqf_: { parameters: buffers(8), result: "void", optional: true },
  dorglq_: { parameters: buffers(9), result: "void", optional: true },
  // A hidden length follows for each character.
  dgesdd_: { parameters: [...buffers(14), "usize"], result: "void", optional: true },
  dpotrf_: { parameters: [...buffers(5), "usize"], result: "void", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** A function on arrays and numbers. */
type Native = (...args: (ArrayBufferView | number)[]) => void;
type Functions = Record<"cblas_dgemm" | "dgelqf_" | "dorglq_" | "dgesdd_" | "dpotrf_", Native>;

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
  const { symbols } = Deno.dlopen(library.path, SYMBOLS);
  const functions = symbols as unknown as Record<string, Native | null>;
  if (!Object.keys(SYMBOLS).every((name) => functions[name])) return undefined;
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

/** Column-major Aᵀ = L Q̃: Q̃ᵀ is Q, and Lᵀ is R. */
function qr(f: Functions, a: Float64Array, m: number, n: number) {
  const l = Math.min(m, n);
  const factored = a.slice(0, m * n);
  const [tau, work, info] = [new Float64Array(l), new Float64Array(n * BLOCK), int(0)];
  const [rows, columns, size] = [int(n), int(m), int(work.length)];
  f.dgelqf_(rows, columns, factored, rows, tau, work, size, info);
  expectSuccess(info, "the QR factorisation");
  const r = upperRows(factored, l, n);
  const q = leadingColumns(factored, m, n, l);
  f.dorglq_(int(l), columns, int(l), q, int(l), tau, work, size, info);
  expectSuccess(info, "the QR factorisation");
  return { q, r };
}

/** The first l rows of a matrix with n columns, zeroed below the diagonal. */
function upperRows(a: Float64Array, l: number, n: number): Float64Array {
  const r = a.slice(0, l * n);
  for (let i = 0; i < l; i++) r.fill(0, i * n, i * n + i);
  return r;
}

/** The first l of n columns. */
function leadingColumns(a: Float64Array, m: number, n: number, l: number): Float64Array {
  if (l === n) return a;
  const out = new Float64Array(m * l);
  for (let i = 0; i < m; i++) out.set(a.subarray(i * n, i * n + l), i * l);
  return out;
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
  return { p: p!, sigma: sigma!, q: transposed(qT!, l, n) };
}

function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  }
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
