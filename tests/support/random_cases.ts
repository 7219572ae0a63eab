/** Operations with random settings, beside the same by plain loops in float64. */

import type { Engine, Tensor } from "../../core/backend/mod.ts";
import { Random } from "../../core/random.ts";
import type { Case, Values } from "./kernel_checks.ts";

/** A row-major array of any number of axes. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A random stream, and whether tensors may be without entries. */
export class Draws extends Random {
  readonly empty: boolean;

  constructor(seed: number, empty: boolean) {
    super(seed);
    this.empty = empty;
  }
}

/** Makes cases of one operation; equal random streams make equal cases. */
export interface Generator {
  /** What is computed. */
  readonly name: string;
  /** Draws settings and operands. */
  draw(random: Draws): Case;
}

/** Product of extents. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** One of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}

/** An integer from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + random.integer(most - least + 1);
}

/** None, one, or a few: what kernels forget first. */
export const batchOf = (random: Draws): number => pick(random, [random.empty ? 0 : 1, 1, 1, 2, 3]);

/** Standard normal numbers that float32 holds exactly. */
export function drawn(random: Random, shape: readonly number[], scale = 1): Numbers {
  const data = Float64Array.from(
    { length: sizeOf(shape) },
    () => Math.fround(scale * random.normal()),
  );
  return { shape, data };
}

/** Numbers away from zero and above it. */
export function positive(random: Random, shape: readonly number[]): Numbers {
  const { data } = drawn(random, shape);
  return { shape, data: data.map((v) => Math.fround(0.2 + Math.abs(v))) };
}

/** The numbers on an engine. */
export function upload(e: Engine, { shape, data }: Numbers): Tensor {
  return e.tensor(Float32Array.from(data), shape);
}

/** Half the distance of central differences: exact to 1e-9 for what is computed here. */
const DISTANCE = 1e-6;

/** Derivatives of Σ c ∘ f(x) in every operand, by central differences. */
function differences(f: (x: Numbers[]) => Values, x: Numbers[], c: Values): Float64Array[] {
  const value = (): number => {
    const y = f(x);
    let sum = 0;
    for (let i = 0; i < y.length; i++) sum += c[i]! * y[i]!;
    return sum;
  };
  return x.map(({ data }) =>
    data.map((kept, i) => {
      data[i] = kept + DISTANCE;
      const above = value();
      data[i] = kept - DISTANCE;
      const below = value();
      data[i] = kept;
      return (above - below) / (2 * DISTANCE);
    })
  );
}

/** Value and every derivative of an operation, beside those of loops. */
export interface Differentiable {
  /** Settings and shapes in words. */
  readonly label: string;
  /** What the operation is applied to. */
  readonly inputs: readonly Numbers[];
  /** The operation. */
  onEngine(e: Engine, x: Tensor[]): Tensor;
  /** The same by loops. */
  plain(x: readonly Numbers[]): Values;
  /** Derivatives of Σ c ∘ y by loops; by central differences where absent. */
  readonly gradients?: (c: Float64Array) => Values[];
}

/** The case of value and derivatives. */
export function differentiable(random: Random, d: Differentiable): Case {
  const y = d.plain(d.inputs);
  const c = drawn(random, [y.length]);
  return {
    label: d.label,
    compute: (e) => {
      const x = d.inputs.map((n) => upload(e, n));
      const y = d.onEngine(e, x);
      const weights = e.tensor(Float32Array.from(c.data), y.shape);
      const loss = () => e.sum(e.mul(d.onEngine(e, x), weights));
      return [y, ...e.gradients(loss, x).gradients];
    },
    expected: () => [y, ...d.gradients?.(c.data) ?? differences(d.plain, [...d.inputs], c.data)],
  };
}
