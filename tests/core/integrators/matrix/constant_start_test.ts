/** Starts of rank one in bases of higher rank: all further columns of what is factored are dependent. */

import { assertLess } from "@std/assert";
import { hostAlgebra, matrixOf, openHostAlgebra } from "../../../../core/algebra/mod.ts";
import { denseField, lowRankOf, toDense } from "../../../../core/geometry/mod.ts";
import {
  augmentedBug,
  integrate,
  type Integrator,
  parallelBug,
  rk4,
} from "../../../../core/integrators/mod.ts";
import { Random } from "../../../../core/random.ts";
import { dense, expm, gaussian, host, relativeError, times } from "../../../support/matrices.ts";

const N = 60;
/** Errors at rank 5 in 20 steps; the parallel one is of order one. */
const BOUNDS: readonly (readonly [Integrator, number])[] = [[augmentedBug, 1e-5], [
  parallelBug,
  5e-3,
]];

for (const [item, bound] of BOUNDS) {
  for (const [kernels, open] of [["portable", hostAlgebra], ["all", openHostAlgebra]] as const) {
    Deno.test({
      name: `${item.name} follows Y' = M Y from a constant matrix, with ${kernels} kernels`,
      sanitizeResources: false, // A native library belongs to the process.
      fn: async () => {
        const a = await open();
        const m = host.scale(0.5 / Math.sqrt(N), gaussian(new Random(1), N, N));
        const start = matrixOf(N, N, () => 0.3);
        const y0 = await lowRankOf(a, start, 5);
        const y = await integrate(
          a,
          item,
          (_t, y) => denseField(a, a.multiply(m, toDense(a, y))),
          y0,
          { t1: 1, steps: 20, stepper: rk4 },
        );
        assertLess(relativeError(dense(y), times(expm(m), start)), bound);
      },
    });
  }
}
