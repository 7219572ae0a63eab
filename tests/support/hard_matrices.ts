/** Matrices that break factorisations: deficient, graded, constant, zero, next to the limits. */

import { type ComplexMatrix, complexMatrix, matrixOf } from "../../core/algebra/mod.ts";
import { Random } from "../../core/random.ts";

/** What the numbers of an algebra can hold. */
export interface NumberRange {
  /** Unit round-off times two. */
  readonly epsilon: number;
  /** Scales that entries of size one are multiplied by, by name. */
  readonly scales: Readonly<Record<string, number>>;
  /** The smallest positive number. */
  readonly smallest: number;
  /** The nearest number that there is. */
  round(x: number): number;
}

/** Float64. */
export const FLOAT64_RANGE: NumberRange = {
  epsilon: Number.EPSILON,
  scales: { one: 1, denormal: 2 ** -1060, small: 2 ** -600, huge: 2 ** 1010 },
  smallest: Number.MIN_VALUE,
  round: (x) => x,
};

/** Float32. */
export const FLOAT32_RANGE: NumberRange = {
  epsilon: 2 ** -23,
  scales: { one: 1, denormal: 2 ** -138, small: 2 ** -70, huge: 2 ** 112 },
  smallest: 2 ** -149,
  round: Math.fround,
};

/** Rows and columns. */
export type Shape = readonly [rows: number, cols: number];

/** Entry (i, j) of an m×n matrix; complex ones take the imaginary part from a second call. */
type Entries = (random: Random, m: number, n: number) => (i: number, j: number) => number;

/** Entries of size one, by name; `range` says how far they may spread. */
function kinds({ epsilon, smallest }: NumberRange): Record<string, Entries> {
  const free: Entries = (random) => () => random.normal();
  const low = (rank: number): Entries => (random, m, n) => {
    const [x, y] = [m, n].map((size) => matrixOf(size, rank, () => random.normal()));
    return (i, j) => {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += x!.data[i * rank + k]! * y!.data[j * rank + k]!;
      return sum / rank;
    };
  };
  const decades = -Math.log10(smallest);
  return {
    "full rank": free,
    "constant": (random) => {
      const value = random.uniform();
      return () => value;
    },
    "constant but for round-off": (random) => () => 0.3 * (1 + epsilon * random.normal()),
    "zero": () => () => 0,
    "identity": () => (i, j) => i === j ? 1 : 0,
    "nilpotent": () => (i, j) => j === i + 1 ? 1 : 0,
    "one entry": (random, m, n) => {
      const [row, column] = [random.integer(m), random.integer(n)];
      return (i, j) => i === row && j === column ? 1 : 0;
    },
    "rank one": low(1),
    "rank three": low(3),
    "columns in pairs": (random, m) => {
      const columns = new Map<number, number[]>();
      return (i, j) => {
        const pair = j >> 1;
        if (!columns.has(pair)) columns.set(pair, Array.from({ length: m }, () => random.normal()));
        return columns.get(pair)![i]!;
      };
    },
    "every other column zero": (random) => (_i, j) => j % 2 ? random.normal() : 0,
    "every other row zero": (random) => (i) => i % 2 ? random.normal() : 0,
    "columns graded to nothing": (random, _m, n) => (_i, j) =>
      random.normal() * 10 ** (-decades * j / n),
    "columns graded from nothing": (random, _m, n) => (_i, j) =>
      random.normal() * 10 ** (-decades * (1 - (j + 1) / n)),
    "rows graded to nothing": (random, m) => (i) => random.normal() * 10 ** (-decades * i / m),
    "graded both ways": (random) => (i, j) => random.normal() * 10 ** -(i + j),
    "Hilbert's": () => (i, j) => 1 / (i + j + 1),
    "zeros and ones": (random) => () => random.integer(2),
    "triangular, of −1": () => (i, j) => i === j ? 1 : i < j ? -1 : 0,
  };
}

/** A matrix with its name. */
export interface HardMatrix {
  /** Kind, scale and shape, for messages. */
  readonly name: string;
  /** Entries; the imaginary part is zero where a real one was wanted. */
  readonly x: ComplexMatrix;
}

/** Every kind of hard matrix in every scale and shape, from fixed seeds. */
export function* hardMatrices(
  range: NumberRange,
  shapes: readonly Shape[],
  complex: boolean,
): Generator<HardMatrix> {
  for (const [kind, entries] of Object.entries(kinds(range))) {
    for (const [at, [m, n]] of shapes.entries()) {
      const random = new Random(at + 1);
      const part = () => matrixOf(m, n, entries(random, m, n));
      const plain = complexMatrix(part(), ...(complex ? [part()] : []));
      for (const [scale, factor] of Object.entries(range.scales)) {
        const scaled = (data: Float64Array) => data.map((v) => range.round(v * factor));
        const x = { ...plain, re: scaled(plain.re), im: scaled(plain.im) };
        yield { name: `${m}×${n}, ${kind}, ${scale}`, x };
      }
    }
  }
}
