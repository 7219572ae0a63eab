/**
 * A helper of the `wasm` backend.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { doPiece } from "../heap/tasks.ts";
import { simdGemm } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { help } from "../team/helper.ts";

/** What a helper needs to know. */
export interface HelperSetting {
  /** The heap. */
  readonly memory: WebAssembly.Memory;
  /** Address of its workspace for products. */
  readonly workspace: number;
}

interface WorkerData {
  readonly buffer: SharedArrayBuffer;
  readonly place: number;
  readonly setting: HelperSetting;
}

const { buffer, place, setting: { memory, workspace } } = workerData as WorkerData;
const simd = bindSimd(memory);
const hand = { place, simd, gemm: simdGemm(simd, () => workspace) };
help(buffer, (numbers, start) => doPiece(hand, numbers, start));
