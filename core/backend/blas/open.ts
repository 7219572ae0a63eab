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
import { teamGemm } from "../heap/team_gemm.ts";
import { TeamCrew } from "../team/crew.ts";
import { Team } from "../team/team.ts";
import { blasGemm } from "./gemm.ts";
import type { HelperSetting } from "./helper.ts";
import { type BlasLibrary, holdToOneThread } from "./library.ts";
import { blasLinalg } from "./linalg.ts";
import { nativeBase } from "./native_heap.ts";

const NAME = "blas";

/** Threads to take unless told: beyond these, helpers cost more than they bring at usual sizes. */
const DEFAULT_THREADS = 16;

/** Products below this size stay on one thread. */
const SMALLEST = 1e6;

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
  const team = teamOf(library, heap);
  holdToOneThread(library);
  const alone = blasGemm(library, base);
  const simd = bindSimd(heap.memory);
  const crew = new TeamCrew({ place: 0, simd, gemm: alone }, team);
  const gemm = teamGemm({ alone, context: { heap, simd, crew }, smallest: SMALLEST });
  const context = { tf, name: NAME, heap, simd, gemm, crew };
  registerKernels(tf, NAME, heapKernels(context));
  correctAveragePooling(tf, NAME);
  return { heap, team, linalg: blasLinalg(context, library, base) };
}

/** Helpers, where they can see the heap and the library can be held to one thread. */
function teamOf({ setThreads, path }: BlasLibrary, { memory }: Heap): Team | undefined {
  if (!setThreads || !(memory.buffer instanceof SharedArrayBuffer)) return undefined;
  const setting: HelperSetting = { memory, path };
  return new Team(new URL("./helper.ts", import.meta.url), () => setting);
}
