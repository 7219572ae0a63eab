/**
 * The embedded default: TensorFlow.js' WebAssembly backend with the kernels that training needs.
 *
 * @module
 */

import { refusedPermission } from "../../permissions.ts";
import type { Backend, BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";

/** WebAssembly with SIMD. */
export const wasm: Backend = {
  name: "wasm",
  description: "WebAssembly with SIMD, nothing to install",
  automatic: true,
  hint: "it needs WebAssembly with SIMD, which every current Deno has",
  probe: () => refusedPermission("read"),
  async open(options: BackendOptions): Promise<Engine> {
    const { openWasm } = await import("./open.ts");
    return await openWasm(options);
  },
};
