/**
 * A thread that helps the kernels in WebAssembly with their rows.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { help } from "../../core/backend/team/mod.ts";
import { bindRows, doRows, type RowModule } from "./simd_module.ts";

const { buffer, setting } = workerData as {
  readonly buffer: SharedArrayBuffer;
  readonly setting: RowModule;
};
const functions = bindRows(setting);
help(buffer, (numbers, start) => doRows(functions, numbers, start));
