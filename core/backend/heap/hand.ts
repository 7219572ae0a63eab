/**
 * What one thread works with on the heap.
 *
 * @module
 */

import type { SimdKernels } from "../simd/mod.ts";
import type { Gemm } from "./gemm.ts";

/** A thread's tools: they compute where the tensors lie. */
export interface Hand {
  /** Its number: 0 on the main thread, and another on each helper. */
  readonly place: number;
  /** Kernels on the heap. */
  readonly simd: SimdKernels;
  /** Matrix product on this thread. */
  readonly gemm: Gemm;
}

/** A piece of work on addresses of the heap. */
export type Task = (hand: Hand, numbers: readonly number[]) => void;

/** Threads that share work. */
export interface Crew {
  /** Threads that take part, this one included. */
  readonly threads: number;
  /**
   * Runs a task on each piece and returns when all are done. Which thread takes a piece is open, so
   * pieces must not depend on each other.
   *
   * @param task Name in the table of tasks.
   * @param pieces Numbers that the task gets, piece by piece.
   */
  run(task: string, pieces: readonly (readonly number[])[]): void;
}
