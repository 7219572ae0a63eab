/**
 * Opens the BLAS backend; loads the engine packages.
 *
 * @module
 */

import { factorMemory } from "../../factorisations/mod.ts";
import { type OtherMembers, Team } from "../../wasm/mod.ts";
import type { BackendOptions } from "../backend.ts";
import type { Engine, NativeLinalg } from "../engine.ts";
import { type Heap, openHeap } from "../heap/heap.ts";
import { jobs } from "../heap/jobs.ts";
import { heapKernels } from "../heap/kernels.ts";
import type { Member } from "../heap/member.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { loadTfjsWithWasm } from "../tfjs/packages.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import type { Tf } from "../tfjs/types.ts";
import { teamGemm } from "../heap/team_gemm.ts";
import { blasGemm } from "./gemm.ts";
import { type BlasLibrary, holdToOneThread } from "./library.ts";
import { blasLinalg } from "./linalg.ts";
import type { MemberSetting } from "./member.ts";
import { nativeBase } from "./native_heap.ts";

const NAME = "blas";

/** Threads to take unless told: more cost more than they bring at usual sizes. */
const DEFAULT_THREADS = 16;

/** Products below this size stay on one thread. */
const SMALLEST = 1e6;

/** What lives as long as the process. */
interface Parts {
  readonly heap: Heap;
  readonly linalg: NativeLinalg | undefined;
  readonly team: Team<Member>;
}

let parts: Parts | undefined;

/** Selects a copy of TensorFlow.js' wasm backend whose products the library computes. */
export async function openBlas(library: BlasLibrary, options: BackendOptions): Promise<Engine> {
  const tf = await loadTfjsWithWasm();
  parts ??= await assembleParts(tf, library);
  await openHeap(tf, NAME);
  parts.heap.limit(options.memoryLimit);
  const { team } = parts;
  team.threads = options.threads ?? Math.min(navigator.hardwareConcurrency, DEFAULT_THREADS);
  const { threads } = team;
  // Alone, this thread leaves threads to the library.
  const words = team.open ? `, ${threads} thread${threads === 1 ? "" : "s"}` : "";
  return new TfjsEngine({
    tf,
    backend: NAME,
    description: `${library.title}${words} on WebAssembly SIMD (TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    readsAtOnce: true,
    linalg: parts.linalg,
  });
}

async function assembleParts(tf: Tf, library: BlasLibrary): Promise<Parts> {
  // The shipped kernels bind themselves to the selected backend's module when it is selected.
  tf.registerBackend(NAME, tf.findBackendFactory("wasm"));
  tf.copyRegisteredKernels("wasm", NAME);
  const heap = await openHeap(tf, NAME);
  const base = nativeBase(heap.memory);
  holdToOneThread(library);
  const alone = blasGemm(library, base);
  const simd = bindSimd(heap.memory);
  const member = { place: 0, simd, gemm: alone, factors: factorMemory(heap.memory) };
  const team = new Team({ jobs, member, others: othersOn(heap, library) });
  const gemm = teamGemm({ alone, context: { heap, simd, team }, smallest: SMALLEST });
  const context = { tf, name: NAME, heap, simd, gemm, team };
  registerKernels(tf, NAME, heapKernels(context));
  correctAveragePooling(tf, NAME);
  return { heap, team, linalg: blasLinalg(context, library, base) };
}

/** Other threads, where they can see the heap and the library can be held to one thread. */
function othersOn(
  { memory }: Heap,
  { setThreads, path }: BlasLibrary,
): OtherMembers | undefined {
  if (!setThreads || !(memory.buffer instanceof SharedArrayBuffer)) return undefined;
  const setting: MemberSetting = { memory, path };
  return { module: new URL("./member.ts", import.meta.url), setting: () => setting };
}
