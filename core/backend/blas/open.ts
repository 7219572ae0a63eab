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
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import { blasGemm } from "./gemm.ts";
import type { BlasLibrary } from "./library.ts";
import { blasLinalg } from "./linalg.ts";
import { nativeBase } from "./native_heap.ts";
import { Threads } from "./threads.ts";

const NAME = "blas";

let linalg: NativeLinalg | undefined;
let registered = false;
let threads: Threads | undefined;

/** Selects a copy of TensorFlow.js' wasm backend whose products the library computes. */
export async function openBlas(library: BlasLibrary, options: BackendOptions): Promise<Engine> {
  threads ??= new Threads(library);
  threads.count = checkedThreads(options.threads ?? navigator.hardwareConcurrency);
  if (!registered) await register(library, threads);
  const heap = await openHeap(tf, NAME);
  heap.limit(options.memoryLimit);
  return new TfjsEngine({
    tf,
    backend: NAME,
    description: `${library.title}${threadsInWords(library, threads.count)} on WebAssembly SIMD ` +
      `(TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    linalg,
  });
}

function checkedThreads(wanted: number): number {
  if (Number.isInteger(wanted) && wanted >= 1) return wanted;
  throw new RangeError(`Cannot use ${wanted} threads: expected a whole number of at least 1`);
}

function threadsInWords({ setThreads }: BlasLibrary, count: number): string {
  if (!setThreads) return "";
  return count === 1 ? ", 1 thread" : `, ${count} threads`;
}

async function register(library: BlasLibrary, threads: Threads): Promise<void> {
  const factory = tf.findBackendFactory("wasm");
  // The shipped kernels bind themselves to the selected backend's module when it is selected.
  tf.registerBackend(NAME, factory);
  tf.copyRegisteredKernels("wasm", NAME);
  const heap = await openHeap(tf, NAME);
  const base = nativeBase(heap.memory);
  const gemm = blasGemm(library, base);
  const context = { tf, name: NAME, heap, simd: bindSimd(heap.memory), gemm };
  registerKernels(tf, NAME, heapKernels(context));
  correctAveragePooling(tf, NAME);
  linalg = blasLinalg(context, library, base, threads);
  registered = true;
}
