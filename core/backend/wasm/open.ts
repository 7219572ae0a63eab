/**
 * Opens the WebAssembly backend; loads the engine packages.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendOptions, Engine } from "../engine.ts";
import { type Heap, openHeap } from "../heap/heap.ts";
import { heapKernels } from "../heap/kernels.ts";
import { simdGemm } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import { TeamProducts } from "./team_gemm.ts";

/** Threads to take unless told: copying operands for more brings nothing at usual sizes. */
const DEFAULT_THREADS = 8;

/** What lives as long as the process. */
interface Parts {
  readonly heap: Heap;
  readonly products: TeamProducts;
}

let parts: Parts | undefined;

/** Selects TensorFlow.js' `wasm` backend with our kernels on its heap. */
export async function openWasm(options: BackendOptions): Promise<Engine> {
  parts ??= await assembleParts();
  await openHeap(tf, "wasm");
  parts.heap.limit(options.memoryLimit);
  const cores = Math.min(navigator.hardwareConcurrency, DEFAULT_THREADS);
  parts.products.threads = options.threads ?? cores;
  const { threads } = parts.products;
  return new TfjsEngine({
    tf,
    backend: "wasm",
    description: `WebAssembly SIMD, ${threads} thread${threads === 1 ? "" : "s"} ` +
      `(TensorFlow.js ${tf.version_core})`,
    deterministic: true,
  });
}

async function assembleParts(): Promise<Parts> {
  const heap = await openHeap(tf, "wasm");
  const { wasm } = heap.backend;
  const simd = bindSimd(heap.memory);
  const alone = simdGemm(simd, (bytes) => wasm._malloc(bytes));
  const products = new TeamProducts(alone, () => wasm.HEAPF32);
  const context = { tf, name: "wasm", heap, simd, gemm: products.gemm };
  registerKernels(tf, "wasm", heapKernels(context));
  correctAveragePooling(tf, "wasm");
  return { heap, products };
}
