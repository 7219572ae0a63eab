/** Operations on sequences of tokens with random settings. */

import { plainAttention, plainNorm, plainRotary, smooth } from "./attention_oracle.ts";
import { type Dense, flip, times } from "./dense_oracle.ts";
import {
  batchOf,
  between,
  differentiable,
  drawn,
  type Draws,
  type Generator,
  type Numbers,
  pick,
  sizeOf,
} from "./random_cases.ts";

const batchMatMul: Generator = {
  name: "batchMatMul",
  draw(random) {
    const outer = random.integer(2) === 0 ? [batchOf(random)] : [between(random, 1, 3), 2];
    const [m, n, k] = [0, 1, 2].map(() => between(random, 1, 6)) as [number, number, number];
    const [transposeLeft, transposeRight] = [random.integer(2) === 0, random.integer(2) === 0];
    const spread = () => outer.map((extent) => extent > 0 && random.integer(4) === 0 ? 1 : extent);
    const a = drawn(random, [...spread(), ...transposeLeft ? [k, m] : [m, k]]);
    const b = drawn(random, [...spread(), ...transposeRight ? [n, k] : [k, n]]);
    const shape = outer.map((_, i) => Math.min(1, outer[i]!) * Math.max(a.shape[i]!, b.shape[i]!));
    const part = ({ shape: own, data }: Numbers, index: number[], turned: boolean): Dense => {
      const [rows, cols] = own.slice(-2) as [number, number];
      const at = index.reduce((p, i, axis) => p * own[axis]! + (own[axis] === 1 ? 0 : i), 0);
      const matrix = { rows, cols, data: data.subarray(at * rows * cols, (at + 1) * rows * cols) };
      return turned ? flip(matrix) : matrix;
    };
    return differentiable(random, {
      label: `[${a.shape}] × [${b.shape}] ${transposeLeft} ${transposeRight}`,
      inputs: [a, b],
      onEngine: (e, [x, y]) => e.batchMatMul(x!, y!, { transposeLeft, transposeRight }),
      plain: ([x, y]) =>
        Array.from({ length: sizeOf(shape) }, (_, i) => {
          const index = shape.length === 1 ? [i] : [Math.floor(i / shape[1]!), i % shape[1]!];
          return [
            ...times(part(x!, index, transposeLeft), part(y!, index, transposeRight)).data,
          ];
        }).flat(),
    });
  },
};

/** One to three axes before a last one of some extent. */
const rowsOf = (random: Draws, width: number): number[] => [
  batchOf(random),
  ...random.integer(2) === 0 ? [between(random, 1, 4)] : [],
  width,
];

const norms: Generator = {
  name: "layerNorm and rmsNorm",
  draw(random) {
    const width = between(random, 1, 21);
    const centred = random.integer(2) === 0;
    const shape = rowsOf(random, width).map((n) => Math.max(1, n));
    const [scaled, shifted] = [random.integer(3) > 0, centred && random.integer(2) === 0];
    const inputs = [drawn(random, shape)];
    if (scaled) inputs.push(drawn(random, [width]));
    if (shifted) inputs.push(drawn(random, [width]));
    const vectors = <T>(rest: readonly T[]): [T | undefined, T | undefined] => [
      scaled ? rest[0] : undefined,
      shifted ? rest.at(-1) : undefined,
    ];
    return differentiable(random, {
      label: `[${shape}] ${centred ? "layer" : "rms"} ${scaled} ${shifted}`,
      inputs,
      onEngine: (e, [x, ...rest]) => {
        const [scale, shift] = vectors(rest);
        return centred
          ? e.layerNorm(x!, scale ?? null, shift ?? null, 0.1)
          : e.rmsNorm(x!, scale ?? null, 0.1);
      },
      plain: ([x, ...rest]) => {
        const [scale, shift] = vectors(rest);
        return plainNorm(x!, scale?.data, shift?.data, 0.1, centred);
      },
    });
  },
};

const activations: Generator = {
  name: "gelu and silu",
  draw(random) {
    const form = pick(random, ["exact", "tanh", "silu"] as const);
    const shape = rowsOf(random, between(random, 1, 19));
    return differentiable(random, {
      label: `${form} [${shape}]`,
      inputs: [drawn(random, shape, 2)],
      onEngine: (e, [x]) => form === "silu" ? e.silu(x!) : e.gelu(x!, form),
      plain: ([x]) => x!.data.map(smooth[form]),
    });
  },
};

const rotary: Generator = {
  name: "rotary",
  draw(random) {
    const [rows, half] = [between(random, 1, 5), between(random, 1, 9)];
    const pairing = pick(random, ["half-split", "interleaved"] as const);
    const shape = [...rowsOf(random, rows), 2 * half];
    const angles = drawn(random, [rows, half], 3).data;
    const [cos, sin] = [Math.cos, Math.sin].map((f) => Float32Array.from(angles, f)) as [
      Float32Array,
      Float32Array,
    ];
    return differentiable(random, {
      label: `[${shape}] ${pairing}`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => {
        const [c, s] = [cos, sin].map((table) => e.tensor(table, [rows, half]));
        return e.rotary(x!, c!, s!, pairing);
      },
      plain: ([x]) => plainRotary(x!, [cos, sin], pairing),
    });
  },
};

const gather: Generator = {
  name: "gather",
  draw(random) {
    const [rows, width] = [between(random, 1, 6), between(random, 1, 9)];
    const shape = [
      between(random, 1, 3),
      ...random.integer(2) === 0 ? [between(random, 1, 4)] : [],
    ];
    const ids = Int32Array.from({ length: sizeOf(shape) }, () => random.integer(rows));
    return differentiable(random, {
      label: `[${rows},${width}] at [${ids}]`,
      inputs: [drawn(random, [rows, width])],
      onEngine: (e, [x]) => e.gather(x!, e.tensor(ids, shape)),
      plain: ([x]) =>
        Array.from(ids, (id) => [...x!.data.subarray(id * width, (id + 1) * width)]).flat(),
    });
  },
};

const softmax: Generator = {
  name: "softmax and permute",
  draw(random) {
    const shape = [1, 2, 3].map(() => between(random, 1, 7));
    const axes = [...random.permutation(3)];
    const turned = axes.map((axis) => shape[axis]!);
    return differentiable(random, {
      label: `[${shape}] by [${axes}]`,
      inputs: [drawn(random, shape)],
      onEngine: (e, [x]) => e.permute(e.softmax(x!), axes),
      plain: ([x]) => {
        const width = shape[2]!;
        const y = x!.data.map((v, i) => {
          const row = x!.data.subarray(i - i % width, i - i % width + width);
          return Math.exp(v) / row.reduce((sum, z) => sum + Math.exp(z), 0);
        });
        return Float64Array.from({ length: y.length }, (_, i) => {
          const index = [
            Math.floor(i / (turned[1]! * turned[2]!)),
            Math.floor(i / turned[2]!) % turned[1]!,
            i % turned[2]!,
          ];
          const from = [0, 1, 2].map((axis) => index[axes.indexOf(axis)]!);
          return y[(from[0]! * shape[1]! + from[1]!) * shape[2]! + from[2]!]!;
        });
      },
    });
  },
};

const IGNORED = -100;

const loss: Generator = {
  name: "softmaxCrossEntropy with labels of any shape, some of them ignored",
  draw(random) {
    const shape = [
      between(random, 1, 3),
      ...random.integer(2) === 0 ? [between(random, 1, 4)] : [],
    ];
    const classes = between(random, 2, 12);
    const labels = Int32Array.from(
      { length: sizeOf(shape) },
      () => random.integer(3) === 0 ? IGNORED : random.integer(classes),
    );
    return differentiable(random, {
      label: `[${shape}] ${classes} [${labels}]`,
      inputs: [drawn(random, [...shape, classes], 2)],
      onEngine: (e, [x]) => e.softmaxCrossEntropy(x!, e.tensor(labels, shape)),
      plain: ([x]) => {
        const rows = Array.from(labels, (label, i) => {
          const row = x!.data.subarray(i * classes, (i + 1) * classes);
          if (label === IGNORED) return 0;
          return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label]!;
        });
        const count = labels.filter((label) => label !== IGNORED).length;
        return [rows.reduce((a, b) => a + b, 0) / Math.max(1, count)];
      },
    });
  },
};

const attention: Generator = {
  name: "attention",
  draw(random) {
    const [batch, groups] = [between(random, 1, 2), between(random, 1, 2)];
    const heads = groups * between(random, 1, 3);
    const [queries, keys] = [between(random, 1, 6), between(random, 1, 6)];
    const [width, valueWidth] = [between(random, 1, 6), between(random, 1, 6)];
    const inputs = [
      drawn(random, [batch, heads, queries, width]),
      drawn(random, [batch, groups, keys, width]),
      drawn(random, [batch, groups, keys, valueWidth]),
    ];
    const scores = [batch, heads, queries, keys];
    if (random.integer(2) === 0) {
      // A number for all keys has no gradient but what rounding leaves.
      const spread = scores.map((n, axis) => axis < 3 && random.integer(3) === 0 ? 1 : n);
      inputs.push(drawn(random, spread.slice(random.integer(4))));
    }
    const mask = random.integer(2) === 0
      ? Int32Array.from({ length: batch * keys }, () => Number(random.integer(4) > 0))
      : undefined;
    const setting = { scale: pick(random, [1, 0.3]), causal: random.integer(2) === 0, mask };
    return differentiable(random, {
      label: `${inputs.map(({ shape }) => `[${shape}]`)} ${setting.causal} [${mask ?? ""}]`,
      inputs,
      onEngine: (e, [q, k, v, bias]) =>
        e.attention(q!, k!, v!, {
          scale: setting.scale,
          causal: setting.causal,
          ...mask ? { mask: e.tensor(mask, [batch, keys]) } : {},
          ...bias ? { bias } : {},
        }),
      plain: (x) => plainAttention(x, setting),
    });
  },
};

/** What transformers are made of. */
export const sequences: readonly Generator[] = [
  batchMatMul,
  norms,
  activations,
  rotary,
  gather,
  softmax,
  loss,
  attention,
];
