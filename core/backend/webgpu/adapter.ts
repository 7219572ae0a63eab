/**
 * Finds the graphics adapter that the `webgpu` backend would use.
 *
 * @module
 */

import { missingPermission } from "../../permissions.ts";
import { mayHaveGraphics } from "../devices.ts";

/** An adapter and what is known of it. */
export interface FoundAdapter {
  /** The adapter; it makes one device. */
  readonly adapter: GPUAdapter;
  /** Its name for people. */
  readonly name: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
}

/** Names of drivers that compute on the CPU, should they not say so themselves. */
const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|basic render/i;

/**
 * Asks for the fastest adapter.
 *
 * @returns The adapter, or one line that says why there is none.
 */
export async function findAdapter(): Promise<FoundAdapter | string> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (!gpu) return "this runtime has no WebGPU";
  const adapter = await quietly(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
  if (!adapter) return "no graphics adapter (no Vulkan, Metal or DX12 driver)";
  const { description, device, vendor, isFallbackAdapter } = adapter.info;
  const name = description || device || vendor || "unnamed adapter";
  return { adapter, name, software: isFallbackAdapter || SOFTWARE.test(name) };
}

/**
 * Why the adapter is not worth taking unasked, in one line; undefined where it is. Where Linux
 * shows no graphics device at all this loads no driver to find out.
 */
export async function softwareOnly(): Promise<string | undefined> {
  if (!await mayHaveGraphics()) return "no graphics device";
  const found = await findAdapter();
  if (typeof found === "string") return found;
  return found.software ? `only a software adapter (${found.name})` : undefined;
}

/** Runs `f` while Mesa finds a folder for its sockets: without one it complains on the terminal. */
async function quietly<T>(f: () => Promise<T>): Promise<T> {
  const variable = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux" || missingPermission("env") || Deno.env.has(variable)) {
    return await f();
  }
  Deno.env.set(variable, "/tmp");
  try {
    return await f();
  } finally {
    Deno.env.delete(variable);
  }
}
