/**
 * Shipped kernels with a flaw, corrected.
 *
 * @module
 */

import type { KernelFunc, Tf } from "./types.ts";

/** Corrected kernels, so that a second call, or a copy of a backend, is not corrected again. */
const corrected = new WeakSet<KernelFunc>();

/**
 * Puts a correction in the place of a kernel, where the backend has it. Doing it twice changes
 * nothing.
 *
 * @param correct Makes the kernel that takes the place of the one that it is given.
 */
export function correctKernel(
  tf: Tf,
  backend: string,
  name: string,
  correct: (shipped: KernelFunc) => KernelFunc,
): void {
  const shipped = tf.getKernel(name, backend);
  if (!shipped || corrected.has(shipped.kernelFunc)) return;
  const kernelFunc = correct(shipped.kernelFunc);
  corrected.add(kernelFunc);
  tf.unregisterKernel(name, backend);
  tf.registerKernel({ ...shipped, kernelFunc });
}
