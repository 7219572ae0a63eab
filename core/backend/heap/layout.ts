/**
 * Joining tensors, turning their axes and cutting columns out of them: what factors and heads are made with.
 *
 * @module
 */

import type { TensorInfo } from "../tfjs/types.ts";
import { address, type HeapContext, type Kernels, output, share, sizeOf } from "./context.ts";
import { orShipped } from "./elementwise.ts";
import { rowRanges } from "./ranges.ts";

/** Kernels of this file. */
export function layoutKernels(c: HeapContext): Kernels {
  return {
    Concat: orShipped(c, "Concat", ({ inputs, attrs }) => {
      const parts = Object.values(inputs).filter((x) => sizeOf(x.shape) > 0);
      if (parts.length === 0) return undefined;
      const axis = c.tf.util.parseAxisParam(attrs.axis as number, parts[0]?.shape ?? [])[0];
      if (axis === undefined || parts.some((x) => !fits(x, parts[0]!, axis))) return undefined;
      return parts.length === 1 ? share(c, parts[0]!, parts[0]!.shape) : concat(c, parts, axis);
    }),
    Transpose: orShipped(c, "Transpose", ({ inputs: { x }, attrs }) => {
      const axes = attrs.perm as number[];
      if (x!.dtype !== "float32" || sizeOf(x!.shape) === 0) return undefined;
      if (axes.length === 2 && axes[0] === 1) return transpose(c, x!);
      const [rank, last] = [axes.length, axes.at(-1)];
      return (rank === 3 || rank === 4) && last === rank - 1 ? moveRows(c, x!, axes) : undefined;
    }),
    Slice: orShipped(c, "Slice", ({ inputs: { x }, attrs }) => {
      const [begin, size] = [attrs.begin as number[], attrs.size as number[]];
      if (x!.dtype !== "float32" || x!.shape.length < 2 || size.includes(-1)) return undefined;
      const inside = begin.every((b, i) => b >= 0 && b + size[i]! <= x!.shape[i]!);
      // Of more axes than two only the last may be cut: then the others are the rows.
      const whole = size.slice(0, -1).every((n, i) => n === x!.shape[i]);
      return inside && (whole || x!.shape.length === 2) ? block(c, x!, begin, size) : undefined;
    }),
  };
}

/** Whether the shapes agree beside the axis; mismatches are left to the shipped kernel's errors. */
function fits(x: TensorInfo, first: TensorInfo, axis: number): boolean {
  return x.dtype === "float32" && x.shape.length === first.shape.length &&
    x.shape.every((n, i) => i === axis || n === first.shape[i]);
}

/** Every join is one of matrices side by side: what comes before the axis are the rows. */
function concat(c: HeapContext, parts: readonly TensorInfo[], axis: number): TensorInfo {
  const shape = [...parts[0]!.shape];
  shape[axis] = parts.reduce((n, x) => n + x.shape[axis]!, 0);
  const out = output(c, shape);
  const rows = sizeOf(shape.slice(0, axis));
  const pitch = 4 * sizeOf(shape.slice(axis));
  let to = address(c, out);
  for (const x of parts) {
    const width = 4 * sizeOf(x.shape.slice(axis));
    c.simd.copy_rows!(to, address(c, x), rows, width, pitch, width);
    to += width;
  }
  return out;
}

function transpose(c: HeapContext, x: TensorInfo): TensorInfo {
  const [rows, columns] = x.shape as [number, number];
  const y = output(c, [columns, rows]);
  c.simd.transpose!(address(c, y), address(c, x), rows, columns);
  return y;
}

/** Another order of the two or three axes before the last one: its rows are copied whole. */
function moveRows(c: HeapContext, x: TensorInfo, axes: readonly number[]): TensorInfo {
  const shape = axes.map((axis) => x.shape[axis]!);
  const y = output(c, shape);
  const strides = axes.map((axis) => 4 * sizeOf(x.shape.slice(axis + 1)));
  const [width, rows, inner] = [shape.at(-1)!, shape.at(-2)!, shape.length > 3 ? shape[1]! : 1];
  const [pitch, step] = [strides.at(-2)!, shape.length > 3 ? strides[1]! : 0];
  const blocks = shape[0]! * inner;
  const [to, from] = [address(c, y), address(c, x)];
  const pieces = rowRanges(c.team.threads, blocks, rows * width).map(([first, count]) => [
    ...[to, from, first, count, inner, strides[0]!, step, rows, 4 * width, pitch],
  ]);
  c.team.run("move-rows", pieces);
  return y;
}

/** A block of a matrix, or columns of a tensor whose leading axes are its rows. */
function block(
  c: HeapContext,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  const out = output(c, size);
  const pitch = 4 * x.shape.at(-1)!;
  // Beyond two axes the leading ones begin at 0.
  const from = address(c, x) + begin[0]! * pitch + 4 * begin.at(-1)!;
  const width = 4 * size.at(-1)!;
  const rows = sizeOf(size.slice(0, -1));
  if (sizeOf(size) > 0) c.simd.copy_rows!(address(c, out), from, rows, width, width, pitch);
  return out;
}
