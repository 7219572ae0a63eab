/**
 * Element-wise operations and reductions.
 *
 * @module
 */

import { type Activation, ACTIVATIONS } from "../engine.ts";
import { KERNEL } from "../tfjs/names.ts";
import type { KernelFunc, TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sameShape,
  share,
  sizeOf,
  withScratch,
} from "./context.ts";
import { rowRanges } from "./ranges.ts";

/** Kernels of this file. */
export function elementwiseKernels(c: HeapContext): Kernels {
  return {
    Identity: ({ inputs }) => share(c, inputs.x as TensorInfo, inputs.x!.shape),
    ...plainKernels(c),
    ...updateKernels(c),
    ...reductionKernels(c),
    [KERNEL.activate]: kernel(({ inputs, attrs }) =>
      unary(c, `activate_${attrs.activation}`, inputs.x!)
    ),
    [KERNEL.activationGrad]: kernel((call) => activationGrad(c, call)),
    [KERNEL.columnSums]: kernel(({ inputs }) => columnSums(c, inputs.x!)),
  };
}

function unary(c: HeapContext, name: string, x: TensorInfo): TensorInfo {
  const y = output(c, x.shape);
  c.simd[name]!(address(c, y), address(c, x), sizeOf(x.shape));
  return y;
}

function binary(c: HeapContext, name: string, a: TensorInfo, b: TensorInfo): TensorInfo {
  const y = output(c, a.shape);
  c.simd[name]!(address(c, y), address(c, a), address(c, b), sizeOf(a.shape));
  return y;
}

/** TensorFlow.js' own kernels where ours are faster, which is for float32 and equal shapes. */
function plainKernels(c: HeapContext): Kernels {
  const kernels: Kernels = {};
  const UNARY = { Relu: "activate_relu", Tanh: "activate_tanh", Sigmoid: "activate_sigmoid" };
  for (const [name, own] of Object.entries({ ...UNARY, Sqrt: "sqrt" })) {
    kernels[name] = orShipped(
      c,
      name,
      ({ inputs: { x } }) => x!.dtype === "float32" ? unary(c, own, x!) : undefined,
    );
  }
  for (const [name, own] of [["Add", "add"], ["Sub", "sub"], ["Multiply", "mul"]] as const) {
    kernels[name] = orShipped(c, name, ({ inputs: { a, b } }) => {
      const fits = a!.dtype === "float32" && b!.dtype === "float32" &&
        sameShape(a!.shape, b!.shape);
      return fits ? binary(c, own, a!, b!) : undefined;
    });
  }
  kernels.Square = orShipped(
    c,
    "Square",
    ({ inputs: { x } }) => x!.dtype === "float32" ? binary(c, "mul", x!, x!) : undefined,
  );
  return kernels;
}

/** The kernels of TensorFlow.js' wasm backend as they were before any was replaced. */
const SHIPPED = new Map<string, KernelFunc>();

function shippedKernel({ tf }: HeapContext, name: string): KernelFunc {
  const known = SHIPPED.get(name);
  if (known) return known;
  const { kernelFunc } = tf.getKernel(name, "wasm");
  SHIPPED.set(name, kernelFunc);
  return kernelFunc;
}

/** `own` where it gives a result, else the kernel that comes with TensorFlow.js. */
export function orShipped(
  c: HeapContext,
  name: string,
  own: (call: Call) => TensorInfo | undefined,
): KernelFunc {
  const shipped = shippedKernel(c, name);
  return (args) =>
    own({ inputs: args.inputs as Call["inputs"], attrs: args.attrs ?? {} }) ?? shipped(args);
}

/** The kernels that parameter updates are made of. */
function updateKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.scale]: kernel(({ inputs: { x }, attrs }) => {
      const y = output(c, x!.shape);
      c.simd.scale!(address(c, y), address(c, x!), attrs.alpha as number, sizeOf(x!.shape));
      return y;
    }),
    [KERNEL.lincomb]: kernel(({ inputs: { x, y }, attrs }) => combine(c, "lincomb", x!, y!, attrs)),
    [KERNEL.lincombSquare]: kernel(({ inputs: { v, g }, attrs }) =>
      combine(c, "lincomb_square", v!, g!, attrs)
    ),
    [KERNEL.adaptiveStep]: kernel(({ inputs: { x, m, v }, attrs }) => {
      const y = output(c, x!.shape);
      const { gamma, alpha, delta, epsilon } = attrs as Record<string, number>;
      const pointers = [y, x!, m!, v!].map((t) => address(c, t));
      c.simd.adaptive!(...pointers, gamma!, alpha!, delta!, epsilon!, sizeOf(x!.shape));
      return y;
    }),
  };
}

function combine(
  c: HeapContext,
  name: string,
  x: TensorInfo,
  y: TensorInfo,
  attrs: Call["attrs"],
): TensorInfo {
  const z = output(c, x.shape);
  const { alpha, beta } = attrs as { alpha: number; beta: number };
  const n = sizeOf(x.shape);
  c.simd[name]!(address(c, z), address(c, x), address(c, y), alpha, beta, n);
  return z;
}

/** Sums in float64, and sums over leading axes as column sums. */
function reductionKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.norm]: kernel(({ inputs: { x } }) => {
      const squares = c.simd.sum_squares!(address(c, x!), sizeOf(x!.shape));
      return scalar(c, Math.sqrt(squares));
    }),
    Sum: orShipped(c, "Sum", ({ inputs: { x }, attrs }) => {
      const axes = c.tf.util.parseAxisParam(attrs.axis as number[], x!.shape);
      if (x!.dtype !== "float32" || attrs.keepDims === true) return undefined;
      if (axes.length === x!.shape.length) {
        return scalar(c, c.simd.sum!(address(c, x!), sizeOf(x!.shape)));
      }
      const leading = axes.length > 0 && axes.every((axis, i) => axis === i);
      return leading ? leadingSums(c, x!, axes.length) : undefined;
    }),
  };
}

/** A number as a tensor without axes. */
export function scalar(c: HeapContext, value: number): TensorInfo {
  const y = output(c, []);
  c.heap.backend.wasm.HEAPF32[address(c, y) / 4] = value;
  return y;
}

function leadingSums(c: HeapContext, x: TensorInfo, axes: number): TensorInfo {
  const rest = x.shape.slice(axes);
  const y = output(c, rest);
  const [rows, columns] = [sizeOf(x.shape.slice(0, axes)), sizeOf(rest)];
  const from = address(c, x);
  sumPieces(c, y, rowRanges(c.team.threads, rows, columns), (first, count, to) => {
    const at = from + 4 * first * columns;
    return [ACTIVATIONS.indexOf("identity"), at, at, at, to, count, columns];
  });
  return y;
}

function columnSums(c: HeapContext, x: TensorInfo): TensorInfo {
  return leadingSums(c, x, x.shape.length - 1);
}

function activationGrad(c: HeapContext, { inputs: { dy, y }, attrs }: Call): TensorInfo[] {
  const name = attrs.activation as Activation;
  const { d, sums } = upstream(c, dy!, y!, name, attrs.columnSums === true);
  return sums ? [d, sums] : [d];
}

/**
 * D = dY ∘ act′(Y) and, where asked for, its column sums in the same pass. For "identity" D is dY
 * itself, not a copy.
 */
export function upstream(
  c: HeapContext,
  dy: TensorInfo,
  y: TensorInfo,
  name: Activation,
  columnSums: boolean,
): { d: TensorInfo; sums?: TensorInfo } {
  const d = name === "identity" ? dy : output(c, dy.shape);
  const columns = dy.shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : sizeOf(dy.shape) / columns;
  const pieces = rowRanges(c.team.threads, rows, columns);
  const places = [d, dy, y].map((t) => address(c, t));
  const at = (first: number) => places.map((p) => p + 4 * first * columns);
  const number = ACTIVATIONS.indexOf(name);
  if (!columnSums) {
    const work = pieces.map(([first, count]) => [number, ...at(first), count * columns]);
    if (d !== dy) c.team.run("grad", work);
    return { d };
  }
  const sums = output(c, [columns]);
  sumPieces(c, sums, pieces, (first, count, to) => [number, ...at(first), to, count, columns]);
  return { d, sums };
}

/** Runs "grad-sums" on pieces and adds up their sums, in the order of the pieces. */
function sumPieces(
  c: HeapContext,
  sums: TensorInfo,
  pieces: readonly [number, number][],
  numbers: (first: number, count: number, to: number) => number[],
): void {
  const columns = sizeOf(sums.shape);
  const total = address(c, sums);
  if (pieces.length === 0) return void c.simd.zero!(total, columns);
  withScratch(c, 4 * columns * (pieces.length - 1), (others) => {
    const place = (i: number) => i === 0 ? total : others + 4 * columns * (i - 1);
    c.team.run(
      "grad-sums",
      pieces.map(([first, count], i) => numbers(first, count, place(i))),
    );
    for (let i = 1; i < pieces.length; i++) c.simd.add!(total, total, place(i), columns);
  });
}
