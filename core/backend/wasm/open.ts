/**
 * Opens the WebAssembly backend; loads the engine packages.
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
import { squarest } from "../heap/products.ts";
import { teamGemm } from "../heap/team_gemm.ts";
import { simdGemm, WORKSPACE_BYTES } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { correctAveragePooling } from "../tfjs/average_pool.ts";
import { registerKernels } from "../tfjs/kernels.ts";
import { loadTfjsWithWasm } from "../tfjs/packages.ts";
import { TfjsEngine } from "../tfjs/tfjs_engine.ts";
import type { Tf } from "../tfjs/types.ts";
import { wasmLinalg } from "./linalg.ts";
import type { MemberSetting } from "./member.ts";

/** Threads to take unless told: more cost more than they bring at usual sizes. */
const DEFAULT_THREADS = 16;

/** Products below this size stay on one thread. */
const SMALLEST = 3e5;

/** What lives as long as the process. */
interface Parts {
  readonly heap: Heap;
  readonly linalg: NativeLinalg;
  readonly team: Team<Member>;
}

let parts: Parts | undefined;

/** Selects TensorFlow.js' `wasm` backend with our kernels on its heap. */
export async function openWasm(options: BackendOptions): Promise<Engine> {
  const tf = await loadTfjsWithWasm();
  parts ??= await assembleParts(tf);
  await openHeap(tf, "wasm");
  parts.heap.limit(options.memoryLimit);
  parts.team.threads = options.threads ??
    Math.min(navigator.hardwareConcurrency, DEFAULT_THREADS);
  const { threads } = parts.team;
  return new TfjsEngine({
    tf,
    backend: "wasm",
    description: `WebAssembly SIMD, ${threads} thread${threads === 1 ? "" : "s"} ` +
      `(TensorFlow.js ${tf.version_core})`,
    deterministic: true,
    readsAtOnce: true,
    linalg: parts.linalg,
  });
}

async function assembleParts(tf: Tf): Promise<Parts> {
  const heap = await openHeap(tf, "wasm");
  const allocate = (bytes: number) => heap.backend.wasm._malloc(bytes);
  const simd = bindSimd(heap.memory);
  const alone = simdGemm(simd, allocate);
  const member = { place: 0, simd, gemm: alone, factors: factorMemory(heap.memory) };
  const team = new Team({ jobs, member, others: othersOn(heap, allocate) });
  const options = { alone, context: { heap, simd, team }, smallest: SMALLEST, cut: squarest };
  const context = { tf, name: "wasm", heap, simd, gemm: teamGemm(options), team };
  registerKernels(tf, "wasm", heapKernels(context));
  correctAveragePooling(tf, "wasm");
  return { heap, team, linalg: wasmLinalg(context, member.factors) };
}

/** Other threads, where they can see the heap. */
function othersOn(
  { memory }: Heap,
  allocate: (bytes: number) => number,
): OtherMembers | undefined {
  if (!(memory.buffer instanceof SharedArrayBuffer)) return undefined;
  const setting = (): MemberSetting => ({ memory, workspace: allocate(WORKSPACE_BYTES) });
  return { module: new URL("./member.ts", import.meta.url), setting };
}
