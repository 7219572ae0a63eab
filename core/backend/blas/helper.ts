/**
 * A helper of the `blas` backend.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { doPiece } from "../heap/tasks.ts";
import { bindSimd } from "../simd/mod.ts";
import { help } from "../team/helper.ts";
import { blasGemm } from "./gemm.ts";
import { openLibrary } from "./library.ts";
import { nativeBase } from "./native_heap.ts";

/** What a helper needs to know. */
export interface HelperSetting {
  /** The heap. */
  readonly memory: WebAssembly.Memory;
  /** The library to load. */
  readonly path: string;
}

interface WorkerData {
  readonly buffer: SharedArrayBuffer;
  readonly place: number;
  readonly setting: HelperSetting;
}

const { buffer, place, setting: { memory, path } } = workerData as WorkerData;
const library = openLibrary(path);
if (typeof library !== "string") {
  const gemm = blasGemm(library, nativeBase(memory));
  const hand = { place, simd: bindSimd(memory), gemm };
  help(buffer, (numbers, start) => doPiece(hand, numbers, start));
}
