/** A WebAssembly memory with the SIMD kernels on it and nothing else. */

import { bindSimd, type SimdKernels } from "../../core/backend/simd/mod.ts";

/** Memory that tests place arrays in. */
export class BareHeap {
  /** Kernels bound to the memory. */
  readonly simd: SimdKernels;
  /** The memory as floats. */
  readonly floats: Float32Array;
  #top = 64;

  /** Makes a memory of so many 64 KiB pages. */
  constructor(pages: number = 64, fused: boolean | undefined = undefined) {
    const memory = new WebAssembly.Memory({ initial: pages });
    this.simd = bindSimd(memory, fused);
    this.floats = new Float32Array(memory.buffer);
  }

  /** Reserves bytes and returns their address. */
  allocate(bytes: number): number {
    const at = this.#top;
    // Not a multiple of 16: the kernels must not need alignment beyond that of a float.
    this.#top += 4 * Math.ceil(bytes / 4) + 4;
    return at;
  }

  /** Places values and returns their address. */
  place(values: ArrayLike<number>): number {
    const at = this.allocate(4 * values.length);
    this.floats.set(values, at / 4);
    return at;
  }

  /** The floats at an address. */
  view(at: number, length: number): Float32Array {
    return this.floats.subarray(at / 4, at / 4 + length);
  }
}
