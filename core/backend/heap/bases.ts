/**
 * Orthonormal bases of tensors on the heap.
 *
 * @module
 */

import type { NativeInverseFactor, NativeLinalg, Tensor } from "../engine.ts";
import { inner, outer, runtimeOf, type TensorInfo } from "../tfjs/types.ts";
import { address, type HeapContext, output, release } from "./context.ts";
import { type GramKernels, GramSchmidt } from "./gram_schmidt.ts";

/** The factorisations that rest on Gram matrices. */
export type Bases = Required<Pick<NativeLinalg, "choleskyQr" | "complement" | "inverseFactor">>;

/** Makes them; `kernels` work on the same heap. */
export function heapBases(c: HeapContext, kernels: GramKernels): Bases {
  const bases = new GramSchmidt(c, kernels);
  return {
    choleskyQr: (a) => choleskyQr(c, bases, matrixIn(a, "Cholesky-QR")),
    complement: (u, a) => complement(c, bases, inner(u), inner(a)),
    inverseFactor: (g) => inverseFactor(c, bases, matrixIn(g, "a Cholesky factor")),
  };
}

/**
 * What a tensor holds.
 *
 * @param what What is computed of it, for the error.
 * @throws {RangeError} When it is not a matrix of float32, or has no entries.
 */
export function matrixIn(a: Tensor, what: string): TensorInfo {
  if (a.shape.length === 2 && a.dtype === "float32" && a.size > 0) return inner(a);
  throw new RangeError(
    `Cannot compute ${what}: expected a float32 matrix, got ${a.dtype} [${a.shape}]`,
  );
}

/** A tensor of what a kernel has made. */
export function tensorOf(c: HeapContext, info: TensorInfo): Tensor {
  return outer(runtimeOf(c.tf).makeTensorFromTensorInfo(info, c.heap.backend));
}

function choleskyQr(c: HeapContext, bases: GramSchmidt, a: TensorInfo): Tensor | undefined {
  const [m, n] = a.shape as [number, number];
  if (m < n) {
    throw new RangeError(`Cannot compute a basis by Cholesky-QR: expected m ≥ n, got ${m}×${n}`);
  }
  const q = output(c, [m, n]);
  if (bases.orthonormalize(address(c, a), address(c, q), m, n)) return tensorOf(c, q);
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
  if (condition !== undefined) return { inverse: tensorOf(c, inverse), condition };
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
  if (bases.complement(address(c, u), r, address(c, a), address(c, q), m, k)) {
    return tensorOf(c, q);
  }
  release(c, q);
}
