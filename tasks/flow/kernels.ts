/**
 * The kernels that come along, the fastest first.
 *
 * @module
 */

import { flowKernels } from "./kernel.ts";
import { plainKernel } from "./plain_kernel.ts";
import { simdKernel } from "./simd_kernel.ts";

flowKernels.add(simdKernel);
flowKernels.add(plainKernel);

export { plainKernel, simdKernel };
