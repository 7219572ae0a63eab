/**
 * Small dense factorisations on the wasm heap, by our own kernels.
 *
 * @module
 */

import { planThinQr, thinQr } from "../../factorisations/mod.ts";
import type { NativeLeftSvd, NativeLinalg, NativeSvd, Tensor } from "../engine.ts";
import { type Bases, heapBases, matrixIn, tensorOf } from "../heap/bases.ts";
import { address, type HeapContext, output, release, withScratch } from "../heap/context.ts";
import type { Member } from "../heap/member.ts";
import { foundBy, svdBytes } from "../heap/svd_pieces.ts";
import { SvdQueue } from "../heap/svd_queue.ts";
import { inner, type TensorInfo } from "../tfjs/types.ts";
import { wasmGramKernels } from "./gram_kernels.ts";

/** Everything a factorisation needs. */
interface Bench {
  readonly c: HeapContext;
  readonly factors: Member["factors"];
  readonly queue: SvdQueue;
  readonly bases: Bases;
}

/**
 * Makes the factorisations. The SVD, and QR where columns are nearly dependent, compute in float64, in
 * which squares of float32 neither overflow nor vanish.
 */
export function wasmLinalg(c: HeapContext, factors: Member["factors"]): NativeLinalg {
  const bases = heapBases(c, wasmGramKernels(c));
  const bench = { c, factors, queue: new SvdQueue(c.team), bases };
  return {
    qr: (a) => qr(bench, a),
    svd: (a) => svd(bench, matrixIn(a, "the SVD")),
    leftSvd: (a) => leftSvd(bench, matrixIn(a, "the left singular vectors")),
    ...bases,
  };
}

function qr(bench: Bench, a: Tensor): { q: Tensor; r: Tensor } {
  const info = matrixIn(a, "the QR factorisation");
  const [m, n] = info.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a thin QR factorisation: expected m ≥ n, got ${m}×${n}`);
  }
  const { c, bases } = bench;
  const q = bases.choleskyQr(a);
  if (!q) return householderQr(bench, info);
  const r = output(c, [n, n]);
  const [from, basis, to] = [info, inner(q), r].map((x) => address(c, x)) as [
    number,
    number,
    number,
  ];
  // R = QᵀA but for round-off.
  c.gemm(true, false, n, n, m, basis, n, from, n, to, n, false);
  clearLower(c, r);
  return { q, r: tensorOf(c, r) };
}

/** Reflections: orthonormal whatever the rank. */
function householderQr({ c, factors }: Bench, a: TensorInfo): { q: Tensor; r: Tensor } {
  const [m, n] = a.shape as [number, number];
  const [q, r] = [output(c, [m, n]), output(c, [n, n])];
  withScratch(c, 8 * planThinQr(m, n).end, (at) => {
    const data = c.heap.backend.wasm.HEAPF32;
    const [from, toQ, toR] = [a, q, r].map((info) => ({ data, at: address(c, info) / 4 }));
    thinQr(factors, planThinQr(m, n, at / 8), from!, { q: toQ!, r: toR! });
  });
  return { q: tensorOf(c, q), r: tensorOf(c, r) };
}

/** Zeros below the diagonal. */
function clearLower(c: HeapContext, r: TensorInfo): void {
  const n = r.shape[0]!;
  const first = address(c, r) / 4;
  const floats = c.heap.backend.wasm.HEAPF32;
  for (let i = 1; i < n; i++) floats.fill(0, first + i * n, first + i * n + i);
}

async function svd(bench: Bench, a: TensorInfo): Promise<NativeSvd | undefined> {
  const { c } = bench;
  const [m, n] = a.shape as [number, number];
  const k = Math.min(m, n);
  const [p, q] = [output(c, [m, k]), output(c, [n, k])];
  const sigma = await decompose(bench, a, p, q);
  if (sigma) return { p: tensorOf(c, p), sigma, q: tensorOf(c, q) };
  for (const info of [p, q]) release(c, info);
}

async function leftSvd(bench: Bench, a: TensorInfo): Promise<NativeLeftSvd | undefined> {
  const { c } = bench;
  const [m, n] = a.shape as [number, number];
  if (m > n) {
    throw new RangeError(
      `Cannot compute the left singular vectors: expected m ≤ n, got ${m}×${n}`,
    );
  }
  const p = output(c, [m, m]);
  const sigma = await decompose(bench, a, p);
  if (sigma) return { p: tensorOf(c, p), sigma };
  release(c, p);
}

/** Singular values; undefined where the iteration did not end. */
async function decompose(
  { c, factors, queue }: Bench,
  a: TensorInfo,
  p: TensorInfo,
  q?: TensorInfo,
): Promise<Float64Array | undefined> {
  const { wasm } = c.heap.backend;
  const [m, n] = a.shape as [number, number];
  const room = wasm._malloc(svdBytes(m, n));
  try {
    const places = { a: address(c, a), p: address(c, p), q: q ? address(c, q) : 0 };
    const order = { ...places, m, n, room };
    await queue.decompose(order);
    return foundBy(factors.numbers, order);
  } finally {
    wasm._free(room);
  }
}
