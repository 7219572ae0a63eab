/**
 * Opens the BLAS backend; loads the engine packages.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendOptions, Engine, NativeLinalg } from "../engine.ts";
import { openHeap } from "../heap/heap.ts";
import { heapKernels } from "../heap/kernels.ts";
import { bindSimd } from "../simd/mod.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import { blasGemm } from "./gemm.ts";
import type { BlasLibrary } from "./library.ts";
import { blasLinalg } from "./linalg.ts";
import { nativeBase } from "./native_heap.ts";

const NAME = "blas";

let linalg: NativeLinalg | undefined;
let registered = false;
let threads = 1;

/** Selects a copy of TensorFlow.js' wasm backend whose products the library computes. */
export async function openBlas(library: BlasLibrary, options: BackendOptions): Promise<Engine> {
  setThreads(library, options.threads ?? navigator.hardwareConcurrency);
  if (!registered) await register(library);
  const heap = await openHeap(tf, NAME);
  heap.limit(options.memoryLimit);
  const count = library.setThreads ? `, ${threads} thread${threads === 1 ? "" : "s"}` : "";
  return new TfjsEngine({
    tf,
    backend: NAME,
    description: `${library.title}${count} on WebAssembly SIMD (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    linalg,
  });
}

function setThreads(library: BlasLibrary, wanted: number): void {
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new RangeError(`Cannot use ${wanted} threads: expected a whole number of at least 1`);
  }
  threads = wanted;
  library.setThreads?.(wanted);
}

async function register(library: BlasLibrary): Promise<void> {
  const factory = tf.findBackendFactory("wasm");
  // The shipped kernels bind themselves to the selected backend's module when it is selected.
  tf.registerBackend(NAME, factory);
  tf.copyRegisteredKernels("wasm", NAME);
  const heap = await openHeap(tf, NAME);
  const base = nativeBase(heap.memory);
  const gemm = blasGemm(library, base);
  const context = { tf, name: NAME, heap, simd: bindSimd(heap.memory), gemm };
  registerKernels(tf, NAME, heapKernels(context));
  linalg = blasLinalg(context, library, base, () => threads);
  registered = true;
}
