/**
 * Sums over segments: the gradient of gathering rows.
 *
 * @module
 */

import { address, type HeapContext, kernel, type Kernels, output, sizeOf } from "./context.ts";

/** Kernels of this file. */
export function segmentKernels(c: HeapContext): Kernels {
  return {
    UnsortedSegmentSum: kernel(({ inputs: { x, segmentIds }, attrs }) => {
      const segments = attrs.numSegments as number;
      const [rows, row] = [sizeOf(segmentIds!.shape), x!.shape.slice(segmentIds!.shape.length)];
      const y = output(c, [segments, ...row]);
      const [px, ps, py] = [address(c, x!), address(c, segmentIds!), address(c, y)];
      const { HEAPF32, HEAP32 } = c.heap.backend.wasm;
      const width = sizeOf(row);
      HEAPF32.fill(0, py / 4, py / 4 + segments * width);
      for (let r = 0; r < rows; r++) {
        const segment = HEAP32[ps / 4 + r]!;
        // As everywhere in TensorFlow, rows of a negative segment are dropped.
        if (segment < 0 || segment >= segments) continue;
        const to = py + 4 * segment * width;
        c.simd.add!(to, to, px + 4 * r * width, width);
      }
      return y;
    }),
  };
}
