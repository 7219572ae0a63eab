/**
 * The plain JavaScript backend: slow, everywhere, and the reference that the others are held to.
 *
 * @module
 */

import type { Backend, BackendOptions, Engine } from "../engine.ts";

/** Plain JavaScript. */
export const cpu: Backend = {
  name: "cpu",
  description: "plain JavaScript, the reference",
  automatic: true,
  hint: "nothing to install",
  probe: () => Promise.resolve(undefined),
  async open(_options: BackendOptions): Promise<Engine> {
    const { openCpu } = await import("./open.ts");
    return await openCpu();
  },
};
