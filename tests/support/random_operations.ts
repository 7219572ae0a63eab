/** Products, element-wise operations, reductions and moves of data with random settings. */

import { ACTIVATIONS } from "../../core/backend/engine.ts";
import type * as TF from "@tensorflow/tfjs";
import type { Engine, Tensor } from "../../core/backend/mod.ts";
import type { Random } from "../../core/random.ts";
import { act, type Dense, flip, lowRankOracle, times } from "./dense_oracle.ts";
import type { Values } from "./kernel_checks.ts";
import { naiveConv } from "./naive_conv.ts";
import {
  batchOf,
  between,
  differentiable,
  drawn,
  type Draws,
  type Generator,
  type Numbers,
  pick,
  positive,
  sizeOf,
  upload,
} from "./random_cases.ts";

/** A shape of one to four axes, now and then with none along one. */
function shapeOf(random: Draws, axes = between(random, 1, 4)): number[] {
  const shape = Array.from({ length: axes }, () => between(random, 1, 5));
  if (random.empty && random.integer(8) === 0) shape[random.integer(axes)] = 0;
  return shape;
}

/** Index of each axis, last one fastest, from a position. */
function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let k = shape.length - 1; k >= 0; k--) {
    index[k] = position % shape[k]!;
    position = Math.floor(position / shape[k]!);
  }
  return index;
}

const positionOf = (index: readonly number[], shape: readonly number[]): number =>
  index.reduce((p, i, k) => p * shape[k]! + i, 0);

/** Numbers by their index. */
function made(shape: readonly number[], at: (index: number[]) => number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => at(indexOf(i, shape)));
}

const native = (e: Engine) => e.native as typeof TF;
const inside = (t: Tensor) => t as unknown as TF.Tensor;
const outside = (t: TF.Tensor) => t as unknown as Tensor;

const asDense = ({ shape, data }: Numbers): Dense => ({ rows: shape[0]!, cols: shape[1]!, data });

const matMul: Generator = {
  name: "matMul",
  draw(random) {
    const [m, n, k] = [0, 1, 2].map(() =>
      pick(random, [random.empty ? 0 : 1, 1, 2, 3, 5, 8, 17, 33])
    );
    const [transposeLeft, transposeRight] = [random.integer(2) === 0, random.integer(2) === 0];
    const a = drawn(random, transposeLeft ? [k!, m!] : [m!, k!]);
    const b = drawn(random, transposeRight ? [n!, k!] : [k!, n!]);
    const lay = (x: Numbers, turned: boolean) => turned ? flip(asDense(x)) : asDense(x);
    const [left, right] = [lay(a, transposeLeft), lay(b, transposeRight)];
    return differentiable(random, {
      label: `${m}×${k}×${n} ${transposeLeft} ${transposeRight}`,
      inputs: [a, b],
      onEngine: (e, [x, y]) => e.matMul(x!, y!, { transposeLeft, transposeRight }),
      plain: () => times(left, right).data,
      gradients: (data) => {
        const c: Dense = { rows: m!, cols: n!, data };
        const [da, db] = [times(c, flip(right)), times(flip(left), c)];
        return [transposeLeft ? flip(da) : da, transposeRight ? flip(db) : db].map((d) => d.data);
      },
    });
  },
};

const batchMatMul: Generator = {
  name: "matMul of TensorFlow.js in batches",
  draw(random) {
    const outer = random.integer(2) === 0 ? [batchOf(random)] : [between(random, 1, 2), 3];
    const [m, n, k] = [0, 1, 2].map(() => between(random, 1, 6)) as [number, number, number];
    const [ta, tb] = [random.integer(2) === 0, random.integer(2) === 0];
    const a = drawn(random, [...outer, ...ta ? [k, m] : [m, k]]);
    const b = drawn(random, [...outer, ...tb ? [n, k] : [k, n]]);
    const part = (x: Numbers, i: number, rows: number, cols: number, turned: boolean): Dense => {
      const data = x.data.subarray(i * rows * cols, (i + 1) * rows * cols);
      return turned ? flip({ rows: cols, cols: rows, data }) : { rows, cols, data };
    };
    return differentiable(random, {
      label: `[${a.shape}] × [${b.shape}] ${ta} ${tb}`,
      inputs: [a, b],
      onEngine: (e, [x, y]) => outside(native(e).matMul(inside(x!), inside(y!), ta, tb)),
      plain: ([x, y]) =>
        Array.from(
          { length: sizeOf(outer) },
          (_, i) => [...times(part(x!, i, m, k, ta), part(y!, i, k, n, tb)).data],
        ).flat(),
    });
  },
};

const linear: Generator = {
  name: "linear",
  draw(random) {
    const [width, out] = [between(random, 1, 9), between(random, 1, 9)];
    const activation = pick(random, ACTIVATIONS);
    const inputs = [drawn(random, [batchOf(random), width]), drawn(random, [width, out])];
    if (random.integer(2) === 0) inputs.push(drawn(random, [out]));
    return differentiable(random, {
      label: `${inputs.map((x) => `[${x.shape}]`)} ${activation}`,
      inputs,
      onEngine: (e, [x, w, b]) => e.linear(x!, w!, b ?? null, activation),
      plain: ([x, w, b]) =>
        times(asDense(x!), asDense(w!)).data.map((z, i) =>
          act[activation](z + (b?.data[i % out] ?? 0))
        ),
    });
  },
};

const lowRank: Generator = {
  name: "lowRankLinear",
  draw(random) {
    const batch = batchOf(random);
    const [width, out, r, q] = [0, 1, 2, 3].map(() => between(random, 1, 7)) as [
      ...[number, number, number, number],
    ];
    const activation = pick(random, ACTIVATIONS);
    const shapes = [[batch, width], [width, r], [r, q], [out, q]];
    const inputs = shapes.map((shape) => drawn(random, shape, 0.5));
    if (random.integer(2) === 0) inputs.push(drawn(random, [out]));
    const [x, u, s, v] = inputs.map(asDense) as [Dense, Dense, Dense, Dense];
    const b = inputs[4] ? { rows: 1, cols: out, data: inputs[4].data } : null;
    const oracle = (data: Float64Array) =>
      lowRankOracle(x, [u, s, v], b, activation, { rows: batch, cols: out, data });
    return differentiable(random, {
      label: `${batch}×${width}→${out} rank ${r}×${q} ${activation} ${b ? "with" : "without"} bias`,
      inputs,
      onEngine: (e, [x, u, s, v, b]) =>
        e.lowRankLinear(x!, { u: u!, s: s!, v: v! }, b ?? null, activation),
      plain: () => oracle(new Float64Array(batch * out)).y.data,
      gradients: (c) => {
        const o = oracle(c);
        return [o.dx, o.du, o.ds, o.dv, ...b ? [o.db] : []].map((m) => m.data);
      },
    });
  },
};

const pixelProduct: Generator = {
  name: "pixelProduct",
  draw(random) {
    const [n, k] = [between(random, 1, 20), between(random, 1, 20)];
    const extents = [batchOf(random), between(random, 1, 5), between(random, 1, 5)];
    const [x, m] = [drawn(random, [...extents, n]), drawn(random, [n, k])];
    const beside = random.integer(2) === 0
      ? drawn(random, [...extents, between(random, 1, 6)])
      : undefined;
    const width = beside?.shape[3] ?? 0;
    return {
      label: `[${x.shape}] × [${m.shape}] beside ${width}`,
      compute: (e) => [e.pixelProduct(upload(e, x), upload(e, m), beside && upload(e, beside))],
      expected: () => {
        const g = {
          ...{ strides: [1, 1], dilations: [1, 1], groups: 1 } as const,
          padding: { top: 0, bottom: 0, left: 0, right: 0 },
        };
        const y = naiveConv(x as never, { shape: [1, 1, n, k], data: m.data }, g);
        return [
          made(
            [...extents, width + k],
            ([i, a, b, c]) =>
              c! < width
                ? beside!.data[positionOf([i!, a!, b!, c!], beside!.shape)]!
                : y.data[positionOf([i!, a!, b!, c! - width], y.shape)]!,
          ),
        ];
      },
    };
  },
};

/** A shape that broadcasts to the other. */
function broadcast(random: Random, shape: readonly number[]): number[] {
  // TensorFlow.js cannot differentiate an extent of one that is spread over none.
  const own = shape.map((n) => n > 0 && random.integer(3) === 0 ? 1 : n);
  return own.slice(random.integer(own.length + 1));
}

const broadcasting: Generator = {
  name: "add, sub and mul with broadcasting",
  draw(random) {
    const full = shapeOf(random);
    const [a, b] = [drawn(random, full), drawn(random, broadcast(random, full))];
    const inputs = random.integer(2) === 0 ? [a, b] : [b, a];
    const name = pick(random, ["add", "sub", "mul"] as const);
    const combine = { add: (x: number, y: number) => x + y, sub: (x: number, y: number) => x - y };
    const f = name === "mul" ? (x: number, y: number) => x * y : combine[name];
    const at = ({ shape, data }: Numbers, index: readonly number[]): number => {
      const own = index.slice(index.length - shape.length);
      return data[positionOf(own.map((i, k) => shape[k] === 1 ? 0 : i), shape)]!;
    };
    return differentiable(random, {
      label: `${name} [${inputs[0]!.shape}] and [${inputs[1]!.shape}]`,
      inputs,
      onEngine: (e, [x, y]) => e[name](x!, y!),
      plain: ([x, y]) => made(full, (index) => f(at(x!, index), at(y!, index))),
    });
  },
};

/** Operations on equal shapes: on an engine and on numbers. */
const ELEMENTWISE: readonly {
  readonly name: string;
  readonly arity: number;
  onEngine(e: Engine, x: Tensor[], c: number[]): Tensor;
  plain(x: number[], c: number[]): number;
  /** Whether it has derivatives: steps of optimizers have none. */
  readonly smooth?: boolean;
}[] = [
  {
    name: "scale",
    arity: 1,
    onEngine: (e, [x], [c]) => e.scale(c!, x!),
    plain: ([x], [c]) => c! * x!,
  },
  { name: "sqrt", arity: 1, onEngine: (e, [x]) => e.sqrt(x!), plain: ([x]) => Math.sqrt(x!) },
  { name: "square", arity: 1, onEngine: (e, [x]) => e.square(x!), plain: ([x]) => x! * x! },
  {
    name: "lincomb",
    arity: 2,
    onEngine: (e, [x, y], [a, b]) => e.lincomb(a!, x!, b!, y!),
    plain: ([x, y], [a, b]) => a! * x! + b! * y!,
  },
  {
    name: "lincombSquare",
    arity: 2,
    smooth: false,
    onEngine: (e, [x, y], [a, b]) => e.lincombSquare(a!, x!, b!, y!),
    plain: ([x, y], [a, b]) => a! * x! + b! * y! * y!,
  },
  {
    name: "adaptiveStep",
    arity: 3,
    smooth: false,
    onEngine: (e, [x, m, v], [gamma, alpha]) =>
      e.adaptiveStep(x!, m!, v!, { gamma: gamma!, alpha: alpha!, delta: 1.1, epsilon: 0.1 }),
    plain: ([x, m, v], [gamma, alpha]) => gamma! * x! - alpha! * m! / (Math.sqrt(1.1 * v!) + 0.1),
  },
];

const elementwise: Generator = {
  name: "element-wise updates",
  draw(random) {
    const { name, arity, onEngine, plain, smooth = true } = pick(random, ELEMENTWISE);
    const shape = shapeOf(random);
    const c = [random.normal(), random.normal()];
    const inputs = Array.from({ length: arity }, () => positive(random, shape));
    const d = {
      label: `${name} [${shape}] with ${c}`,
      inputs,
      onEngine: (e: Engine, x: Tensor[]) => onEngine(e, x, c),
      plain: (x: readonly Numbers[]) =>
        x[0]!.data.map((_, i) => plain(x.map(({ data }) => data[i]!), c)),
    };
    return smooth ? differentiable(random, d) : {
      label: d.label,
      compute: (e) => [onEngine(e, inputs.map((x) => upload(e, x)), c)],
      expected: () => [d.plain(inputs)],
    };
  },
};

const activate: Generator = {
  name: "activate",
  draw(random) {
    const [shape, activation] = [shapeOf(random), pick(random, ACTIVATIONS)];
    return differentiable(random, {
      label: `${activation} [${shape}]`,
      inputs: [drawn(random, shape, 3)],
      onEngine: (e, [x]) => e.activate(x!, activation),
      plain: ([x]) => x!.data.map(act[activation]),
    });
  },
};

/** Sums over some axes, divided by `count` of the entries. */
function reduced(x: Numbers, axes: readonly number[], divide: boolean): Values {
  const rest = x.shape.map((n, k) => axes.includes(k) ? 1 : n);
  const y = new Float64Array(sizeOf(rest));
  const count = divide ? sizeOf(axes.map((k) => x.shape[k]!)) : 1;
  x.data.forEach((v, i) => {
    const index = indexOf(i, x.shape).map((j, k) => axes.includes(k) ? 0 : j);
    y[positionOf(index, rest)]! += v / count;
  });
  return y;
}

const reductions: Generator = {
  name: "sums and means over axes",
  draw(random) {
    const shape = Array.from({ length: between(random, 1, 4) }, () => between(random, 1, 5));
    const axes = shape.map((_, k) => k).filter(() => random.integer(2) === 0);
    const keep = random.integer(2) === 0;
    const name = pick(random, ["sum", "mean"] as const);
    return differentiable(random, {
      label: `${name} of [${shape}] over [${axes}] ${keep ? "keeping" : "dropping"} them`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => outside(native(e)[name](inside(x!), axes, keep)),
      plain: ([x]) => reduced(x!, axes, name === "mean"),
    });
  },
};

const totals: Generator = {
  name: "sum and norm",
  draw(random) {
    const [shape, name] = [shapeOf(random), pick(random, ["sum", "norm"] as const)];
    return differentiable(random, {
      label: `${name} [${shape}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => e[name](x!),
      plain: ([x]) => [
        name === "sum"
          ? x!.data.reduce((a, b) => a + b, 0)
          : Math.sqrt(x!.data.reduce((a, b) => a + b * b, 0)),
      ],
    });
  },
};

const transposes: Generator = {
  name: "transposes of any axes",
  draw(random) {
    const shape = shapeOf(random);
    const perm = [...random.permutation(shape.length)];
    const turned = perm.map((k) => shape[k]!);
    return differentiable(random, {
      label: `[${shape}] by [${perm}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => outside(native(e).transpose(inside(x!), perm)),
      plain: ([x]) =>
        made(turned, (index) => {
          const from: number[] = [];
          perm.forEach((k, i) => from[k] = index[i]!);
          return x!.data[positionOf(from, shape)]!;
        }),
    });
  },
};

const slices: Generator = {
  name: "slice",
  draw(random) {
    const shape = shapeOf(random);
    const least = random.empty ? 0 : 1;
    const begin = shape.map((n) => random.integer(n + 1 - least));
    const size = shape.map((n, k) => between(random, least, n - begin[k]!));
    return differentiable(random, {
      label: `[${shape}] from [${begin}] by [${size}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => e.slice(x!, begin, size),
      plain: ([x]) =>
        made(size, (index) => x!.data[positionOf(index.map((i, k) => i + begin[k]!), shape)]!),
    });
  },
};

const joins: Generator = {
  name: "concat",
  draw(random) {
    const shape = shapeOf(random);
    const axis = random.integer(shape.length);
    const inputs = Array.from({ length: between(random, 1, 4) }, () => {
      const own = [...shape];
      own[axis] = between(random, random.empty ? 0 : 1, 3);
      return drawn(random, own);
    });
    const whole = [...shape];
    whole[axis] = inputs.reduce((n, x) => n + x.shape[axis]!, 0);
    return differentiable(random, {
      label: `${inputs.map((x) => `[${x.shape}]`)} along ${axis}`,
      inputs,
      onEngine: (e, x) => e.concat(x, axis),
      plain: (x) =>
        made(whole, (index) => {
          const own = [...index];
          const part = x.find(({ shape }) =>
            own[axis]! < shape[axis]! || !(own[axis]! -= shape[axis]!, true)
          );
          return part!.data[positionOf(own, part!.shape)]!;
        }),
    });
  },
};

const reshapes: Generator = {
  name: "reshape and matrix transpose",
  draw(random) {
    const [m, n] = [between(random, random.empty ? 0 : 1, 20), between(random, 1, 20)];
    return differentiable(random, {
      label: `[${m},${n}]`,
      inputs: [drawn(random, [m, n])],
      onEngine: (e, [x]) => e.reshape(e.transpose(x!), [m * n]),
      plain: ([x]) => flip(asDense(x!)).data,
    });
  },
};

const gathers: Generator = {
  name: "gather of TensorFlow.js",
  draw(random) {
    const [rows, width] = [between(random, 1, 6), between(random, 1, 9)];
    const ids = Array.from({ length: between(random, 1, 7) }, () => random.integer(rows));
    return differentiable(random, {
      label: `[${rows},${width}] at [${ids}]`,
      inputs: [drawn(random, [rows, width])],
      onEngine: (e, [x]) => outside(native(e).gather(inside(x!), native(e).tensor1d(ids, "int32"))),
      plain: ([x]) => made([ids.length, width], ([i, j]) => x!.data[ids[i!]! * width + j!]!),
    });
  },
};

const loss: Generator = {
  name: "softmaxCrossEntropy",
  draw(random) {
    const [batch, classes] = [between(random, 1, 9), between(random, 2, 12)];
    const labels = Int32Array.from({ length: batch }, () => random.integer(classes));
    return differentiable(random, {
      label: `${batch}×${classes}`,
      inputs: [drawn(random, [batch, classes], 2)],
      onEngine: (e, [x]) => e.softmaxCrossEntropy(x!, e.tensor(labels, [batch])),
      plain: ([x]) => {
        const rows = Array.from(labels, (label, i) => {
          const row = x!.data.subarray(i * classes, (i + 1) * classes);
          return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label]!;
        });
        return [rows.reduce((a, b) => a + b, 0) / batch];
      },
    });
  },
};

/** Mean and biased variance of the entries that agree in the axes that stay. */
function moments(x: Numbers, axes: readonly number[]) {
  const mean = reduced(x, axes, true);
  const place = (i: number): number => {
    const index = indexOf(i, x.shape).map((j, k) => axes.includes(k) ? 0 : j);
    return positionOf(index, x.shape.map((n, k) => axes.includes(k) ? 1 : n));
  };
  const squares = x.data.map((v, i) => (v - mean[place(i)]!) ** 2);
  return { mean, variance: reduced({ shape: x.shape, data: squares }, axes, true), place };
}

/** (x − mean) / √(variance + ε). */
function standard(x: Numbers, axes: readonly number[], epsilon: number): Float64Array {
  const { mean, variance, place } = moments(x, axes);
  return x.data.map((v, i) => (v - mean[place(i)]!) / Math.sqrt(variance[place(i)]! + epsilon));
}

const standardise: Generator = {
  name: "standardise",
  draw(random) {
    const shape = Array.from({ length: between(random, 2, 4) }, () => between(random, 2, 4));
    const axes = shape.map((_, k) => k).filter((k) => k === 0 || random.integer(2) === 0);
    return differentiable(random, {
      label: `[${shape}] over [${axes}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => e.standardise(x!, axes, 0.1),
      plain: ([x]) => standard(x!, axes, 0.1),
    });
  },
};

function normalised(name: "batchNorm" | "affine"): Generator {
  return {
    name,
    draw(random) {
      const least = name === "affine" ? 0 : 2;
      const shape = [
        between(random, random.empty ? least : 2, 4),
        ...shapeOf(random, between(random, 1, 3)),
      ]
        .map((n, k) => k === 0 ? n : Math.max(1, n));
      const channels = shape.at(-1)!;
      const activation = pick(random, ACTIVATIONS);
      const axes = shape.map((_, k) => k).slice(0, -1);
      return differentiable(random, {
        label: `[${shape}] ${activation}`,
        inputs: [drawn(random, shape), drawn(random, [channels]), drawn(random, [channels])],
        onEngine: (e, [x, scale, shift]) =>
          name === "affine"
            ? e.affine(x!, scale!, shift!, activation)
            : e.batchNorm(x!, scale!, shift!, 0.1, activation).y,
        plain: ([x, scale, shift]) =>
          (name === "affine" ? x!.data : standard(x!, axes, 0.1)).map((v, i) =>
            act[activation](v * scale!.data[i % channels]! + shift!.data[i % channels]!)
          ),
      });
    },
  };
}

const globalAverage: Generator = {
  name: "globalAveragePool",
  draw(random) {
    const shape = [1, 2, 3, 4].map(() => between(random, 1, 5));
    return differentiable(random, {
      label: `[${shape}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => e.globalAveragePool(x!),
      plain: ([x]) => reduced(x!, [1, 2], true),
    });
  },
};

/** Everything but convolutions and pools. */
export const operations: readonly Generator[] = [
  matMul,
  batchMatMul,
  linear,
  lowRank,
  pixelProduct,
  broadcasting,
  elementwise,
  activate,
  reductions,
  totals,
  transposes,
  slices,
  joins,
  reshapes,
  gathers,
  loss,
  standardise,
  normalised("batchNorm"),
  normalised("affine"),
  globalAverage,
];
