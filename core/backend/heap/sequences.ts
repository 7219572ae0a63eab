/**
 * Operations on sequences of tokens, in one pass over memory each.
 *
 * @module
 */

import type { RotaryPairing } from "../sequences.ts";
import { KERNEL } from "../tfjs/names.ts";
import { SMOOTH_FORMS, type SmoothForm } from "../tfjs/smooth.ts";
import type { TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  matrixOf,
  output,
  sizeOf,
  withScratch,
} from "./context.ts";
import { ranges, rowRanges } from "./ranges.ts";
import { PAIRINGS } from "./sequence_pieces.ts";

/** Kernels of this file. */
export function sequenceKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.smooth]: kernel(({ inputs: { x }, attrs }) => smooth(c, [x!], attrs)),
    [KERNEL.smoothGrad]: kernel(({ inputs: { dy, x }, attrs }) => smooth(c, [dy!, x!], attrs)),
    [KERNEL.rowNorm]: kernel((call) => rowNorm(c, call)),
    [KERNEL.rowNormGrad]: kernel((call) => rowNormGrad(c, call)),
    [KERNEL.rotary]: kernel((call) => rotary(c, call)),
    [KERNEL.gather]: kernel((call) => gather(c, call)),
    [KERNEL.gatherGrad]: kernel((call) => gatherGrad(c, call)),
  };
}

/** The activation of x, or its gradient from dy and x. */
function smooth(
  c: HeapContext,
  operands: readonly TensorInfo[],
  attrs: Call["attrs"],
): TensorInfo {
  const y = output(c, operands[0]!.shape);
  const places = [y, ...operands].map((t) => address(c, t));
  const form = SMOOTH_FORMS.indexOf(attrs.form as SmoothForm);
  const pieces = rowRanges(c.team.threads, sizeOf(y.shape), 1).map(([first, count]) => [
    ...[form, ...places.map((at) => at + 4 * first), count],
  ]);
  c.team.run(operands.length === 1 ? "smooth" : "smooth-grad", pieces);
  return y;
}

/** Runs `f` with the addresses of scale and shift: of ones and zeros where they are not there. */
function withVectors<T>(
  c: HeapContext,
  { x, scale, shift }: Call["inputs"],
  f: (scale: number, shift: number) => T,
): T {
  const { columns } = matrixOf(x!);
  return withScratch(c, 8 * columns, (at) => {
    const { HEAPF32 } = c.heap.backend.wasm;
    HEAPF32.fill(1, at / 4, at / 4 + columns);
    HEAPF32.fill(0, at / 4 + columns, at / 4 + 2 * columns);
    return f(scale ? address(c, scale) : at, shift ? address(c, shift) : at + 4 * columns);
  });
}

function rowNorm(c: HeapContext, { inputs, attrs }: Call): TensorInfo {
  const x = inputs.x!;
  const { rows, columns } = matrixOf(x);
  const y = output(c, x.shape);
  const [to, from] = [address(c, y), address(c, x)];
  const centred = Number(attrs.centred);
  withVectors(c, inputs, (scale, shift) => {
    const pieces = rowRanges(c.team.threads, rows, columns).map(([first, count]) => {
      const at = 4 * first * columns;
      return [centred, to + at, from + at, scale, shift, count, columns, attrs.epsilon as number];
    });
    c.team.run("row-norm", pieces);
  });
  return y;
}

/** Ranges of rows whose sums are added up: not by threads, so that results do not depend on them. */
const SUMS = 8;

/** Outputs the gradient in x and those in the scale and the shift that are there. */
function rowNormGrad(c: HeapContext, { inputs, attrs }: Call): TensorInfo[] {
  const { x, dy, scale } = inputs as Record<"x" | "dy" | "scale", TensorInfo>;
  const { rows, columns } = matrixOf(x);
  const [dx, dscale, dshift] = [output(c, x.shape), output(c, [columns]), output(c, [columns])];
  const [to, up, from] = [dx, dy, x].map((t) => address(c, t)) as [number, number, number];
  const parts = ranges(rows, SUMS, 1);
  const sums = [dscale, dshift].map((t) => address(c, t)) as [number, number];
  withVectors(c, inputs, (factors) =>
    withScratch(c, 8 * columns * parts.length, (scratch) => {
      const own = (i: number) => [0, 1].map((k) => scratch + 4 * columns * (2 * i + k));
      const pieces = parts.map(([first, count], i) => {
        const at = 4 * first * columns;
        const places = [to + at, up + at, from + at, factors, ...own(i)];
        return [Number(attrs.centred), ...places, count, columns, attrs.epsilon as number];
      });
      c.team.run("row-norm-grad", pieces);
      sums.forEach((sum, k) => {
        c.simd.zero!(sum, columns);
        parts.forEach((_, i) => c.simd.add!(sum, sum, own(i)[k]!, columns));
      });
    }));
  return [
    dx,
    ...scale ? [dscale] : unused(c, dscale),
    ...attrs.shift ? [dshift] : unused(c, dshift),
  ];
}

/** Frees a result that nobody asked for. */
function unused({ heap }: HeapContext, t: TensorInfo): [] {
  heap.backend.disposeData(t.dataId);
  return [];
}

function rotary(c: HeapContext, { inputs, attrs }: Call): TensorInfo {
  const { x, cos, sin } = inputs as Record<"x" | "cos" | "sin", TensorInfo>;
  const [rows, width] = x.shape.slice(-2) as [number, number];
  const y = output(c, x.shape);
  const [to, from, c0, s0] = [y, x, cos, sin].map((t) => address(c, t)) as [
    ...[number, number],
    ...[number, number],
  ];
  const pairing = PAIRINGS.indexOf(attrs.pairing as RotaryPairing);
  const size = rows * width;
  const count = size === 0 ? 0 : sizeOf(x.shape) / size;
  const pieces = rowRanges(c.team.threads, count, size).map(([first, sequences]) => {
    const at = 4 * first * size;
    return [pairing, to + at, from + at, c0, s0, rows, width / 2, attrs.back ? -1 : 1, sequences];
  });
  c.team.run("rotary", pieces);
  return y;
}

function gather(c: HeapContext, { inputs }: Call): TensorInfo {
  const { table, ids } = inputs as Record<"table" | "ids", TensorInfo>;
  const width = table.shape[1]!;
  const y = output(c, [...ids.shape, width]);
  const [to, from, numbers] = [y, table, ids].map((t) => address(c, t)) as [number, number, number];
  c.simd.gather_rows!(to, from, numbers, sizeOf(ids.shape), width);
  return y;
}

function gatherGrad(c: HeapContext, { inputs, attrs }: Call): TensorInfo {
  const { dy, ids } = inputs as Record<"dy" | "ids", TensorInfo>;
  const width = dy.shape.at(-1)!;
  const d = output(c, [attrs.rows as number, width]);
  const [to, from, numbers] = [d, dy, ids].map((t) => address(c, t)) as [number, number, number];
  c.simd.zero!(to, sizeOf(d.shape));
  c.simd.scatter_add_rows!(from, to, numbers, sizeOf(ids.shape), width);
  return d;
}
