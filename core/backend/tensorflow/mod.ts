/**
 * TensorFlow itself, on CPU or CUDA, through the native addon of TensorFlow.js.
 *
 * @module
 */

import type { Backend, BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";
import { cpuOnly, probeAddon } from "./probe.ts";

export { addonFolder, type Surroundings } from "./addon_folder.ts";
export { buildAddon, type BuildAddonOptions } from "./build.ts";
export { installAddon } from "./install.ts";

/** libtensorflow: CUDA where the library is built with it and a device is there, else the CPU. */
export const tensorflow: Backend = {
  name: "tensorflow",
  description: "TensorFlow through its native addon, on CUDA or the CPU",
  automatic: true,
  hint: "run deno task setup:tensorflow",
  reservation: cpuOnly,
  probe: probeAddon,
  async open(options: BackendOptions): Promise<Engine> {
    const { openTensorflow } = await import("./open.ts");
    return await openTensorflow(options);
  },
};
