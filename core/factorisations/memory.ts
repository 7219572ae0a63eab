/**
 * Where factorisations work.
 *
 * @module
 */

import { bindFactorKernels, type FactorKernels } from "./kernels.ts";

/** A memory with the kernels on it. */
export interface FactorMemory {
  /** The memory as numbers. */
  readonly numbers: Float64Array;
  /** Kernels, whose addresses are eight times an index of a number. */
  readonly kernels: FactorKernels;
}

/** The kernels, bound at their first use, on a memory that others lay out. */
export function factorMemory(memory: WebAssembly.Memory): FactorMemory {
  let kernels: FactorKernels | undefined;
  let numbers: Float64Array = new Float64Array(0);
  return {
    get kernels(): FactorKernels {
      return kernels ??= bindFactorKernels(memory);
    },
    get numbers(): Float64Array {
      // A memory that has grown has another buffer.
      if (numbers.buffer !== memory.buffer) numbers = new Float64Array(memory.buffer);
      return numbers;
    },
  };
}

const PAGE_NUMBERS = 8192;
/** Numbers of memory that are kept for the next call: 32 MiB. */
const KEPT = 2 ** 22;

let kept: { readonly memory: WebAssembly.Memory; readonly factors: FactorMemory } | undefined;

/** Runs `work` on memory of so many numbers, which are whatever they were. */
export function withOwnMemory<T>(count: number, work: (memory: FactorMemory) => T): T {
  const { memory, factors } = kept ?? own();
  const missing = count - factors.numbers.length;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_NUMBERS));
  const result = work(factors);
  kept = factors.numbers.length > KEPT ? undefined : { memory, factors };
  return result;
}

function own(): NonNullable<typeof kept> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return { memory, factors: factorMemory(memory) };
}
