/**
 * What one thread works with on the heap.
 *
 * @module
 */

import type { FactorMemory } from "../../factorisations/mod.ts";
import type { SimdKernels } from "../simd/mod.ts";
import type { Gemm } from "./gemm.ts";

/** What a member of the team works with: it computes where the tensors lie. */
export interface Member {
  /** Its number: 0 on the main thread, and another on each other one. */
  readonly place: number;
  /** Kernels on the heap. */
  readonly simd: SimdKernels;
  /** Matrix product on this thread. */
  readonly gemm: Gemm;
  /** The heap as float64 factorisations see it. */
  readonly factors: FactorMemory;
}
