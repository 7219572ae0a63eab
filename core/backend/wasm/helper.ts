/**
 * A helper of the `wasm` backend: computes pieces of products on a memory of the team.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { simdGemm } from "../simd/matmul.ts";
import { bindSimd } from "../simd/mod.ts";
import { help } from "../team/helper.ts";
import { runPiece } from "../team/products.ts";
import type { TeamSetting } from "./team_gemm.ts";

const { buffer, setting } = workerData as { buffer: SharedArrayBuffer; setting: TeamSetting };
const { memory, workspaces, next } = setting;
const place = Atomics.add(new Int32Array(next), 0, 1);
const gemm = simdGemm(bindSimd(memory), (bytes) => workspaces + place * bytes);
help(buffer, (numbers, start) => runPiece(numbers, start, 0, gemm));
