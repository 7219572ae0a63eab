/** The rows of operations on sequences in the contract of the tensor engine. */

import type { Engine, Tensor } from "../../core/backend/mod.ts";
import { Random } from "../../core/random.ts";
import { plainNorm, plainRotary, smooth } from "./attention_oracle.ts";
import type { Case, Values } from "./kernel_checks.ts";
import { drawn, type Numbers, sizeOf, upload } from "./random_cases.ts";

/** Sizes around the width of a vector, an unrolled loop and their tails. */
const WIDTHS = [1, 3, 4, 7, 16, 31, 83];

/** Numbers of a seed. */
const given = (seed: number, ...shape: number[]): Numbers => drawn(new Random(seed), shape);

/** Value and gradients of an operation, beside those by loops. */
function graded(
  label: string,
  inputs: readonly Numbers[],
  onEngine: (e: Engine, x: Tensor[]) => Tensor,
  weights: Numbers,
  expected: () => Values[],
): Case {
  return {
    label,
    compute: (e) => {
      const x = inputs.map((n) => upload(e, n));
      const loss = () => e.sum(e.mul(onEngine(e, x), upload(e, weights)));
      return [onEngine(e, x), ...e.gradients(loss, x).gradients];
    },
    expected,
  };
}

/** A central difference of a smooth function. */
const slope = (f: (x: number) => number, x: number): number => (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;

function activations(): Case[] {
  // Far out, where one minus the error function cancels, and where exponentials saturate.
  const x = { shape: [3, 83], data: Float64Array.from({ length: 249 }, (_, i) => (i - 124) / 8) };
  const c = given(1, 3, 83);
  return (["exact", "tanh", "silu"] as const).map((form) =>
    graded(
      form,
      [x],
      (e, [t]) => form === "silu" ? e.silu(t!) : e.gelu(t!, form),
      c,
      () => [
        x.data.map(smooth[form]),
        x.data.map((v, i) => c.data[i]! * slope(smooth[form], v)),
      ],
    )
  );
}

/** Norms of rows of all widths, far from zero: nothing may cancel. */
function norms(): Case[] {
  return WIDTHS.flatMap((width) =>
    [true, false].map((centred): Case => {
      const spread = given(width, 5, width);
      const x = { ...spread, data: spread.data.map((v) => Math.fround(v + 3)) };
      const [scale, shift, c] = [given(2, width), given(3, width), given(4, 5, width)];
      const inputs = centred ? [x, scale, shift] : [x, scale];
      const onEngine = (e: Engine, [t, s, b]: Tensor[]) =>
        centred ? e.layerNorm(t!, s!, b!, 0.1) : e.rmsNorm(t!, s!, 0.1);
      return graded(`${width} ${centred}`, inputs, onEngine, c, () => {
        const plain = (z: Numbers) => plainNorm(z, undefined, undefined, 0.1, centred);
        const h = plain(x);
        const columns = (f: (i: number) => number) =>
          Float64Array.from({ length: width }, (_, j) => {
            let sum = 0;
            for (let r = 0; r < 5; r++) sum += f(r * width + j);
            return sum;
          });
        const dx = x.data.map((_, i) => {
          const row = { shape: [1, width], data: rowOf(x, i).slice() };
          const at = (d: number) => {
            row.data[i % width] = x.data[i]! + d;
            return plain(row).reduce((sum, v, j) => sum + v * scale.data[j]! * rowOf(c, i)[j]!, 0);
          };
          return (at(1e-6) - at(-1e-6)) / 2e-6;
        });
        const y = h.map((v, i) =>
          v * scale.data[i % width]! + (centred ? shift.data[i % width]! : 0)
        );
        const own = [columns((i) => c.data[i]! * h[i]!), columns((i) => c.data[i]!)];
        return [y, dx, ...own.slice(0, inputs.length - 1)];
      });
    })
  );
}

const rowOf = ({ shape, data }: Numbers, i: number): Float64Array => {
  const width = shape.at(-1)!;
  return data.subarray(i - i % width, i - i % width + width);
};

function rotations(): Case[] {
  return [1, 2, 3, 4, 5, 8, 17].flatMap((half) =>
    (["half-split", "interleaved"] as const).map((pairing) => {
      const angles = given(half, 3, half).data;
      const [cos, sin] = [Math.cos, Math.sin].map((f) => Float32Array.from(angles, f)) as [
        Float32Array,
        Float32Array,
      ];
      const [x, c] = [given(1, 2, 2, 3, 2 * half), given(2, 2, 2, 3, 2 * half)];
      const onEngine = (e: Engine, [t]: Tensor[]) =>
        e.rotary(t!, e.tensor(cos, [3, half]), e.tensor(sin, [3, half]), pairing);
      return graded(`${half} ${pairing}`, [x], onEngine, c, () => [
        plainRotary(x, [cos, sin], pairing),
        plainRotary(c, [cos, sin.map((v) => -v)], pairing),
      ]);
    })
  );
}

/** Rows that are asked for often, once and never. */
function gathers(): Case[] {
  return WIDTHS.map((width) => {
    const [table, c] = [given(1, 9, width), given(2, 4, 10, width)];
    const ids = Int32Array.from({ length: 40 }, (_, i) => (i * i) % 7);
    return graded(`${width}`, [table], (e, [t]) => e.gather(t!, e.tensor(ids, [4, 10])), c, () => {
      const dtable = new Float64Array(9 * width);
      c.data.forEach((v, i) => dtable[ids[Math.floor(i / width)]! * width + i % width]! += v);
      return [
        Float64Array.from(
          c.data,
          (_, i) => table.data[ids[Math.floor(i / width)]! * width + i % width]!,
        ),
        dtable,
      ];
    });
  });
}

/** Moves of axes, of heads above all, with their gradients. */
function permutations(): Case[] {
  const orders = [[0, 2, 1, 3], [0, 2, 3, 1], [3, 1, 2, 0], [1, 0, 2, 3], [0, 1, 2, 3]];
  return orders.flatMap((axes) =>
    [[2, 3, 5, 4], [1, 4, 2, 7], [3, 1, 2, 16]].map((shape) => {
      const x = given(1, ...shape);
      const turned = axes.map((axis) => shape[axis]!);
      const c = given(2, ...turned);
      const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
      const from = (i: number) =>
        axes.reduce((at, axis, place) => {
          const index = Math.floor(i / sizeOf(turned.slice(place + 1))) % turned[place]!;
          return at + index * strides[axis]!;
        }, 0);
      return graded(`[${shape}] by [${axes}]`, [x], (e, [t]) => e.permute(t!, axes), c, () => {
        const dx = new Float64Array(x.data.length);
        c.data.forEach((v, i) => dx[from(i)] = v);
        return [c.data.map((_, i) => x.data[from(i)]!), dx];
      });
    })
  );
}

/** More rows of logits than one thread takes, some of them ignored. */
function losses(): Case[] {
  return [[300, 2], [65, 31], [300, 260]].map(([rows, classes]): Case => {
    const logits = given(1, rows!, classes!);
    const labels = Int32Array.from(
      { length: rows! },
      (_, i) => i % 5 === 2 ? -100 : (7 * i) % classes!,
    );
    const count = labels.filter((label) => label >= 0).length;
    return {
      label: `${rows}×${classes}`,
      compute: (e) => {
        const [x, y] = [upload(e, logits), e.tensor(labels, [rows!])];
        const { value, gradients } = e.gradients(() => e.softmaxCrossEntropy(x, y), [x]);
        return [value, ...gradients];
      },
      expected: () => {
        let loss = 0;
        const sums = Array.from(
          labels,
          (_, i) => rowOf(logits, i * classes!).reduce((sum, z) => sum + Math.exp(z), 0),
        );
        labels.forEach((label, i) => {
          if (label >= 0) loss += Math.log(sums[i]!) - rowOf(logits, i * classes!)[label]!;
        });
        const gradient = logits.data.map((z, i) => {
          const row = Math.floor(i / classes!);
          if (labels[row]! < 0) return 0;
          return (Math.exp(z) / sums[row]! - Number(labels[row] === i % classes!)) / count;
        });
        return [[loss / count], gradient];
      },
    };
  });
}

/** More queries, or more keys, than a tile has; held to the `cpu` backend. */
function attentions(): Case[] {
  const shapes = [[1, 2, 1, 140, 140, 4, 4], [1, 2, 2, 9, 270, 4, 5]];
  return shapes.map(([batch, heads, groups, queries, keys, width, other]): Case => {
    const inputs = [
      given(1, batch!, heads!, queries!, width!),
      given(2, batch!, groups!, keys!, width!),
      given(3, batch!, groups!, keys!, other!),
      given(4, 1, heads!, queries!, keys!),
    ];
    const c = given(5, batch!, heads!, queries!, other!);
    return {
      label: `${inputs.map(({ shape }) => `[${shape}]`)}`,
      compute: (e) => {
        const [q, k, v, bias] = inputs.map((n) => upload(e, n)) as [
          ...[Tensor, Tensor],
          ...[Tensor, Tensor],
        ];
        const attend = () => e.attention(q, k, v, { scale: 0.3, causal: true, bias });
        const loss = () => e.sum(e.mul(attend(), upload(e, c)));
        return [attend(), ...e.gradients(loss, [q, k, v, bias]).gradients];
      },
    };
  });
}

/** Rows of the contract: what is computed, and its cases. */
export const sequenceRows: readonly { readonly name: string; readonly cases: readonly Case[] }[] = [
  { name: "gelu and silu: value and gradient", cases: activations() },
  { name: "layerNorm and rmsNorm: value and every gradient", cases: norms() },
  { name: "rotary: value and gradient", cases: rotations() },
  { name: "gather: value and the sum over equal rows", cases: gathers() },
  { name: "permute: value and gradient", cases: permutations() },
  { name: "softmaxCrossEntropy with ignored labels", cases: losses() },
  { name: "attention over several tiles: value and every gradient", cases: attentions() },
];
