/**
 * Opens the WebAssembly backend; loads the engine packages.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendOptions, Engine } from "../engine.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import type { KernelFunc } from "../tfjs/types.ts";
import { type HeapBackend, openHeap } from "./heap.ts";

/** Selects TensorFlow.js' `wasm` backend with our kernels on its heap. */
export async function openWasm(options: BackendOptions): Promise<Engine> {
  const heap = await openHeap(tf, "wasm");
  heap.limit(options.memoryLimit);
  registerKernels(tf, "wasm", { Identity: identity });
  return new TfjsEngine({
    tf,
    backend: "wasm",
    description: `WebAssembly SIMD, 1 thread (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
  });
}

/** Shares the data; as shipped this backend copies it. */
const identity: KernelFunc = ({ inputs, backend }) => {
  const x = inputs.x!;
  (backend as HeapBackend).incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
};
