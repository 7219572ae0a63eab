/**
 * Prints, as one line of JSON, the files that the backends `wasm` and `webgpu` load from packages.
 *
 * @module
 */

import { createRequire } from "node:module";
import { loadTfjsWebgpu, loadTfjsWithWasm } from "../../core/backend/tfjs/packages.ts";

await loadTfjsWithWasm();
await loadTfjsWebgpu();
console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));
Deno.exit(0);
