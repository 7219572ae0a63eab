/**
 * Matrix products and the fused linear maps.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { type Held, KERNEL } from "../tfjs/names.ts";
import { runtimeOf, type TensorInfo, type TfTensor } from "../tfjs/types.ts";
import {
  address,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  release,
  sizeOf,
  withScratch,
} from "./context.ts";
import { upstream } from "./elementwise.ts";
import { type Gemm, gemmNumbers } from "./gemm.ts";
import { isHalved, symmetricProduct } from "./symmetric.ts";

/** Kernels of this file. */
export function linearKernels(c: HeapContext): Kernels {
  return {
    BatchMatMul: kernel(({ inputs, attrs }) =>
      batchMatMul(c, inputs.a!, inputs.b!, attrs.transposeA === true, attrs.transposeB === true)
    ),
    _FusedMatMul: fusedMatMul(c),
    [KERNEL.batchMatMul]: kernel(({ inputs, attrs }) =>
      batchMatMul(c, inputs.a!, inputs.b!, attrs.transposeA === true, attrs.transposeB === true)
    ),
    [KERNEL.linear]: kernel(({ inputs: { x, w, b }, attrs }) => {
      const y = batchMatMul(c, x!, w!, false, false);
      finish(c, y, b, attrs.activation as Activation);
      return y;
    }),
    [KERNEL.lowRankLinear]: kernel(({ inputs, attrs }) => lowRankLinear(c, inputs, attrs)),
    [KERNEL.lowRankBackward]: kernel(({ inputs, attrs }) => lowRankBackward(c, inputs, attrs)),
  };
}

/** y = act(y + b) in place. */
export function finish(
  c: HeapContext,
  y: TensorInfo,
  b: TensorInfo | undefined,
  activation: Activation,
): void {
  const at = address(c, y);
  if (b) {
    const columns = sizeOf(b.shape);
    const rows = columns === 0 ? 0 : sizeOf(y.shape) / columns;
    c.simd[`bias_${activation}`]!(at, address(c, b), rows, columns);
  } else if (activation !== "identity") {
    c.simd[`activate_${activation}`]!(at, at, sizeOf(y.shape));
  }
}

/** op(A) op(B) over the last two axes; the outer axes broadcast. */
function batchMatMul(
  c: HeapContext,
  a: TensorInfo,
  b: TensorInfo,
  transA: boolean,
  transB: boolean,
): TensorInfo {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) {
    throw new RangeError(`Cannot multiply [${a.shape}] by [${b.shape}]: ${k} is not ${inner}`);
  }
  const outer = broadcastOuter(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const y = output(c, [...outer.shape, m, n]);
  if (!transA && transB && outer.pairs.length === 1 && m >= TALL && n * k <= SMALL_FACTOR) {
    return timesTransposed(c, a, b, y, [m, n, k]);
  }
  const [pa, pb, py] = [address(c, a), address(c, b), address(c, y)];
  const squared = pa === pb && transA !== transB && m === n;
  if (squared && outer.pairs.length === 1 && isHalved(m)) {
    symmetricProduct(c, [transA, transB, m, n, k, pa, columnsA, pb, columnsB, py, n, false]);
    return y;
  }
  const products = outer.pairs.map(([ia, ib], i): Parameters<Gemm> => {
    const [fromA, fromB] = [pa + 4 * ia * m * k, pb + 4 * ib * k * n];
    const to = py + 4 * i * m * n;
    return [transA, transB, m, n, k, fromA, columnsA, fromB, columnsB, to, n, false];
  });
  // Many products are shared one by one, few by cutting each.
  const many = products.length >= LEAST_PRODUCTS && m * n * k > 0;
  if (many && products.length * m * n * k >= LEAST_WORK) {
    c.team.run("gemm", products.map((product) => gemmNumbers(...product)));
  } else for (const product of products) c.gemm(...product);
  return y;
}

/** Products of a batch that are enough for threads to take one at a time. */
const LEAST_PRODUCTS = 8;
/** Below this much work one thread is done before the others have heard of it. */
const LEAST_WORK = 1e6;

/** Rows and entries from and up to which a product with Bᵀ is faster with a transposed copy. */
const TALL = 4096;
const SMALL_FACTOR = 2 ** 16;

/** A Bᵀ by way of a transposed copy of B. */
function timesTransposed(
  c: HeapContext,
  a: TensorInfo,
  b: TensorInfo,
  y: TensorInfo,
  [m, n, k]: readonly [number, number, number],
): TensorInfo {
  withScratch(c, 4 * n * k, (at) => {
    c.simd.transpose!(at, address(c, b), n, k);
    c.gemm(false, false, m, n, k, address(c, a), k, at, n, address(c, y), n, false);
  });
  return y;
}

const ONE_PAIR: { shape: number[]; pairs: [number, number][] } = { shape: [], pairs: [[0, 0]] };

/** The outer shape of a batched product and, in its order, which matrices meet. */
function broadcastOuter(
  a: readonly number[],
  b: readonly number[],
): { shape: number[]; pairs: [number, number][] } {
  if (a.length === 0 && b.length === 0) return ONE_PAIR;
  const rank = Math.max(a.length, b.length);
  const pad = (s: readonly number[]) => [...Array(rank - s.length).fill(1), ...s] as number[];
  const [left, right] = [pad(a), pad(b)];
  let pairs: [number, number][] = [[0, 0]];
  const shape = left.map((n, axis) => {
    const other = right[axis]!;
    if (n !== other && n !== 1 && other !== 1) {
      throw new RangeError(`Cannot broadcast the outer extents [${a}] and [${b}]`);
    }
    const extent = Math.max(n, other);
    pairs = pairs.flatMap(([i, j]) =>
      Array.from({ length: extent }, (_, k): [number, number] => [
        i * n + (n === 1 ? 0 : k),
        j * other + (other === 1 ? 0 : k),
      ])
    );
    return extent;
  });
  return { shape, pairs };
}

const FUSED_ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: "identity",
  relu: "relu",
  sigmoid: "sigmoid",
};

/**
 * TensorFlow.js' own fused product. As shipped this backend caches a packed copy of the weights,
 * which costs time and memory when they change each step.
 */
function fusedMatMul(c: HeapContext): Kernels[string] {
  return kernel(({ inputs: { a, b, bias, preluActivationWeights }, attrs }) => {
    const y = batchMatMul(c, a!, b!, attrs.transposeA === true, attrs.transposeB === true);
    const name = attrs.activation as string ?? "linear";
    const activation = FUSED_ACTIVATIONS[name];
    const vector = !bias || sizeOf(bias.shape) === y.shape.at(-1);
    if (vector && activation) {
      finish(c, y, bias, activation);
      return y;
    }
    return composedTail(c, y, bias, name, preluActivationWeights, attrs);
  });
}

/** The rarer biases and activations, composed from plain operations. */
function composedTail(
  c: HeapContext,
  y: TensorInfo,
  bias: TensorInfo | undefined,
  name: string,
  prelu: TensorInfo | undefined,
  attrs: Record<string, unknown>,
): TfTensor {
  const { tf } = c;
  return tf.tidy(() => {
    const product = asTensor(c, y);
    const z = bias ? tf.add(product, bias as TfTensor) : product;
    switch (name) {
      case "linear":
        return z;
      case "relu":
        return tf.relu(z);
      case "sigmoid":
        return tf.sigmoid(z);
      case "relu6":
        return tf.relu6(z);
      case "elu":
        return tf.elu(z);
      case "prelu":
        return tf.prelu(z, prelu as TfTensor);
      case "leakyrelu":
        return tf.leakyRelu(z, attrs.leakyreluAlpha as number);
    }
    throw new RangeError(`Cannot fuse activation "${name}" into a matrix product`);
  });
}

/** act(((x U) S) Vᵀ + b); X U and X U S join what is held, where something is. */
function lowRankLinear(
  c: HeapContext,
  { x, u, s, v, b }: Record<string, TensorInfo>,
  attrs: Record<string, unknown>,
): TensorInfo {
  const xu = batchMatMul(c, x!, u!, false, false);
  const xus = batchMatMul(c, xu, s!, false, false);
  const y = batchMatMul(c, xus, v!, false, true);
  finish(c, y, b, attrs.activation as Activation);
  const held = attrs.held as Held | undefined;
  for (const [name, t] of Object.entries({ xu, xus })) {
    if (held) held[name] = c.tf.keep(asTensor(c, t));
    else release(c, t);
  }
  return y;
}

/** Outputs D V, D V Sᵀ, the column sums of D where asked for and D where it is not dY. */
function lowRankBackward(
  c: HeapContext,
  { dy, y, s, v }: Record<string, TensorInfo>,
  attrs: Record<string, unknown>,
): TensorInfo[] {
  const activation = attrs.activation as Activation;
  const { d, sums } = upstream(c, dy!, y!, activation, attrs.bias === true);
  const dv = batchMatMul(c, d, v!, false, false);
  const outputs = [dv, batchMatMul(c, dv, s!, false, true)];
  if (sums) outputs.push(sums);
  return activation === "identity" ? outputs : [...outputs, d];
}

/** Hands backend data to the engine's bookkeeping. */
function asTensor({ tf }: HeapContext, info: TensorInfo): TfTensor {
  return runtimeOf(tf).makeTensorFromTensorInfo(info);
}
