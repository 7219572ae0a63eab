/**
 * What the kernels of a heap backend share.
 *
 * @module
 */

import type { Team } from "../../wasm/mod.ts";
import type { SimdKernels } from "../simd/mod.ts";
import { expectFloats } from "../tfjs/checks.ts";
import type { KernelFunc, TensorInfo, Tf } from "../tfjs/types.ts";
import type { Gemm } from "./gemm.ts";
import type { Member } from "./member.ts";
import type { Heap } from "./heap.ts";

/** A heap with its arithmetic. */
export interface HeapContext {
  /** Namespace of the engine package. */
  readonly tf: Tf;
  /** TensorFlow.js name of the backend. */
  readonly name: string;
  /** Memory and allocation. */
  readonly heap: Heap;
  /** Element-wise kernels. */
  readonly simd: SimdKernels;
  /** Matrix product, shared between threads where that pays. */
  readonly gemm: Gemm;
  /** Threads that share other work. */
  readonly team: Team<Member>;
}

/** Kernels by name. */
export type Kernels = Record<string, KernelFunc>;

/** Operands and attributes as a kernel gets them. */
export interface Call {
  /** Operands by name. */
  readonly inputs: Record<string, TensorInfo>;
  /** Attributes by name. */
  readonly attrs: Record<string, unknown>;
}

/**
 * Wraps a function of operands and attributes as a kernel of floats; only classes and numbers of
 * segments may be integers.
 */
export function kernel(f: (call: Call) => TensorInfo | TensorInfo[]): KernelFunc {
  return ({ inputs, attrs }) => {
    const { labels: _l, ids: _i, segmentIds: _s, ...floats } = inputs as Call["inputs"];
    expectFloats(floats);
    return f({ inputs: inputs as Call["inputs"], attrs: attrs ?? {} });
  };
}

/** Byte address of a tensor's data. */
export function address({ heap }: HeapContext, t: TensorInfo): number {
  return heap.backend.dataIdMap.get(t.dataId).memoryOffset;
}

/** Allocates an uninitialised tensor. */
export function output(
  { heap }: HeapContext,
  shape: readonly number[],
  dtype: string = "float32",
): TensorInfo {
  return heap.backend.makeOutput(shape, dtype);
}

/** Frees a tensor that only this kernel holds. */
export function release({ heap }: HeapContext, t: TensorInfo): void {
  heap.backend.disposeData(t.dataId);
}

/** Runs `f` with the address of so many bytes of scratch memory. */
export function withScratch<T>(
  { heap }: Pick<HeapContext, "heap">,
  bytes: number,
  f: (at: number) => T,
): T {
  const { wasm } = heap.backend;
  const at = wasm._malloc(Math.max(bytes, 16));
  try {
    return f(at);
  } finally {
    wasm._free(at);
  }
}

/** Same data under another shape. */
export function share({ heap }: HeapContext, t: TensorInfo, shape: number[]): TensorInfo {
  heap.backend.incRef(t.dataId);
  return { dataId: t.dataId, shape, dtype: t.dtype };
}

/** Product of extents. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Rows and columns of a tensor whose last axis are the columns. */
export function matrixOf(x: TensorInfo): { rows: number; columns: number } {
  const columns = x.shape.at(-1)!;
  return { rows: columns === 0 ? 0 : sizeOf(x.shape) / columns, columns };
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}
