/**
 * A thread that shares the rows of the kernels in WebAssembly.
 *
 * @module
 */

import { joinTeam } from "../../core/wasm/mod.ts";
import { bindRows, rowJobs } from "./simd_module.ts";

joinTeam(rowJobs, bindRows);
