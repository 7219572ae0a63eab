/**
 * The plain JavaScript backend: slow, everywhere, and the reference that the others are held to.
 *
 * @module
 */

import type { Backend, BackendOptions } from "../backend.ts";
import type { Engine } from "../engine.ts";

/** Plain JavaScript. */
export const cpu: Backend = {
  name: "cpu",
  description: "plain JavaScript, the reference",
  automatic: true,
  hint: "nothing to install",
  ignores: ["threads"],
  probe: () => Promise.resolve(undefined),
  async open({ memoryLimit }: BackendOptions): Promise<Engine> {
    if (memoryLimit !== undefined) {
      throw new RangeError(
        `Cannot limit the memory of backend "cpu": expected no memoryLimit, got ${memoryLimit}; ` +
          "the garbage collector has no such setting",
      );
    }
    const { openCpu } = await import("./open.ts");
    return await openCpu();
  },
};
