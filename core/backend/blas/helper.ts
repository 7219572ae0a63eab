/**
 * A helper of the `blas` backend: computes pieces of products with the library, at native addresses.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { help } from "../team/helper.ts";
import { runPiece } from "../team/products.ts";
import { blasGemm } from "./gemm.ts";
import { openLibrary } from "./library.ts";

const { buffer, setting } = workerData as { buffer: SharedArrayBuffer; setting: string };
const library = openLibrary(setting);
if (typeof library !== "string") {
  const gemm = blasGemm(library, () => 0);
  help(buffer, (numbers, start) => runPiece(numbers, start, 0, gemm));
}
