/**
 * Small dense factorisations by LAPACK on the wasm heap.
 *
 * LAPACK is column-major: what it is given here as an n×m matrix is the row-major m×n matrix in
 * place. So the QR factorisation of A is its LQ factorisation of Aᵀ, and U and V change places in the
 * SVD.
 *
 * @module
 */

import type { NativeLeftSvd, NativeLinalg, NativeSvd, Tensor } from "../engine.ts";
import { heapBases, matrixIn, tensorOf } from "../heap/bases.ts";
import { address, type HeapContext, output, sizeOf, withScratch } from "../heap/context.ts";
import { type GramKernels, isDefinite } from "../heap/gram_schmidt.ts";
import type { TensorInfo } from "../tfjs/types.ts";
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
  return {
    qr: (a) => qr(bench, matrixIn(a, "the QR factorisation")),
    svd: (a) => svd(c, beside, matrixIn(a, "the SVD")),
    leftSvd: (a) => left(c, beside, matrixIn(a, "the left singular vectors")),
    ...heapBases(c, gramKernels(bench)),
  };
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
  return { q: tensorOf(c, q), r: tensorOf(c, r) };
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
    return { p: tensorOf(c, left), sigma: sigma.slice(), q: tensorOf(c, right) };
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
    return { p: tensorOf(c, p), sigma };
  });
}

/** Products by the library, factors by LAPACK. */
function gramKernels(bench: Bench): GramKernels {
  const { gemm } = bench.c;
  return {
    widthOf: (n) => n,
    gram: (a, g, m, n) => gemm(true, false, n, n, m, a, n, a, n, g, n, false),
    timesUpper: (a, x, q, m, n) => gemm(false, false, m, n, n, a, n, x, n, q, n, false),
    cross: (u, a, s, m, r, k) => gemm(true, false, r, k, m, u, r, a, k, s, k, false),
    take(u, s, a, m, r, k) {
      bench.c.simd.scale!(s, s, -1, r * k);
      gemm(false, false, m, k, r, u, r, s, k, a, k, true);
    },
    invertFactor: (...factor) => invertFactor(bench, ...factor),
  };
}

/** LAPACK overwrites a matrix with its factor and that with its inverse. */
function invertFactor(
  { c, lapack, base, block }: Bench,
  ...[gram, inverse, n, floor]: Parameters<GramKernels["invertFactor"]>
): boolean {
  return withScratch(c, 4 * n * n, (at) => {
    const floats = c.heap.backend.wasm.HEAPF32;
    floats.copyWithin(at / 4, gram / 4, gram / 4 + n * n);
    const p = block.write({ m: n, n });
    lapack.spotrf_(p.upper, p.n, base() + at, p.n, p.info, 1);
    if (block.info() !== 0 || !isDefinite(floats, at / 4, n, gram / 4, n, floor)) return false;
    // Column-major, the upper triangle is the lower one of rows.
    for (let i = 0; i < n; i++) floats.fill(0, at / 4 + i * (n + 1) + 1, at / 4 + (i + 1) * n);
    lapack.strtri_(p.upper, p.plain, p.n, base() + at, p.n, p.info, 1, 1);
    if (block.info() !== 0) return false;
    c.simd.transpose!(inverse, at, n, n);
    return true;
  });
}
