/**
 * All kernels of a backend that lives on a wasm heap.
 *
 * @module
 */

import type { HeapContext, Kernels } from "./context.ts";
import { attentionKernels } from "./attention.ts";
import { chainKernels } from "./conv/chain.ts";
import { convKernels } from "./conv/kernels.ts";
import { pixelKernels } from "./conv/pixels.ts";
import { depthwiseKernels } from "./depthwise.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { layoutKernels } from "./layout.ts";
import { linearKernels } from "./linear.ts";
import { lossKernels } from "./loss.ts";
import { rotaryKernels } from "./rotary.ts";
import { normKernels } from "./norm.ts";
import { poolKernels } from "./pool.ts";
import { sequenceKernels } from "./sequences.ts";
import { segmentKernels } from "./segment.ts";

/** Kernels by name: those that TensorFlow.js lacks, and those that replace its own. */
export function heapKernels(c: HeapContext): Kernels {
  return {
    ...elementwiseKernels(c),
    ...linearKernels(c),
    ...layoutKernels(c),
    ...convKernels(c),
    ...chainKernels(c),
    ...pixelKernels(c),
    ...depthwiseKernels(c),
    ...attentionKernels(c),
    ...lossKernels(c),
    ...rotaryKernels(c),
    ...normKernels(c),
    ...poolKernels(c),
    ...segmentKernels(c),
    ...sequenceKernels(c),
  };
}
