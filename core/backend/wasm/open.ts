/**
 * Opens the WebAssembly backend; loads the engine packages.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendOptions, Engine } from "../engine.ts";
import { openHeap } from "../heap/heap.ts";
import { heapKernels } from "../heap/kernels.ts";
import { simdGemm } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";

let registered = false;

/** Selects TensorFlow.js' `wasm` backend with our kernels on its heap. */
export async function openWasm(options: BackendOptions): Promise<Engine> {
  const heap = await openHeap(tf, "wasm");
  heap.limit(options.memoryLimit);
  if (!registered) {
    const simd = bindSimd(heap.memory);
    const gemm = simdGemm(simd, (bytes) => heap.backend.wasm._malloc(bytes));
    registerKernels(tf, "wasm", heapKernels({ tf, name: "wasm", heap, simd, gemm }));
    correctAveragePooling(tf, "wasm");
    registered = true;
  }
  return new TfjsEngine({
    tf,
    backend: "wasm",
    description: `WebAssembly SIMD, 1 thread (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
  });
}
