/** Convolutions and pools with random settings. */

import { ACTIVATIONS } from "../../core/backend/engine.ts";
import type {
  Activation,
  ConvGeometry,
  Engine,
  GradientPair,
  Padding,
  Tensor,
} from "../../core/backend/mod.ts";
import type { Random } from "../../core/random.ts";
import { act, columnSums, type Dense, flip, slope, times } from "./dense_oracle.ts";
import type { Case, Values } from "./kernel_checks.ts";
import { type Array4, convShape, naiveConv, naiveGradients, outputExtent } from "./naive_conv.ts";
import {
  batchOf,
  between,
  differentiable,
  drawn,
  type Draws,
  type Generator,
  type Numbers,
  pick,
  upload,
} from "./random_cases.ts";

/** Extents of images, batch×height×width×channels, a kernel, and how it moves. */
interface Setting {
  readonly x: Array4["shape"];
  readonly w: Array4["shape"];
  readonly g: ConvGeometry;
  readonly activation: Activation;
  readonly bias: boolean;
}

const array4 = (n: Numbers): Array4 => n as Array4;
const draw4 = (random: Random, shape: Array4["shape"]): Array4 => array4(drawn(random, shape));

/** A kernel that keeps the size of what it is applied to, so that no activation saturates. */
function drawKernel(random: Random, shape: Array4["shape"]): Array4 {
  return array4(drawn(random, shape, 1 / Math.sqrt(shape[0] * shape[1] * shape[2])));
}

function paddingOf(random: Random, most: number): Padding {
  const side = () => random.integer(most + 1);
  return { top: side(), bottom: side(), left: side(), right: side() };
}

/** An extent that the window fits into, now and then exactly. */
function extent(random: Random, size: number, dilation: number, padding: number): number {
  const least = Math.max(1, (size - 1) * dilation + 1 - padding);
  return least + random.integer(6);
}

function setting(random: Draws, kind: "any" | "one group" | "depthwise"): Setting {
  if (kind !== "depthwise" && random.integer(5) === 0) return squareSetting(random);
  const [height, width] = [between(random, 1, 5), between(random, 1, 4)];
  const dilations = [between(random, 1, 3), between(random, 1, 3)] as const;
  const padding = paddingOf(random, 3);
  const groups = kind === "any" ? pick(random, [1, 1, 2, 3]) : 1;
  const [inputs, outputs] = [between(random, 1, 5), groups * between(random, 1, 5)];
  const x: Array4["shape"] = [
    batchOf(random),
    extent(random, height, dilations[0], padding.top + padding.bottom),
    extent(random, width, dilations[1], padding.left + padding.right),
    groups * inputs,
  ];
  const strides = [between(random, 1, 3), between(random, 1, 3)] as const;
  return {
    x,
    w: [height, width, inputs, kind === "depthwise" ? between(random, 1, 3) : outputs],
    g: { strides, padding, dilations, groups },
    activation: pick(random, ACTIVATIONS),
    bias: random.integer(2) === 0,
  };
}

/** A 3×3 kernel and many channels, for which backends have ways of their own. */
function squareSetting(random: Draws): Setting {
  const side = () => between(random, 3, 9);
  const channels = () => between(random, 10, 18);
  const [inputs, outputs] = [channels(), channels()];
  return {
    x: [batchOf(random), side(), side(), inputs],
    w: [3, 3, inputs, outputs],
    g: { strides: [1, 1], padding: paddingOf(random, 2), dilations: [1, 1], groups: 1 },
    activation: pick(random, ACTIVATIONS),
    bias: random.integer(2) === 0,
  };
}

function words({ x, w, g, activation, bias }: Setting): string {
  const { top, bottom, left, right } = g.padding;
  return `[${x}] ∗ [${w}] stride ${g.strides} dilation ${g.dilations} groups ${g.groups} padding ` +
    `${top},${bottom},${left},${right} ${activation} ${bias ? "with" : "without"} bias`;
}

/** y = act(z + b) by pixels of `b.length` channels. */
function finished(z: Float64Array, b: Float64Array | undefined, activation: Activation) {
  const n = b?.length ?? 1;
  const full = z.map((v, i) => v + (b?.[i % n] ?? 0));
  return { full, y: full.map(act[activation]) };
}

/** D = c ∘ act′ and its sums over pixels. */
function upstream(full: Float64Array, c: Float64Array, activation: Activation, outputs: number) {
  const d = c.map((v, i) => v * slope[activation](full[i]!));
  const db = new Float64Array(outputs);
  d.forEach((v, i) => db[i % outputs]! += v);
  return { d, db };
}

/** What a convolution and its adjoint differ in. */
interface Linear {
  readonly x: Array4;
  readonly w: Array4;
  readonly outputs: number;
  apply(x: Array4, w: Array4): Array4;
  /** Derivatives of ⟨d, apply(x, w)⟩. */
  adjoint(x: Array4, w: Array4, d: Array4): readonly [Float64Array, Float64Array];
}

type OnEngine = (e: Engine, x: Tensor, w: Tensor, b: Tensor | null) => Tensor;

/** act(linear(x, w) + b) beside loops. */
function affineCase(random: Random, s: Setting, l: Linear, onEngine: OnEngine): Case {
  const inputs: Numbers[] = [l.x, l.w];
  if (s.bias) inputs.push(drawn(random, [l.outputs]));
  const z = l.apply(l.x, l.w);
  const { full, y } = finished(z.data, inputs[2]?.data, s.activation);
  return differentiable(random, {
    label: words(s),
    inputs,
    onEngine: (e, [x, w, b]) => onEngine(e, x!, w!, b ?? null),
    plain: () => y,
    gradients: (c) => {
      const { d, db } = upstream(full, c, s.activation, l.outputs);
      const [dx, dw] = l.adjoint(l.x, l.w, { shape: z.shape, data: d });
      return s.bias ? [dx, dw, db] : [dx, dw];
    },
  });
}

const conv: Generator = {
  name: "conv2d",
  draw(random) {
    const s = setting(random, "any");
    return affineCase(random, s, {
      x: draw4(random, s.x),
      w: drawKernel(random, s.w),
      outputs: s.w[3],
      apply: (x, w) => naiveConv(x, w, s.g),
      adjoint: (x, w, d) => {
        const gradients = naiveGradients(x, w, d, s.g);
        return [gradients.x.data, gradients.w.data];
      },
    }, (e, x, w, b) => e.conv2d(x, w, b, s.g, s.activation));
  },
};

const transpose: Generator = {
  name: "conv2dTranspose",
  draw(random) {
    const s = setting(random, "any");
    const images: Array4 = { shape: s.x, data: new Float64Array(s.x.reduce((a, b) => a * b, 1)) };
    return affineCase(random, s, {
      x: draw4(random, convShape(s.x, s.w, s.g)),
      w: drawKernel(random, s.w),
      outputs: s.x[3],
      apply: (x, w) => naiveGradients(images, w, x, s.g).x,
      adjoint: (x, w, d) => [naiveConv(d, w, s.g).data, naiveGradients(d, w, x, s.g).w.data],
    }, (e, x, w, b) => e.conv2dTranspose(x, w, b, [s.x[1], s.x[2]], s.g, s.activation));
  },
};

const depthwise: Generator = {
  name: "depthwiseConv2d",
  draw(random) {
    const s = setting(random, "depthwise");
    const [height, width, channels, multiplier] = s.w;
    const g = { ...s.g, groups: channels };
    // As a convolution with a group for each channel; the kernel's numbers lie alike.
    const grouped = (w: Array4): Array4 => ({
      shape: [height, width, 1, channels * multiplier],
      data: w.data,
    });
    return affineCase(random, s, {
      x: draw4(random, s.x),
      w: drawKernel(random, s.w),
      outputs: channels * multiplier,
      apply: (x, w) => naiveConv(x, grouped(w), g),
      adjoint: (x, w, d) => {
        const gradients = naiveGradients(x, grouped(w), d, g);
        return [gradients.x.data, gradients.w.data];
      },
    }, (e, x, w, b) => e.depthwiseConv2d(x, w, b, s.g, s.activation));
  },
};

const filterGradient: Generator = {
  name: "conv2dFilterGradient",
  draw(random) {
    const s = setting(random, "any");
    const [x, d] = [draw4(random, s.x), draw4(random, convShape(s.x, s.w, s.g))];
    const w: Array4 = { shape: s.w, data: new Float64Array(s.w.reduce((a, b) => a * b, 1)) };
    return {
      label: words(s),
      compute: (e) => [e.conv2dFilterGradient(upload(e, x), upload(e, d), [s.w[0], s.w[1]], s.g)],
      expected: () => [naiveGradients(x, w, d, s.g).w.data],
    };
  },
};

/** Pixels as the rows of a matrix. */
function pixels({ shape, data }: Array4): Dense {
  return { rows: shape[0] * shape[1] * shape[2], cols: shape[3], data };
}

function images({ data }: Dense, like: readonly number[], channels: number): Array4 {
  return { shape: [like[0]!, like[1]!, like[2]!, channels], data };
}

const chain: Generator = {
  name: "chainConv2d: value, every derivative and the pair",
  draw(random) {
    const s = setting(random, "one group");
    const [r, q] = [between(random, 1, 4), between(random, 1, 4)];
    const x = draw4(random, s.x);
    const matrix = (rows: number, cols: number): Dense => ({
      rows,
      cols,
      data: drawn(random, [rows, cols], 0.5).data,
    });
    const [u, v] = [matrix(s.w[2], r), matrix(s.w[3], q)];
    const core = drawKernel(random, [s.w[0], s.w[1], r, q]);
    const b = s.bias ? matrix(1, s.w[3]) : undefined;
    const xu = images(times(pixels(x), u), s.x, r);
    const z = naiveConv(xu, core, s.g);
    const { full, y } = finished(times(pixels(z), flip(v)).data, b?.data, s.activation);
    const c = drawn(random, [y.length]).data;
    return {
      label: `${words(s)} ranks ${r} and ${q}`,
      compute: (e) => chainOutputs(e, s, { x, u, core, v, b, c }),
      expected: () => {
        const data = upstream(full, c, s.activation, s.w[3]).d;
        const d: Dense = { rows: pixels(z).rows, cols: s.w[3], data };
        const dv = images(times(d, v), z.shape, q);
        const inner = naiveGradients(xu, core, dv, s.g);
        const dxu = pixels(inner.x);
        const gradients = [
          times(dxu, flip(u)),
          times(flip(pixels(x)), dxu),
          { data: inner.w.data },
          times(flip(d), pixels(z)),
          ...b ? [columnSums(d)] : [],
        ];
        const pair = [x, d, xu, dv, dxu, z];
        return [y, ...[...gradients, ...pair].map(({ data }) => data)];
      },
    };
  },
};

interface ChainNumbers {
  readonly x: Array4;
  readonly u: Dense;
  readonly core: Array4;
  readonly v: Dense;
  readonly b: Dense | undefined;
  readonly c: Float64Array;
}

function chainOutputs(e: Engine, s: Setting, n: ChainNumbers): Tensor[] {
  const put = (m: Dense) => e.tensor(Float32Array.from(m.data), [m.rows, m.cols]);
  const [x, u, core, v] = [upload(e, n.x), put(n.u), upload(e, n.core), put(n.v)];
  const b = n.b ? e.tensor(Float32Array.from(n.b.data), [n.b.cols]) : null;
  const pairs: GradientPair[] = [];
  const map = (capture?: (p: GradientPair) => void) =>
    e.chainConv2d(x, { u, core, v }, b, s.g, s.activation, capture);
  const y = map();
  const weights = e.tensor(Float32Array.from(n.c), y.shape);
  const loss = () => e.sum(e.mul(map((p) => pairs.push(p)), weights));
  const { gradients } = e.gradients(loss, [x, u, core, v, ...b ? [b] : []]);
  if (pairs.length !== 1) throw new Error(`expected one pair, got ${pairs.length}`);
  const p = pairs[0]!;
  return [y, ...gradients, p.x, p.d, p.xu, p.dv, p.dxu!, p.z!];
}

/** Calls `f` with the pixels inside each window of each channel. */
function eachWindow(
  [batch, height, width, channels]: readonly number[],
  size: readonly [number, number],
  { strides, padding }: Pick<ConvGeometry, "strides" | "padding">,
  f: (inside: number[]) => void,
): void {
  const { top, bottom, left, right } = padding;
  const rows = outputExtent(height!, size[0], strides[0], 1, top + bottom);
  const columns = outputExtent(width!, size[1], strides[1], 1, left + right);
  for (let i = 0; i < batch! * rows * columns * channels!; i++) {
    const [c, column] = [i % channels!, Math.floor(i / channels!) % columns];
    const pixel = Math.floor(i / channels! / columns);
    const [row, image] = [pixel % rows, Math.floor(pixel / rows)];
    const inside: number[] = [];
    for (let a = 0; a < size[0]; a++) {
      for (let b = 0; b < size[1]; b++) {
        const [y, x] = [row * strides[0] - top + a, column * strides[1] - left + b];
        if (y < 0 || x < 0 || y >= height! || x >= width!) continue;
        inside.push(((image * height! + y) * width! + x) * channels! + c);
      }
    }
    f(inside);
  }
}

function poolValues(
  x: Numbers,
  size: readonly [number, number],
  g: Pick<ConvGeometry, "strides" | "padding">,
  reduce: (values: number[]) => number,
): Values {
  const y: number[] = [];
  eachWindow(x.shape, size, g, (inside) => y.push(reduce(inside.map((i) => x.data[i]!))));
  return y;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function pool(name: "maxPool" | "averagePool"): Generator {
  const reduce = name === "maxPool" ? (v: number[]) => Math.max(...v) : mean;
  return {
    name,
    draw(random) {
      const size = [between(random, 1, 4), between(random, 1, 4)] as const;
      const side = (n: number) => random.integer(n);
      const padding = {
        ...{ top: side(size[0]), bottom: side(size[0]) },
        ...{ left: side(size[1]), right: side(size[1]) },
      };
      const g = { strides: [between(random, 1, 4), between(random, 1, 3)] as const, padding };
      const extents = [
        extent(random, size[0], 1, padding.top + padding.bottom),
        extent(random, size[1], 1, padding.left + padding.right),
      ];
      const shape = [batchOf(random), ...extents, between(random, 1, 9)];
      return differentiable(random, {
        label: `[${shape}] by ${size} stride ${g.strides} padding ${Object.values(padding)}`,
        inputs: [drawn(random, shape)],
        onEngine: (e, [x]) => e[name](x!, size, g),
        plain: ([x]) => poolValues(x!, size, g, reduce),
      });
    },
  };
}

/** Convolutions and pools. */
export const convolutions: readonly Generator[] = [
  conv,
  transpose,
  depthwise,
  filterGradient,
  chain,
  pool("maxPool"),
  pool("averagePool"),
];
