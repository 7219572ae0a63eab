/**
 * Small dense factorisations by LAPACK on the wasm heap.
 *
 * LAPACK is column-major: what it is given here as an n×m matrix is the row-major m×n matrix in
 * place. So the QR factorisation of A is its LQ factorisation of Aᵀ, and U and V change places in the
 * SVD.
 *
 * @module
 */

import type {
  NativeInverseFactor,
  NativeLeftSvd,
  NativeLinalg,
  NativeSvd,
  Tensor,
} from "../engine.ts";
import {
  address,
  type HeapContext,
  output,
  release,
  sizeOf,
  withScratch,
} from "../heap/context.ts";
import { inner, outer, runtimeOf, type TensorInfo } from "../tfjs/types.ts";
import { GramSchmidt } from "./gram_schmidt.ts";
import { BLOCK_BYTES, ParameterBlock } from "./lapack_block.ts";
import { leftSvd } from "./left_svd.ts";
import type { BesideFunctions, BlasLibrary, LapackFunctions } from "./library.ts";
import { thinSvd } from "./svd.ts";
import { heapTranspose, type Transpose, transposeInto } from "./transpose.ts";

/** LAPACK's blocked algorithms want this many columns of workspace. */
const BLOCK = 64;

/** Everything a factorisation needs. */
interface Bench {
  readonly c: HeapContext;
  readonly lapack: LapackFunctions;
  /** Native address of the heap. */
  readonly base: () => number;
  readonly block: ParameterBlock;
  readonly transpose: Transpose;
}

/**
 * Makes the factorisations.
 *
 * @param c The heap.
 * @param library The loaded library.
 * @param base Native address of the heap.
 * @returns undefined where the library has no LAPACK.
 */
export function blasLinalg(
  c: HeapContext,
  library: BlasLibrary,
  base: () => number,
): NativeLinalg | undefined {
  const { lapack, beside } = library;
  if (!lapack || !beside) return undefined;
  const { wasm } = c.heap.backend;
  const at = wasm._malloc(BLOCK_BYTES);
  const bytes = () => wasm.HEAPU8.subarray(at, at + BLOCK_BYTES);
  const block = new ParameterBlock(bytes, () => base() + at);
  const bench = { c, lapack, base, block, transpose: heapTranspose(c, library, base) };
  const bases = new GramSchmidt(c, lapack, base);
  return {
    qr: (a) => qr(bench, matrix(a, "the QR factorisation")),
    svd: (a) => svd(c, beside, matrix(a, "the SVD")),
    leftSvd: (a) => left(c, beside, matrix(a, "the left singular vectors")),
    choleskyQr: (a) => choleskyQr(c, bases, matrix(a, "Cholesky-QR")),
    complement: (u, a) => complement(c, bases, inner(u), inner(a)),
    inverseFactor: (g) => inverseFactor(c, bases, matrix(g, "a Cholesky factor")),
  };
}

function matrix(a: Tensor, what: string): TensorInfo {
  if (a.shape.length === 2 && a.dtype === "float32" && a.size > 0) return inner(a);
  throw new RangeError(
    `Cannot compute ${what}: expected a float32 matrix, got ${a.dtype} [${a.shape}]`,
  );
}

function tensor(c: HeapContext, info: TensorInfo): Tensor {
  return outer(runtimeOf(c.tf).makeTensorFromTensorInfo(info, c.heap.backend));
}

function expectSuccess({ block }: Bench, what: string): void {
  if (block.info() === 0) return;
  throw new Error(`Cannot compute ${what}: LAPACK returned ${block.info()}`);
}

/**
 * Thin Householder QR, m ≥ n. Unlike elsewhere the matrix is transposed on the way in and out:
 * LAPACK's LQ factorisation, which would spare that, takes four times as long.
 */
function qr(bench: Bench, a: TensorInfo): { q: Tensor; r: Tensor } {
  const { c, lapack } = bench;
  const [m, n] = a.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a thin QR factorisation: expected m ≥ n, got ${m}×${n}`);
  }
  const [q, r] = [output(c, [m, n]), output(c, [n, n])];
  withScratch(c, 4 * (m * n + n + n * BLOCK), (at) => {
    bench.transpose(address(c, a), at, m, n);
    const p = bench.block.write({ m, n, lwork: n * BLOCK });
    const values = bench.base() + at;
    const [factors, work] = [values + 4 * m * n, values + 4 * (m * n + n)];
    lapack.sgeqrf_(p.m, p.n, values, p.m, factors, work, p.lwork, p.info);
    expectSuccess(bench, "the QR factorisation");
    upperTriangle(c.heap.backend.wasm.HEAPF32, at / 4, address(c, r) / 4, m, n);
    lapack.sorgqr_(p.m, p.n, p.n, values, p.m, factors, work, p.lwork, p.info);
    expectSuccess(bench, "the QR factorisation");
    bench.transpose(at, address(c, q), n, m);
  });
  return { q: tensor(c, q), r: tensor(c, r) };
}

/** R, row-major n×n, from the upper triangle of a column-major m×n matrix. */
function upperTriangle(
  floats: Float32Array,
  from: number,
  to: number,
  m: number,
  n: number,
): void {
  floats.fill(0, to, to + n * n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i <= j; i++) floats[to + i * n + j] = floats[from + j * m + i]!;
  }
}

async function svd(
  c: HeapContext,
  beside: BesideFunctions,
  a: TensorInfo,
): Promise<NativeSvd> {
  const [m, n] = a.shape as [number, number];
  const k = Math.min(m, n);
  return await thinSvd(beside, entriesOf(c, a).slice(), m, n, ({ p, sigma, qT }) => {
    const [left, right] = [output(c, [m, k]), output(c, [n, k])];
    const floats = c.heap.backend.wasm.HEAPF32;
    floats.set(p, address(c, left) / 4);
    transposeInto(qT, 0, floats, address(c, right) / 4, k, n);
    return { p: tensor(c, left), sigma: sigma.slice(), q: tensor(c, right) };
  });
}

/** The entries of a matrix where they are. */
function entriesOf(c: HeapContext, a: TensorInfo): Float32Array {
  const from = address(c, a) / 4;
  return c.heap.backend.wasm.HEAPF32.subarray(from, from + sizeOf(a.shape));
}

async function left(
  c: HeapContext,
  beside: BesideFunctions,
  a: TensorInfo,
): Promise<NativeLeftSvd | undefined> {
  const [m, n] = a.shape as [number, number];
  if (m > n) {
    throw new RangeError(
      `Cannot compute the left singular vectors: expected m ≤ n, got ${m}×${n}`,
    );
  }
  return await leftSvd(beside, entriesOf(c, a), m, n, ({ columns, sigma }) => {
    const p = output(c, [m, m]);
    transposeInto(columns, 0, c.heap.backend.wasm.HEAPF32, address(c, p) / 4, m, m);
    return { p: tensor(c, p), sigma };
  });
}

function choleskyQr(c: HeapContext, bases: GramSchmidt, a: TensorInfo): Tensor | undefined {
  const [m, n] = a.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a basis by Cholesky-QR: expected m ≥ n, got ${m}×${n}`);
  }
  const q = output(c, [m, n]);
  if (bases.orthonormalize(address(c, a), address(c, q), m, n)) return tensor(c, q);
  release(c, q);
}

function inverseFactor(
  c: HeapContext,
  bases: GramSchmidt,
  g: TensorInfo,
): NativeInverseFactor | undefined {
  const [n, columns] = g.shape as [number, number];
  if (n !== columns) {
    throw new RangeError(`Cannot compute a Cholesky factor: expected n×n, got ${n}×${columns}`);
  }
  const inverse = output(c, [n, n]);
  const condition = bases.inverseFactor(address(c, g), address(c, inverse), n);
  if (condition !== undefined) return { inverse: tensor(c, inverse), condition };
  release(c, inverse);
}

function complement(
  c: HeapContext,
  bases: GramSchmidt,
  u: TensorInfo,
  a: TensorInfo,
): Tensor | undefined {
  const [[m, r], [rows, k]] = [u.shape, a.shape] as [[number, number], [number, number]];
  if (m !== rows || r + k > m) {
    throw new RangeError(
      `Cannot complement a basis: expected m×r and m×k with r + k ≤ m, got [${u.shape}] and ` +
        `[${a.shape}]`,
    );
  }
  const q = output(c, [m, k]);
  if (bases.complement(address(c, u), r, address(c, a), address(c, q), m, k)) return tensor(c, q);
  release(c, q);
}
