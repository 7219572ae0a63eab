/**
 * Opens the BLAS backend; loads the engine packages.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendOptions, Engine, NativeLinalg } from "../engine.ts";
import { type Heap, openHeap } from "../heap/heap.ts";
import { heapKernels } from "../heap/kernels.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import { blasGemm } from "./gemm.ts";
import type { BlasLibrary } from "./library.ts";
import { blasLinalg } from "./linalg.ts";
import { nativeBase } from "./native_heap.ts";
import { Team } from "../team/team.ts";
import { teamGemm } from "./team_gemm.ts";

const NAME = "blas";

/** Threads to take unless told: beyond these, helpers cost more than they bring at usual sizes. */
const DEFAULT_THREADS = 16;

/** What lives as long as the process. */
interface Parts {
  readonly heap: Heap;
  readonly linalg: NativeLinalg | undefined;
  /** Undefined where the library cannot be held to one thread: it then uses its own. */
  readonly team: Team | undefined;
}

let parts: Parts | undefined;

/** Selects a copy of TensorFlow.js' wasm backend whose products the library computes. */
export async function openBlas(library: BlasLibrary, options: BackendOptions): Promise<Engine> {
  const threads = options.threads ?? Math.min(navigator.hardwareConcurrency, DEFAULT_THREADS);
  parts ??= await assembleParts(library);
  await openHeap(tf, NAME);
  parts.heap.limit(options.memoryLimit);
  if (parts.team) parts.team.threads = threads;
  const words = parts.team ? `, ${threads} thread${threads === 1 ? "" : "s"}` : "";
  return new TfjsEngine({
    tf,
    backend: NAME,
    description: `${library.title}${words} on WebAssembly SIMD (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    linalg: parts.linalg,
  });
}

async function assembleParts(library: BlasLibrary): Promise<Parts> {
  // The shipped kernels bind themselves to the selected backend's module when it is selected.
  tf.registerBackend(NAME, tf.findBackendFactory("wasm"));
  tf.copyRegisteredKernels("wasm", NAME);
  const heap = await openHeap(tf, NAME);
  const base = nativeBase(heap.memory);
  const helper = new URL("./helper.ts", import.meta.url);
  const team = library.setThreads ? new Team(helper, library.path) : undefined;
  library.setThreads?.(1);
  const alone = blasGemm(library, base);
  const simd = bindSimd(heap.memory);
  const gemm = team ? teamGemm({ team, alone, base, context: { heap, simd } }) : alone;
  const context = { tf, name: NAME, heap, simd, gemm };
  registerKernels(tf, NAME, heapKernels(context));
  correctAveragePooling(tf, NAME);
  return { heap, team, linalg: blasLinalg(context, library, base) };
}
