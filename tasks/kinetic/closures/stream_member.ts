/**
 * A thread that shares the rows of the kinetic flux.
 *
 * @module
 */

import { joinTeam } from "../../../core/wasm/mod.ts";
import type { StreamModule } from "./simd_flux.ts";
import { streamJobs, StreamRows } from "./stream_rows.ts";

joinTeam(streamJobs, (module: StreamModule) => new StreamRows(module));
