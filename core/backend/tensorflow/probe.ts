/**
 * Whether the `tensorflow` backend would work here, found out without loading it.
 *
 * @module
 */

import { missingPermission } from "../../permissions.ts";
import { mayHaveCuda } from "../devices.ts";
import { addonFile, addonFolder, exists, readRecord } from "./addon_folder.ts";

/**
 * Looks for the addon, for the libtensorflow it was linked against, and for a library in this
 * process that must not be loaded before it.
 *
 * @returns Undefined when all is well, else one line that says what is wrong.
 */
export async function probeAddon(): Promise<string | undefined> {
  const missing = missingPermission("env", "read", "ffi");
  if (missing) return missing;
  const folder = findFolder();
  if (folder instanceof Error) return folder.message;
  if (!await exists(addonFile(folder))) return `no native addon in ${folder}`;
  const record = await readRecord(folder);
  if (record && !await exists(record.libtensorflow)) {
    return `its libtensorflow is gone from ${record.libtensorflow}`;
  }
  return await hasForeignLlvm()
    ? "a Mesa driver has loaded LLVM into this process, which TensorFlow does not survive"
    : undefined;
}

/**
 * Why TensorFlow is not worth taking unasked, in one line; undefined where it is. On the CPU a dense
 * step costs what it costs with `blas`, but a step of rank 32 of a 784-500-500-500-500-10 net,
 * batch 256, took 12 ms against 5 ms on two cores: its small operations cost more.
 */
export async function cpuOnly(): Promise<string | undefined> {
  const missing = await probeAddon();
  if (missing) return missing;
  return await mayHaveCuda() ? undefined : "no CUDA device, and on the CPU blas is faster";
}

function findFolder(): string | Error {
  try {
    return addonFolder();
  } catch (error) {
    return error as Error;
  }
}

/**
 * Mesa's software Vulkan brings a shared LLVM whose unique symbols capture those of the copy inside
 * libtensorflow: loading TensorFlow afterwards ends in a segmentation fault. The other order works.
 */
async function hasForeignLlvm(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    const maps = await Deno.readTextFile("/proc/self/maps");
    return /\/libLLVM[-.\d]/.test(maps) && !maps.includes("/libtensorflow");
  } catch {
    return false;
  }
}
