/**
 * Depthwise convolutions as runs of multiply-adds over channels.
 *
 * A channel multiplier M > 1 is reduced to M = 1 by repeating each input channel M times; the
 * gradient in the input sums over the repetitions.
 *
 * @module
 */

import type { TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
  withScratch,
} from "./context.ts";
import { type ConvInfo, convInfo } from "./conv/info.ts";

/** Kernels of this file. */
export function depthwiseKernels(c: HeapContext): Kernels {
  return {
    DepthwiseConv2dNative: kernel((call) => forward(c, call)),
    DepthwiseConv2dNativeBackpropInput: kernel((call) => inputGradient(c, call)),
    DepthwiseConv2dNativeBackpropFilter: kernel((call) => filterGradient(c, call)),
  };
}

/** A row of pixels that one filter position connects: byte offsets and strides. */
interface Run {
  /** Offset of the first input pixel, in channels-as-output-channels. */
  readonly input: number;
  /** Offset of the first output pixel. */
  readonly output: number;
  /** Offset of the filter position. */
  readonly filter: number;
  /** Pixels. */
  readonly count: number;
}

/** Calls `f` for each run of output pixels in a row that a filter position reaches. */
function eachRun(info: ConvInfo, f: (run: Run) => void): void {
  const channels = 4 * info.outChannels;
  for (let kh = 0; kh < info.filterHeight; kh++) {
    for (let kw = 0; kw < info.filterWidth; kw++) {
      const filter = (kh * info.filterWidth + kw) * channels;
      const shift = kw * info.dilationWidth - info.padInfo.left;
      const first = Math.max(0, Math.ceil(-shift / info.strideWidth));
      const last = Math.min(
        info.outWidth - 1,
        Math.floor((info.inWidth - 1 - shift) / info.strideWidth),
      );
      if (last < first) continue;
      eachLine(info, kh, (inputLine, outputLine) => {
        const input = (inputLine * info.inWidth + first * info.strideWidth + shift) * channels;
        const output = (outputLine * info.outWidth + first) * channels;
        f({ input, output, filter, count: last - first + 1 });
      });
    }
  }
}

/** Calls `f` with the lines of input and output that row `kh` of the filter connects. */
function eachLine(
  info: ConvInfo,
  kh: number,
  f: (inputLine: number, outputLine: number) => void,
): void {
  for (let image = 0; image < info.batchSize; image++) {
    for (let oh = 0; oh < info.outHeight; oh++) {
      const ih = oh * info.strideHeight + kh * info.dilationHeight - info.padInfo.top;
      if (ih < 0 || ih >= info.inHeight) continue;
      f(image * info.inHeight + ih, image * info.outHeight + oh);
    }
  }
}

const multiplierOf = (info: ConvInfo): number => info.outChannels / info.inChannels;

/** Runs `f` with the address of the input whose channels are repeated as often as is asked. */
function withRepeated(
  c: HeapContext,
  x: TensorInfo,
  info: ConvInfo,
  f: (at: number) => void,
): void {
  const times = multiplierOf(info);
  if (times === 1) return f(address(c, x));
  const size = sizeOf(x.shape);
  withScratch(c, 4 * size * times, (at) => {
    const floats = c.heap.backend.wasm.HEAPF32;
    const from = address(c, x) / 4;
    for (let i = 0; i < size; i++) {
      const to = at / 4 + i * times;
      floats.fill(floats[from + i]!, to, to + times);
    }
    f(at);
  });
}

/** What runs connect. */
interface Operand {
  /** Address. */
  readonly at: number;
  /** Which of the three it is: how runs move over it. */
  readonly role: "input" | "output" | "filter";
}

/** to = Σ over runs of a ∘ b, of `size` numbers. */
function sumRuns(
  c: HeapContext,
  info: ConvInfo,
  [to, a, b]: readonly [Operand, Operand, Operand],
  size: number,
): void {
  c.heap.backend.wasm.HEAPF32.fill(0, to.at / 4, to.at / 4 + size);
  const channels = 4 * info.outChannels;
  const stride = { input: info.strideWidth * channels, output: channels, filter: 0 };
  eachRun(info, (run) =>
    c.simd.multiply_add_runs!(
      to.at + run[to.role],
      a.at + run[a.role],
      b.at + run[b.role],
      info.outChannels,
      run.count,
      stride[to.role],
      stride[a.role],
      stride[b.role],
    ));
}

const operand = (role: Operand["role"], at: number): Operand => ({ role, at });

function forward(c: HeapContext, { inputs: { x, filter }, attrs }: Call): TensorInfo {
  const info = convInfo(c, attrs, x!.shape, filter!.shape, true);
  const y = output(c, info.outShape);
  const [to, w] = [operand("output", address(c, y)), operand("filter", address(c, filter!))];
  withRepeated(
    c,
    x!,
    info,
    (px) => sumRuns(c, info, [to, operand("input", px), w], sizeOf(info.outShape)),
  );
  return y;
}

function filterGradient(c: HeapContext, { inputs: { x, dy }, attrs }: Call): TensorInfo {
  const shape = attrs.filterShape as number[];
  const info = convInfo(c, attrs, x!.shape, shape, true);
  const dw = output(c, shape);
  const [to, d] = [operand("filter", address(c, dw)), operand("output", address(c, dy!))];
  withRepeated(c, x!, info, (px) => sumRuns(c, info, [to, operand("input", px), d], sizeOf(shape)));
  return dw;
}

function inputGradient(c: HeapContext, { inputs: { dy, filter }, attrs }: Call): TensorInfo {
  const shape = attrs.inputShape as number[];
  const info = convInfo(c, attrs, shape, filter!.shape, true);
  const dx = output(c, shape);
  const [d, w] = [operand("output", address(c, dy!)), operand("filter", address(c, filter!))];
  const [times, size] = [multiplierOf(info), sizeOf(shape)];
  const accumulate = (at: number): void =>
    sumRuns(c, info, [operand("input", at), d, w], size * times);
  if (times === 1) accumulate(address(c, dx));
  else {
    withScratch(c, 4 * size * times, (at) => {
      accumulate(at);
      sumRepeated(c, at, address(c, dx), size, times);
    });
  }
  return dx;
}

/** to[i] = Σ_j from[i·times + j]. */
function sumRepeated(
  c: HeapContext,
  from: number,
  to: number,
  size: number,
  times: number,
): void {
  const floats = c.heap.backend.wasm.HEAPF32;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < times; j++) sum += floats[from / 4 + i * times + j]!;
    floats[to / 4 + i] = sum;
  }
}
