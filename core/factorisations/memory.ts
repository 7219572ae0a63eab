/**
 * Where factorisations work.
 *
 * @module
 */

import { bindFactorKernels, type FactorKernels, LANES } from "./kernels.ts";

/** A memory with the kernels on it. */
export interface FactorMemory {
  /** The memory as numbers: indices below are into it. */
  readonly numbers: Float64Array;
  /** Kernels, whose addresses are eight times an index. */
  readonly kernels: FactorKernels;
}

/** A row-major matrix in a memory. */
export interface Block {
  /** Index of its first number. */
  readonly at: number;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Numbers from one row to the next. */
  readonly pitch: number;
}

/** Numbers from one row to the next of a matrix of so many columns. */
export function pitchOf(cols: number): number {
  return LANES * Math.ceil(cols / LANES);
}

/** Places matrices one after the other. */
export class Layout {
  /** Index after the last one. */
  end: number;

  /** Begins at an index. */
  constructor(begin = 0) {
    this.end = begin;
  }

  /** Room for a matrix. */
  block(rows: number, cols: number): Block {
    const pitch = pitchOf(cols);
    const block = { at: this.end, rows, cols, pitch };
    this.end += rows * pitch;
    return block;
  }
}

const PAGE_NUMBERS = 8192;

/** A memory of its own, which grows as it must. */
export class OwnMemory implements FactorMemory {
  readonly kernels: FactorKernels;
  numbers: Float64Array;
  readonly #memory: WebAssembly.Memory;

  /** Makes it of one page. */
  constructor() {
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.kernels = bindFactorKernels(this.#memory);
    this.numbers = new Float64Array(this.#memory.buffer);
  }

  /** Makes room for so many numbers; what was there stays. */
  reserve(count: number): void {
    const missing = count - this.numbers.length;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil(missing / PAGE_NUMBERS));
    this.numbers = new Float64Array(this.#memory.buffer);
  }
}
