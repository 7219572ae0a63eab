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
import { teamGemm } from "../heap/team_gemm.ts";
import { simdGemm, WORKSPACE_BYTES } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import { TeamCrew } from "../team/crew.ts";
import { squarest } from "../team/products.ts";
import { Team } from "../team/team.ts";
import type { HelperSetting } from "./helper.ts";

/** Threads to take unless told: beyond these, helpers cost more than they bring at usual sizes. */
const DEFAULT_THREADS = 16;

/** Products below this size stay on one thread. */
const SMALLEST = 3e5;

/** What lives as long as the process. */
interface Parts {
  readonly heap: Heap;
  /** Undefined where helpers cannot see the heap. */
  readonly team: Team | undefined;
}

let parts: Parts | undefined;

/** Selects TensorFlow.js' `wasm` backend with our kernels on its heap. */
export async function openWasm(options: BackendOptions): Promise<Engine> {
  parts ??= await assembleParts();
  await openHeap(tf, "wasm");
  parts.heap.limit(options.memoryLimit);
  const wanted = options.threads ?? Math.min(navigator.hardwareConcurrency, DEFAULT_THREADS);
  if (parts.team) parts.team.threads = wanted;
  const threads = parts.team?.threads ?? 1;
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
  const allocate = (bytes: number) => heap.backend.wasm._malloc(bytes);
  const simd = bindSimd(heap.memory);
  const alone = simdGemm(simd, allocate);
  const team = teamOf(heap, allocate);
  const crew = new TeamCrew({ place: 0, simd, gemm: alone }, team);
  const options = { alone, context: { heap, simd, crew }, smallest: SMALLEST, cut: squarest };
  const context = { tf, name: "wasm", heap, simd, gemm: teamGemm(options), crew };
  registerKernels(tf, "wasm", heapKernels(context));
  correctAveragePooling(tf, "wasm");
  return { heap, team };
}

/** Helpers, where they can see the heap. */
function teamOf({ memory }: Heap, allocate: (bytes: number) => number): Team | undefined {
  if (!(memory.buffer instanceof SharedArrayBuffer)) return undefined;
  const setting = (): HelperSetting => ({ memory, workspace: allocate(WORKSPACE_BYTES) });
  return new Team(new URL("./helper.ts", import.meta.url), setting);
}
