/**
 * Rotary positions: one pass over the tensor, where the composed operation takes ten.
 *
 * @module
 */

import { KERNEL } from "../tfjs/names.ts";
import type { TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
} from "./context.ts";

/** Kernels of this file. */
export function rotaryKernels(c: HeapContext): Kernels {
  return { [KERNEL.rotary]: kernel((call) => rotary(c, call)) };
}

function rotary(c: HeapContext, { inputs: { x, cos, sin }, attrs }: Call): TensorInfo {
  const { pairing, back } = attrs as { readonly pairing: string; readonly back: boolean };
  const [tokens, size] = x!.shape.slice(-2) as [number, number];
  const y = output(c, x!.shape);
  // Views are taken after the last allocation: it may move the heap.
  const floats = c.heap.backend.wasm.HEAPF32;
  const view = (t: TensorInfo) => {
    const at = address(c, t) / 4;
    return floats.subarray(at, at + sizeOf(t.shape));
  };
  const [from, to, cosines, sines] = [x!, y, cos!, sin!].map(view) as Views;
  const pairs = size / 2;
  const [step, apart] = pairing === "half-split" ? [1, pairs] : [2, 1];
  const sign = back ? -1 : 1;
  for (let at = 0, token = 0; at < from.length; at += size, token = (token + 1) % tokens) {
    for (let k = 0, u = at; k < pairs; k++, u += step) {
      const [cosine, sine] = [cosines[token * pairs + k]!, sign * sines[token * pairs + k]!];
      const [first, second] = [from[u]!, from[u + apart]!];
      to[u] = first * cosine - second * sine;
      to[u + apart] = second * cosine + first * sine;
    }
  }
  return y;
}

type Views = [Float32Array, Float32Array, Float32Array, Float32Array];
