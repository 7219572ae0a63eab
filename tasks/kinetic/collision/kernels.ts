/**
 * Kernels of scattering: how likely a velocity turns into another one.
 *
 * @module
 */

import { Registry, type Tunable, tunable } from "../../../core/mod.ts";

/** A kernel k that depends on the cosine of the angle alone, so that it is symmetric. */
export interface ScatteringKernel extends Tunable<ScatteringKernel> {
  /** k(c) ≥ 0; on the sphere it is divided by 4π, in the slab c is the product of velocities. */
  at(cosine: number): number;
}

/**
 * Kernels by name.
 *
 * @example Forward scattering
 * ```ts
 * import { choose } from "@rankflow/rankflow/core";
 * import { scatteringKernels } from "@rankflow/rankflow/tasks";
 * import { assertGreater } from "@std/assert";
 *
 * const kernel = choose(scatteringKernels, "henyey-greenstein:g=0.5");
 * assertGreater(kernel.at(1), kernel.at(-1));
 * ```
 */
export const scatteringKernels: Registry<ScatteringKernel> = new Registry("scattering kernel");

/** Every direction is as likely as any other. */
export const isotropic: ScatteringKernel = scatteringKernels.add({
  name: "isotropic",
  description: "every direction is as likely as any other",
  at: () => 1,
});

/** The kernel of Henyey and Greenstein (1941), forward for g > 0. */
export const henyeyGreenstein: ScatteringKernel = tunable(scatteringKernels, {
  name: "henyey-greenstein",
  description: "(1 − g²) / (1 + g² − 2 g c)^(3/2), forward for g > 0",
  defaults: { g: 0.9 },
  limits: { g: { above: -1, below: 1, description: "mean cosine" } },
  make: ({ g }) => ({ at: (c) => (1 - g * g) / (1 + g * g - 2 * g * c) ** 1.5 }),
});
