/**
 * Graphics processors through Deno's own WebGPU.
 *
 * @module
 */

import type { Backend, BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";
import { findAdapter, softwareOnly } from "./adapter.ts";

/** Vulkan, Metal or DX12; read-back is asynchronous only. */
export const webgpu: Backend = {
  name: "webgpu",
  description: "graphics processors through WebGPU (Vulkan, Metal, DX12)",
  automatic: true,
  hint: "it needs a graphics processor with a Vulkan, Metal or DX12 driver",
  ignores: ["threads"],
  reservation: softwareOnly,
  async probe(): Promise<string | undefined> {
    const found = await findAdapter();
    return typeof found === "string" ? found : undefined;
  },
  async open(options: BackendOptions): Promise<Engine> {
    const { openWebgpu } = await import("./open.ts");
    return await openWebgpu(options);
  },
};
