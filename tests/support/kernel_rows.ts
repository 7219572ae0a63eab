/**
 * The contract of the tensor engine: one row per operation, with what it must give.
 *
 * Rows with an oracle are held to float64 loops; rows without are held to the `cpu` backend.
 */

import { ACTIVATIONS } from "../../core/backend/engine.ts";
import type * as TF from "@tensorflow/tfjs";
import type { Activation, Engine, GradientPair, Tensor } from "../../core/backend/mod.ts";
import { Random } from "../../core/random.ts";
import {
  act,
  type Dense,
  dense,
  flip,
  linearOracle,
  lowRankOracle,
  times,
} from "./dense_oracle.ts";
import type { Case, Values } from "./kernel_checks.ts";
import { sequenceRows } from "./sequence_rows.ts";

/** One operation over its shapes. */
export interface Row {
  /** What is computed. */
  readonly name: string;
  /** One entry per shape: computes the outputs, and says what they must be where it can. */
  readonly cases: readonly Case[];
  /** Largest error allowed, relative to the largest entry of each output. */
  readonly tolerance?: number;
}

/** Sizes around the width of a vector, an unrolled loop and their tails. */
const SIZES = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 19, 31, 64, 83, 1000];

/** batch, in, out, r, q. */
const LAYERS: readonly [number, number, number, number, number][] = [
  [1, 1, 1, 1, 1],
  [1, 5, 3, 2, 3],
  [7, 13, 9, 3, 5],
  [16, 16, 16, 4, 4],
  [33, 50, 31, 8, 6],
  [64, 300, 70, 40, 33],
];

function numbers(seed: number, size: number): Float64Array {
  const random = new Random(seed);
  // Rounded to float32, so that oracle and engine start from the same numbers.
  return Float64Array.from({ length: size }, () => Math.fround(random.normal()));
}

function matrix(seed: number, rows: number, cols: number): Dense {
  return { rows, cols, data: numbers(seed, rows * cols) };
}

/** A matrix that halves the size of what it multiplies, so that no activation saturates. */
function weight(seed: number, rows: number, cols: number): Dense {
  const { data } = matrix(seed, rows, cols);
  return { rows, cols, data: data.map((v) => Math.fround(v / (2 * Math.sqrt(rows)))) };
}

const put = (e: Engine, a: Dense): Tensor => e.tensor(Float32Array.from(a.data), [a.rows, a.cols]);
const putVector = (e: Engine, a: Dense): Tensor => e.tensor(Float32Array.from(a.data), [a.cols]);
const putNumbers = (e: Engine, x: Values, shape: number[]): Tensor =>
  e.tensor(Float32Array.from(x), shape);

/** An element-wise operation over all sizes. */
function elementwise(
  name: string,
  arity: number,
  compute: (e: Engine, x: Tensor[]) => Tensor,
  expected: (...x: number[]) => number,
  map: (x: number) => number = (x) => x,
): Row {
  const cases = SIZES.map((size): Case => {
    const x = Array.from({ length: arity }, (_, i) => numbers(size + i, size).map(map));
    return {
      label: `${size}`,
      compute: (e) => [compute(e, x.map((v) => putNumbers(e, v, [size])))],
      expected: () => [Float64Array.from(x[0]!, (_, i) => expected(...x.map((v) => v[i]!)))],
    };
  });
  return { name, cases };
}

const magnitude = (x: number): number => Math.fround(Math.abs(x));

const C = { gamma: 0.9, alpha: 0.01, delta: 1.1, epsilon: 1e-3 };

const ELEMENTWISE: readonly Row[] = [
  elementwise("add", 2, (e, [x, y]) => e.add(x!, y!), (x, y) => x! + y!),
  elementwise("sub", 2, (e, [x, y]) => e.sub(x!, y!), (x, y) => x! - y!),
  elementwise("mul", 2, (e, [x, y]) => e.mul(x!, y!), (x, y) => x! * y!),
  elementwise("scale", 1, (e, [x]) => e.scale(-0.3, x!), (x) => -0.3 * x!),
  elementwise("square", 1, (e, [x]) => e.square(x!), (x) => x! * x!),
  elementwise("exp", 1, (e, [x]) => e.exp(x!), (x) => Math.exp(x!)),
  elementwise("sqrt", 1, (e, [x]) => e.sqrt(x!), (x) => Math.sqrt(x!), magnitude),
  elementwise(
    "lincomb",
    2,
    (e, [x, y]) => e.lincomb(0.7, x!, -1.2, y!),
    (x, y) => 0.7 * x! - 1.2 * y!,
  ),
  elementwise(
    "lincombSquare",
    2,
    (e, [v, g]) => e.lincombSquare(0.9, v!, 0.1, g!),
    (v, g) => 0.9 * v! + 0.1 * g! * g!,
  ),
  elementwise(
    "adaptiveStep",
    3,
    (e, [x, m, v]) => e.adaptiveStep(x!, m!, v!, C),
    (x, m, v) => C.gamma * x! - C.alpha * m! / (Math.sqrt(C.delta * v!) + C.epsilon),
    magnitude,
  ),
  ...ACTIVATIONS.map((name) =>
    elementwise(
      `activate ${name}`,
      1,
      (e, [x]) => e.activate(x!, name),
      (x) => act[name](x!),
      (x) => Math.fround(4 * x),
    )
  ),
];

/** An activation's derivative where cancellation or saturation would show. */
function activationSlopes(): Row {
  const z = Float64Array.from({ length: 161 }, (_, i) => Math.fround((i - 80) / 4));
  const cases = ACTIVATIONS.map((name): Case => {
    const one = { rows: 1, cols: z.length, data: z };
    const ones = dense(1, z.length, () => 1);
    const unit = dense(1, 1, () => 1);
    return {
      label: name,
      compute: (e) => {
        const x = e.tensor(Float32Array.from(z), [1, z.length]);
        return [...e.gradients(() => e.sum(e.activate(x, name)), [x]).gradients];
      },
      expected: () => [linearOracle(flip(one), unit, null, name, flip(ones)).d.data],
    };
  });
  return { name: "derivatives of the activations", cases };
}

function products(): Row {
  const shapes = [[1, 1, 1], [3, 5, 2], [4, 4, 4], [17, 9, 33], [6, 8, 300], [64, 70, 530]];
  const flags = [false, true];
  const cases = shapes.flatMap(([m, n, k]) =>
    flags.flatMap((transposeLeft) =>
      flags.map((transposeRight): Case => {
        const a = matrix(1, ...(transposeLeft ? [k!, m!] : [m!, k!]) as [number, number]);
        const b = matrix(2, ...(transposeRight ? [n!, k!] : [k!, n!]) as [number, number]);
        return {
          label: `${m}×${n}×${k} ${transposeLeft} ${transposeRight}`,
          compute: (e) => [e.matMul(put(e, a), put(e, b), { transposeLeft, transposeRight })],
          expected: () => [times(transposeLeft ? flip(a) : a, transposeRight ? flip(b) : b).data],
        };
      })
    )
  );
  return { name: "matMul in every transposition", cases };
}

/** Products that are long in one direction, which backends cut into pieces. */
function narrowProducts(): Row {
  const shapes = [[256, 32, 784, false], [700, 10, 256, true], [300, 64, 300, false]] as const;
  const cases = shapes.map(([m, n, k, transposeLeft]): Case => {
    const a = transposeLeft ? matrix(1, k, m) : matrix(1, m, k);
    const b = matrix(2, k, n);
    return {
      label: `${m}×${n}×${k} ${transposeLeft}`,
      compute: (e) => [e.matMul(put(e, a), put(e, b), { transposeLeft })],
      expected: () => [times(transposeLeft ? flip(a) : a, b).data],
    };
  });
  return { name: "matMul of narrow matrices", cases };
}

function linearRow(): Row {
  const cases = LAYERS.flatMap(([batch, width, out]) =>
    ACTIVATIONS.flatMap((activation) =>
      [true, false].map((bias): Case => {
        const [x, w, c] = [matrix(1, batch, width), weight(2, width, out), matrix(3, batch, out)];
        const b = bias ? matrix(4, 1, out) : null;
        return {
          label: `${batch}×${width}→${out} ${activation} ${bias ? "with" : "without"} bias`,
          compute: (e) => {
            const [tx, tw, tc] = [put(e, x), put(e, w), put(e, c)];
            const tb = b && putVector(e, b);
            const y = e.linear(tx, tw, tb, activation);
            const f = () => e.sum(e.mul(e.linear(tx, tw, tb, activation), tc));
            return [y, ...e.gradients(f, tb ? [tx, tw, tb] : [tx, tw]).gradients];
          },
          expected: () => {
            const { y, dx, dw, db } = linearOracle(x, w, b, activation, c);
            return [y, dx, dw, ...(b ? [db] : [])].map((m) => m.data);
          },
        };
      })
    )
  );
  return { name: "linear: value and every gradient", cases };
}

function lowRankRow(): Row {
  const cases = LAYERS.flatMap(([batch, width, out, r, q]) =>
    ACTIVATIONS.flatMap((activation) =>
      [true, false].map((bias): Case => {
        const x = matrix(1, batch, width);
        const factors: [Dense, Dense, Dense] = [
          weight(2, width, r),
          weight(3, r, q),
          flip(weight(4, q, out)),
        ];
        const c = matrix(5, batch, out);
        const b = bias ? matrix(6, 1, out) : null;
        return {
          label: `${batch}×${width}→${out} rank ${r}×${q} ${activation}`,
          compute: (e) => lowRankOutputs(e, x, factors, b, activation, c),
          expected: () => {
            const o = lowRankOracle(x, factors, b, activation, c);
            const pair = [x, o.d, o.xu, o.dTimesV];
            return [o.y, o.dx, o.du, o.ds, o.dv, ...(b ? [o.db] : []), ...pair].map((m) => m.data);
          },
        };
      })
    )
  );
  return { name: "lowRankLinear: value, every gradient and the captured pair", cases };
}

function lowRankOutputs(
  e: Engine,
  x: Dense,
  factors: [Dense, Dense, Dense],
  b: Dense | null,
  activation: Activation,
  c: Dense,
): Tensor[] {
  const [tx, tc] = [put(e, x), put(e, c)];
  const [u, s, v] = factors.map((m) => put(e, m)) as [Tensor, Tensor, Tensor];
  const tb = b && putVector(e, b);
  const pairs: GradientPair[] = [];
  const map = (capture?: (p: GradientPair) => void) =>
    e.lowRankLinear(tx, { u, s, v }, tb, activation, capture);
  const f = () => e.sum(e.mul(map((p) => pairs.push(p)), tc));
  const { gradients } = e.gradients(f, [tx, u, s, v, ...(tb ? [tb] : [])]);
  if (pairs.length !== 1) throw new Error(`expected one pair, got ${pairs.length}`);
  const p = pairs[0]!;
  return [map(), ...gradients, p.x, p.d, p.xu, p.dv];
}

function crossEntropyRow(): Row {
  const cases = [[1, 2], [5, 3], [9, 10], [16, 4], [7, 33]].map(([batch, classes]): Case => {
    const logits = matrix(1, batch!, classes!);
    const labels = Int32Array.from({ length: batch! }, (_, i) => (7 * i + 1) % classes!);
    return {
      label: `${batch}×${classes}`,
      compute: (e) => {
        const x = put(e, logits);
        const y = e.tensor(labels, [batch!]);
        const { value, gradients } = e.gradients(() => e.softmaxCrossEntropy(x, y), [x]);
        return [value, ...gradients];
      },
      expected: () => crossEntropyOracle(logits, labels),
    };
  });
  return { name: "softmaxCrossEntropy: value and gradient", cases };
}

/** Log-softmax with its gradient along a direction, and one-hot rows. */
function classRows(): Row {
  const cases = ([[1, 1], [3, 5], [9, 17], [4, 300]] as const).map(([rows, cols]): Case => {
    const x = matrix(5, rows, cols);
    const c = matrix(6, rows, cols);
    const indices = Int32Array.from({ length: rows }, (_, i) => (5 * i + 2) % cols);
    const logSum = (i: number) =>
      Math.log(x.data.subarray(i * cols, (i + 1) * cols).reduce((s, v) => s + Math.exp(v), 0));
    return {
      label: `${rows}×${cols}`,
      compute: (e) => {
        const t = put(e, x);
        const { gradients } = e.gradients(() => e.sum(e.mul(put(e, c), e.logSoftmax(t))), [t]);
        return [e.logSoftmax(t), ...gradients, e.oneHot(e.tensor(indices, [rows]), cols)];
      },
      expected: () => {
        const total = (i: number) =>
          c.data.subarray(i * cols, (i + 1) * cols).reduce((s, v) => s + v, 0);
        const at = (m: Dense, i: number, j: number) => m.data[i * cols + j]!;
        return [
          dense(rows, cols, (i, j) => at(x, i, j) - logSum(i)).data,
          dense(rows, cols, (i, j) => at(c, i, j) - Math.exp(at(x, i, j) - logSum(i)) * total(i))
            .data,
          dense(rows, cols, (i, j) => indices[i] === j ? 1 : 0).data,
        ];
      },
    };
  });
  return { name: "logSoftmax: value and gradient; oneHot", cases };
}

function crossEntropyOracle(logits: Dense, labels: Int32Array): Values[] {
  const e = logits.data.map(Math.exp);
  const sums = Float64Array.from(labels, (_, i) => {
    let sum = 0;
    for (let j = 0; j < logits.cols; j++) sum += e[i * logits.cols + j]!;
    return sum;
  });
  const gradient = dense(logits.rows, logits.cols, (i, j) => {
    const softmax = e[i * logits.cols + j]! / sums[i]!;
    return (softmax - (labels[i] === j ? 1 : 0)) / logits.rows;
  });
  const losses = Array.from(
    labels,
    (label, i) => Math.log(sums[i]!) - logits.data[i * logits.cols + label]!,
  );
  return [[losses.reduce((a, b) => a + b, 0) / logits.rows], gradient.data];
}

function reductions(): Row {
  const cases = SIZES.map((size): Case => {
    const x = numbers(size, size);
    return {
      label: `${size}`,
      compute: (e) => {
        const t = putNumbers(e, x, [size]);
        const { value, gradients } = e.gradients(() => e.norm(t), [t]);
        return [e.sum(t), value, ...gradients];
      },
      expected: () => {
        const norm = Math.sqrt(x.reduce((a, b) => a + b * b, 0));
        return [[x.reduce((a, b) => a + b, 0)], [norm], x.map((v) => v / norm)];
      },
    };
  });
  return { name: "sum and norm, and the gradient of the norm", cases, tolerance: 1e-4 };
}

/** Gradients of the element-wise operations that the tape records. */
function elementwiseGradients(): Row {
  const [x, y, c] = [1, 2, 3].map((seed) => numbers(seed, 11).map(magnitude)) as Float64Array[];
  const f = (z: Float64Array) => (i: number) => z[i]!;
  const [X, Y, W] = [f(x!), f(y!), f(c!)];
  const row = (
    label: string,
    g: (e: Engine, x: Tensor, y: Tensor) => Tensor,
    dx: (i: number) => number,
    dy: (i: number) => number,
  ): Case => ({
    label,
    compute: (e) => {
      const [tx, ty, tc] = [x!, y!, c!].map((v) => putNumbers(e, v, [11])) as Tensor[];
      return [...e.gradients(() => e.sum(e.mul(g(e, tx!, ty!), tc!)), [tx!, ty!]).gradients];
    },
    expected: () => [x!.map((_, i) => W(i) * dx(i)), x!.map((_, i) => W(i) * dy(i))],
  });
  const cases = [
    row("add", (e, a, b) => e.add(a, b), () => 1, () => 1),
    row("sub", (e, a, b) => e.sub(a, b), () => 1, () => -1),
    row("mul", (e, a, b) => e.mul(a, b), Y, X),
    row("scale", (e, a) => e.scale(3, a), () => 3, () => 0),
    row("sqrt", (e, a) => e.sqrt(a), (i) => 0.5 / Math.sqrt(X(i)), () => 0),
    row("square", (e, _, b) => e.square(b), () => 0, (i) => 2 * Y(i)),
    row("lincomb", (e, a, b) => e.lincomb(2, a, -3, b), () => 2, () => -3),
  ];
  return { name: "gradients of the element-wise operations", cases };
}

function movement(): Row {
  const a = matrix(1, 5, 7);
  const b = matrix(2, 3, 7);
  const block = dense(2, 3, (i, j) => a.data[(i + 1) * 7 + j + 2]!);
  const cases: Case[] = [
    {
      label: "transpose, slice, reshape",
      compute: (e) => {
        const t = put(e, a);
        return [e.transpose(t), e.slice(t, [1, 2], [2, 3]), e.reshape(t, [35])];
      },
      expected: () => [flip(a).data, block.data, a.data],
    },
    {
      label: "concat along rows and columns",
      compute: (e) => [
        e.concat([put(e, a), put(e, b)], 0),
        e.concat([put(e, flip(a)), put(e, flip(b))], 1),
      ],
      expected: () => {
        const joined = { rows: 8, cols: 7, data: Float64Array.of(...a.data, ...b.data) };
        return [joined.data, flip(joined).data];
      },
    },
    {
      label: "zeros, fill, broadcast add",
      compute: (e) => [
        e.zeros([2, 3]),
        e.fill([4], 0.25),
        e.add(put(e, a), e.tensor(Float32Array.of(1, 2, 3, 4, 5, 6, 7), [7])),
      ],
      expected: () => [
        new Float64Array(6),
        new Float64Array(4).fill(0.25),
        a.data.map((v, i) => v + i % 7 + 1),
      ],
    },
  ];
  return { name: "moving and making data", cases };
}

/** A case in operations of TensorFlow.js itself, held to the `cpu` backend. */
function native(
  label: string,
  shapes: readonly number[][],
  f: (tf: typeof TF, x: TF.Tensor[]) => TF.Tensor,
): Case {
  return {
    label,
    compute: (e) => {
      const tf = e.native as typeof TF;
      const x = shapes.map((s, i) => putNumbers(e, numbers(i + 1, size(s)), s));
      const seeded = (y: TF.Tensor) => putNumbers(e, numbers(99, y.size), y.shape) as never;
      const inner = x as unknown as TF.Tensor[];
      const loss = () => tf.sum(tf.mul(f(tf, inner), seeded(f(tf, inner)))) as unknown as Tensor;
      return [f(tf, inner) as unknown as Tensor, ...e.gradients(loss, x).gradients];
    },
  };
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

type Pad = "same" | "valid" | number | [[0, 0], [number, number], [number, number], [0, 0]];

const CONVOLUTIONS: readonly {
  x: [number, number, number, number];
  filter: [number, number, number, number];
  stride: number | [number, number];
  pad: Pad;
}[] = [
  { x: [1, 5, 5, 1], filter: [3, 3, 1, 2], stride: 1, pad: "same" },
  { x: [2, 7, 6, 3], filter: [3, 2, 3, 5], stride: 1, pad: "valid" },
  { x: [3, 8, 9, 4], filter: [5, 3, 4, 6], stride: 2, pad: "same" },
  { x: [2, 6, 7, 5], filter: [1, 1, 5, 4], stride: 1, pad: "same" },
  { x: [2, 9, 9, 2], filter: [1, 1, 2, 3], stride: 2, pad: "valid" },
  { x: [2, 6, 8, 3], filter: [3, 3, 3, 7], stride: 2, pad: 1 },
  // As one number with unequal strides the shipped code sizes the output by the first stride alone.
  { x: [2, 6, 8, 3], filter: [3, 3, 3, 7], stride: [2, 1], pad: [[0, 0], [1, 1], [1, 2], [0, 0]] },
  { x: [40, 28, 28, 1], filter: [5, 5, 1, 8], stride: 1, pad: "same" },
];

function convolutions(): Row {
  const cases = CONVOLUTIONS.map(({ x, filter, stride, pad }) =>
    native(
      `[${x}] ∗ [${filter}] stride ${stride} ${pad}`,
      [x, filter],
      (tf, [a, b]) => tf.conv2d(a as TF.Tensor4D, b as TF.Tensor4D, stride, pad),
    )
  );
  return { name: "conv2d: value and both gradients", cases };
}

function dilatedConvolution(): Row {
  const x = numbers(1, 2 * 9 * 8 * 3);
  const filter = numbers(2, 3 * 3 * 3 * 4);
  return {
    name: "conv2d with dilation",
    cases: [{
      label: "2",
      compute: (e) => {
        const tf = e.native as typeof TF;
        const [a, b] = [putNumbers(e, x, [2, 9, 8, 3]), putNumbers(e, filter, [3, 3, 3, 4])];
        const args = [a, b] as unknown as [TF.Tensor4D, TF.Tensor4D];
        return [tf.conv2d(...args, 1, "same", "NHWC", 2) as unknown as Tensor];
      },
    }],
  };
}

function depthwise(): Row {
  const shapes: [number[], number[], number, Pad][] = [
    [[1, 5, 5, 1], [3, 3, 1, 1], 1, "same"],
    [[2, 7, 6, 5], [3, 2, 5, 1], 1, "valid"],
    [[2, 8, 9, 4], [3, 3, 4, 1], 2, "same"],
    [[2, 6, 7, 3], [3, 3, 3, 2], 1, "same"],
    [[2, 7, 7, 2], [5, 5, 2, 3], 2, "same"],
  ];
  const cases = shapes.map(([x, filter, stride, pad]) =>
    native(
      `[${x}] ∗ [${filter}] stride ${stride} ${pad}`,
      [x, filter],
      (tf, [a, b]) => tf.depthwiseConv2d(a as TF.Tensor4D, b as TF.Tensor4D, stride, pad),
    )
  );
  return { name: "depthwiseConv2d: value and both gradients", cases };
}

function pools(): Row {
  const shapes: [number[], number, number, "same" | "valid"][] = [
    [[2, 6, 6, 3], 2, 2, "valid"],
    [[1, 7, 5, 2], 3, 2, "same"],
    [[2, 5, 5, 1], 2, 1, "valid"],
  ];
  const cases = shapes.flatMap(([x, filter, stride, pad]) => [
    native(
      `max [${x}] ${filter}/${stride} ${pad}`,
      [x],
      (tf, [a]) => tf.maxPool(a as TF.Tensor4D, filter, stride, pad),
    ),
    native(
      `average [${x}] ${filter}/${stride} ${pad}`,
      [x],
      (tf, [a]) => tf.avgPool(a as TF.Tensor4D, filter, stride, pad),
    ),
  ]);
  return { name: "pooling: values and gradients", cases };
}

function nativeProducts(): Row {
  const batched: [number[], number[], boolean, boolean][] = [
    [[3, 4, 5], [3, 5, 2], false, false],
    [[2, 5, 4], [2, 5, 3], true, false],
    [[2, 4, 5], [2, 3, 5], false, true],
    [[2, 5, 4], [2, 3, 5], true, true],
    [[2, 3, 4, 5], [2, 3, 5, 6], false, false],
  ];
  const cases = batched.map(([a, b, ta, tb]) =>
    native(`[${a}] × [${b}] ${ta} ${tb}`, [a, b], (tf, [x, y]) => tf.matMul(x!, y!, ta, tb))
  );
  const kinds = ["linear", "relu", "relu6", "elu", "sigmoid"] as const;
  const fused = kinds.map((activation) =>
    native(
      `fused ${activation}`,
      [[5, 7], [7, 3], [3]],
      (tf, [a, b, bias]) => tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation }),
    )
  );
  return { name: "products of TensorFlow.js in batches and fused", cases: [...cases, ...fused] };
}

/** Outer extents that broadcast; the gradient of TensorFlow.js does not cover them. */
function broadcastProducts(): Row {
  const shapes = [[[1, 4, 5], [3, 5, 2]], [[3, 4, 5], [1, 5, 2]]];
  const cases = shapes.map(([a, b]): Case => ({
    label: `[${a}] × [${b}]`,
    compute: (e) => {
      const tf = e.native as typeof TF;
      const [x, y] = [a!, b!].map((s, i) => putNumbers(e, numbers(i, size(s)), s));
      return [tf.matMul(x as never, y as never) as unknown as Tensor];
    },
    expected: () => [broadcastOracle(a!, b!)],
  }));
  return { name: "batches that broadcast", cases };
}

function broadcastOracle(a: number[], b: number[]): Values {
  const [m, k, n] = [a.at(-2)!, a.at(-1)!, b.at(-1)!];
  const [x, y] = [numbers(0, size(a)), numbers(1, size(b))];
  const part = (all: Float64Array, rows: number, cols: number, i: number): Dense => ({
    rows,
    cols,
    data: all.subarray(i * rows * cols, (i + 1) * rows * cols),
  });
  // One of the two outer extents is 1.
  const [p, q] = [size(a.slice(0, -2)), size(b.slice(0, -2))];
  const out: number[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < q; j++) out.push(...times(part(x, m, k, i), part(y, k, n, j)).data);
  }
  return out;
}

function nativeMisc(): Row {
  const ids = [2, 0, 2, 5, 1];
  const cases = [
    native("gather", [[6, 5]], (tf, [x]) => tf.gather(x!, tf.tensor1d(ids, "int32"))),
    native("sum over axis 0", [[5, 3, 4]], (tf, [x]) => tf.sum(x!, 0)),
    native("sum over axes 0, 1", [[5, 3, 4]], (tf, [x]) => tf.sum(x!, [0, 1])),
    native("sum over the last axis", [[5, 3, 4]], (tf, [x]) => tf.sum(x!, 2)),
    native("sum, keeping axes", [[5, 3]], (tf, [x]) => tf.sum(x!, 0, true)),
    native("mean over axis 0", [[5, 3]], (tf, [x]) => tf.mean(x!, 0)),
    native("broadcast add", [[5, 3], [3]], (tf, [x, y]) => tf.add(x!, y!)),
    native("broadcast multiply", [[5, 1], [3]], (tf, [x, y]) => tf.mul(x!, y!)),
    native(
      "relu, tanh, sigmoid",
      [[5, 3]],
      (tf, [x]) => tf.add(tf.add(tf.relu(x!), tf.tanh(x!)), tf.sigmoid(x!)),
    ),
    native("clone and reshape", [[5, 3]], (tf, [x]) => tf.reshape(tf.clone(x!), [15])),
    native("transpose of three axes", [[2, 3, 4]], (tf, [x]) => tf.transpose(x!, [2, 0, 1])),
    native("logSoftmax", [[5, 3]], (tf, [x]) => tf.logSoftmax(x!)),
  ];
  return { name: "further operations of TensorFlow.js", cases };
}

/** Every row. */
export const rows: readonly Row[] = [
  ...ELEMENTWISE,
  activationSlopes(),
  products(),
  narrowProducts(),
  linearRow(),
  lowRankRow(),
  crossEntropyRow(),
  classRows(),
  reductions(),
  elementwiseGradients(),
  movement(),
  convolutions(),
  dilatedConvolution(),
  depthwise(),
  pools(),
  nativeProducts(),
  broadcastProducts(),
  nativeMisc(),
  ...sequenceRows,
];
