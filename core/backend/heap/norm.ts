/**
 * Batch normalisation in two passes over the data forward and two backward, scaling per channel, and
 * global pooling.
 *
 * @module
 */

import { type Activation, ACTIVATIONS } from "../engine.ts";
import { KERNEL } from "../tfjs/names.ts";
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
import { rowRanges } from "./ranges.ts";

/** Bytes of the rows whose statistics are summed in float32: they stay in the first-level cache. */
const BLOCK_BYTES = 2 ** 15;
/** Rows of such a block, at least. */
const LEAST_ROWS = 16;

/** Kernels of this file. */
export function normKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.batchNorm]: kernel((call) => batchNorm(c, call)),
    [KERNEL.batchNormGrad]: kernel((call) => batchNormGrad(c, call)),
    [KERNEL.affine]: kernel(({ inputs: { x, scale, shift }, attrs }) => {
      const [ps, pt] = [address(c, scale!), address(c, shift!)];
      return affine(c, x!, ps, pt, attrs.activation as Activation);
    }),
    [KERNEL.globalAveragePool]: kernel(({ inputs: { x } }) => globalAverage(c, x!)),
    [KERNEL.globalAveragePoolGrad]: kernel(({ inputs: { dy }, attrs }) =>
      globalAverageGrad(c, dy!, attrs.shape as number[])
    ),
  };
}

/** A view of the heap; taken anew where memory was allocated since. */
function floats({ heap }: HeapContext, at: number, count: number): Float32Array {
  return heap.backend.wasm.HEAPF32.subarray(at / 4, at / 4 + count);
}

/** Mean and sum of squares about it, of rows that came in blocks. */
interface Moments {
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

/** What "moments" leaves for each block of rows: a centre, Σ about it, Σ of squares about it. */
interface BlockMoments {
  readonly centres: Float32Array;
  readonly sums: Float32Array;
  readonly squares: Float32Array;
}

/**
 * Joins the statistics of blocks of rows in float64 (T. Chan, G. Golub and R. LeVeque, Updating
 * formulae and a pairwise algorithm for computing sample variances, 1979): no difference of large
 * numbers is taken.
 */
function joinMoments(
  { centres, sums, squares }: BlockMoments,
  counts: readonly number[],
  columns: number,
): Moments {
  const all: Moments = { mean: new Float64Array(columns), squares: new Float64Array(columns) };
  let before = 0;
  counts.forEach((count, block) => {
    const after = before + count;
    for (let i = 0; i < columns; i++) {
      const at = block * columns + i;
      const rest = sums[at]! / count;
      const delta = centres[at]! + rest - all.mean[i]!;
      all.mean[i]! += delta * count / after;
      const own = squares[at]! - rest * sums[at]!;
      all.squares[i]! += own + delta * delta * before * count / after;
    }
    before = after;
  });
  return all;
}

/** Statistics of each column. */
function moments(c: HeapContext, x: TensorInfo): Moments {
  const { rows, columns } = matrixOf(x);
  const block = Math.max(LEAST_ROWS, Math.floor(BLOCK_BYTES / (4 * columns)));
  const blocks = Math.ceil(rows / block);
  const pieces = rowRanges(c.team.threads, blocks, block * columns);
  const size = 4 * blocks * columns;
  return withScratch(c, 3 * size, (at) => {
    const from = address(c, x);
    const work = pieces.map(([first, count]) => {
      const place = 4 * first * columns;
      const length = Math.min(rows, (first + count) * block) - first * block;
      const results = [0, 1, 2].map((i) => at + i * size + place);
      return [from + block * place, length, columns, block, ...results];
    });
    c.team.run("moments", work);
    const counts = Array.from({ length: blocks }, (_, i) => Math.min(block, rows - i * block));
    const [centres, sums, squares] = [0, 1, 2].map((i) =>
      floats(c, at + i * size, blocks * columns)
    ) as [Float32Array, Float32Array, Float32Array];
    return joinMoments({ centres, sums, squares }, counts, columns);
  });
}

/** act(x scale + shift) with scale and shift at addresses. */
function affine(
  c: HeapContext,
  x: TensorInfo,
  scale: number,
  shift: number,
  activation: Activation,
): TensorInfo {
  const y = output(c, x.shape);
  const { rows, columns } = matrixOf(x);
  const [from, to] = [address(c, x), address(c, y)];
  const pieces = rowRanges(c.team.threads, rows, columns).map(([first, count]) => {
    const at = 4 * first * columns;
    return [ACTIVATIONS.indexOf(activation), to + at, from + at, scale, shift, count, columns];
  });
  c.team.run("affine", pieces);
  return y;
}

/** Outputs y, mean and variance. */
function batchNorm(c: HeapContext, { inputs: { x, scale, shift }, attrs }: Call): TensorInfo[] {
  const { rows, columns } = matrixOf(x!);
  const found = moments(c, x!);
  const [mean, variance] = [output(c, [columns]), output(c, [columns])];
  floats(c, address(c, mean), columns).set(found.mean);
  const variances = found.squares.map((sum) => sum / rows);
  floats(c, address(c, variance), columns).set(variances);
  const epsilon = attrs.epsilon as number;
  return withScratch(c, 8 * columns, (at) => {
    const factors = floats(c, address(c, scale!), columns).map((s, i) =>
      s / Math.sqrt(variances[i]! + epsilon)
    );
    const offsets = floats(c, address(c, shift!), columns).map((s, i) =>
      s - found.mean[i]! * factors[i]!
    );
    floats(c, at, columns).set(factors);
    floats(c, at + 4 * columns, columns).set(offsets);
    const y = affine(c, x!, at, at + 4 * columns, attrs.activation as Activation);
    return [y, mean, variance];
  });
}

/** Outputs the gradients in x, scale and shift. */
function batchNormGrad(c: HeapContext, { inputs, attrs }: Call): TensorInfo[] {
  const { dy, y, x, scale, mean, variance } = inputs as Record<string, TensorInfo>;
  const { rows, columns } = matrixOf(x!);
  const [dx, dscale, dshift] = [output(c, x!.shape), output(c, [columns]), output(c, [columns])];
  const places = [dy!, y!, x!].map((t) => address(c, t));
  const name = ACTIVATIONS.indexOf(attrs.activation as Activation);
  const pieces = rowRanges(c.team.threads, rows, columns);
  const values = (t: TensorInfo) => floats(c, address(c, t), columns);
  const at = (first: number) => places.map((p) => p + 4 * first * columns);
  const totals = columnTotals(c, pieces.length, columns, (i, sums, products) => {
    const [first, count] = pieces[i]!;
    return [name, ...at(first), address(c, mean!), count, columns, sums, products];
  });
  withScratch(c, 16 * columns, (coefficients) => {
    const table = floats(c, coefficients, 4 * columns);
    const [scales, means, variances] = [scale!, mean!, variance!].map(values);
    for (let i = 0; i < columns; i++) {
      const inverse = 1 / Math.sqrt(variances![i]! + (attrs.epsilon as number));
      const factor = scales![i]! * inverse;
      const gradient = totals.products[i]! * inverse;
      values(dscale)[i] = gradient;
      values(dshift)[i] = totals.sums[i]!;
      table[i] = means![i]!;
      table[columns + i] = factor;
      table[2 * columns + i] = -factor * gradient * inverse / rows;
      table[3 * columns + i] = -factor * totals.sums[i]! / rows;
    }
    const to = address(c, dx);
    const work = pieces.map(([first, count]) => [
      ...[name, to + 4 * first * columns, ...at(first), coefficients, count, columns],
    ]);
    c.team.run("norm-grad", work);
  });
  return [dx, dscale, dshift];
}

/** Sums over the pieces of "norm-sums", joined in float64 in the order of the pieces. */
function columnTotals(
  c: HeapContext,
  count: number,
  columns: number,
  piece: (i: number, sums: number, products: number) => number[],
): { sums: Float64Array; products: Float64Array } {
  return withScratch(c, 8 * count * columns, (at) => {
    const place = (i: number) => at + 8 * i * columns;
    const pieces = Array.from(
      { length: count },
      (_, i) => piece(i, place(i), place(i) + 4 * columns),
    );
    c.team.run("norm-sums", pieces);
    const totals = { sums: new Float64Array(columns), products: new Float64Array(columns) };
    const found = floats(c, at, 2 * count * columns);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < columns; j++) {
        totals.sums[j]! += found[2 * i * columns + j]!;
        totals.products[j]! += found[(2 * i + 1) * columns + j]!;
      }
    }
    return totals;
  });
}

/** Mean of each channel of each image. */
function globalAverage(c: HeapContext, x: TensorInfo): TensorInfo {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const y = output(c, [batch, channels]);
  const [from, to] = [address(c, x), address(c, y)];
  for (let i = 0; i < batch; i++) {
    const image = from + 4 * i * height * width * channels;
    const line = to + 4 * i * channels;
    c.simd.grad_sums_identity!(image, image, image, line, height * width, channels);
  }
  c.simd.scale!(to, to, 1 / (height * width), sizeOf(y.shape));
  return y;
}

/** Each pixel's share of the gradient of the mean. */
function globalAverageGrad(
  c: HeapContext,
  dy: TensorInfo,
  shape: readonly number[],
): TensorInfo {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const dx = output(c, shape);
  const [size, pixels, width4] = [batch * channels, height * width, 4 * channels];
  withScratch(c, 4 * size, (share) => {
    c.simd.scale!(share, address(c, dy), 1 / pixels, size);
    const to = address(c, dx);
    const pieces = rowRanges(c.team.threads, batch, pixels * channels).map(([first, count]) => [
      ...[to + first * pixels * width4, share + first * width4, count, pixels, width4],
    ]);
    c.team.run("repeat-rows", pieces);
  });
  return dx;
}
