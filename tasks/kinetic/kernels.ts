/**
 * The kernels that come along, the fastest first.
 *
 * @module
 */

import { sweepKernels } from "./kernel.ts";
import { plainSweep } from "./plain_kernel.ts";
import { simdSweep } from "./simd_kernel.ts";

sweepKernels.add(simdSweep);
sweepKernels.add(plainSweep);

export { plainSweep, simdSweep };
