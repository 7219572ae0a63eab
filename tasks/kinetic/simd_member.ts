/**
 * A thread that shares the rows of the stages in WebAssembly.
 *
 * @module
 */

import { joinTeam } from "../../core/wasm/mod.ts";
import { bindSweep, sweepJobs } from "./simd_module.ts";

joinTeam(sweepJobs, bindSweep);
