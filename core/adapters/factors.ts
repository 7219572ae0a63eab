/**
 * What adapters with two trained factors share, and random starts.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/mod.ts";
import type { Random } from "../random.ts";
import type { SettingLimits } from "../settings.ts";
import type { Tunable } from "../tunable.ts";
import type { Adapter, AdapterEvidence, Tensors } from "./adapter.ts";

/** Entries between −bound and bound, each as likely. */
export function uniform<M>(
  a: Algebra<M>,
  random: Random,
  shape: readonly [rows: number, columns: number],
  bound: number,
): M {
  const data = random.fillUniform(new Float32Array(shape[0] * shape[1]), -bound, bound);
  return a.from(data, ...shape);
}

/** Normal entries. */
export function normal<M>(
  a: Algebra<M>,
  random: Random,
  shape: readonly [rows: number, columns: number],
  deviation: number,
): M {
  const data = random.fillNormal(new Float32Array(shape[0] * shape[1]), 0, deviation);
  return a.from(data, ...shape);
}

/** A number as the 1×1 matrix that states hold. */
export function scalar<M>(a: Algebra<M>, value: number): M {
  return a.from([value], 1, 1);
}

/** α x for an α, 1×1, that is part of the state. */
export function scaledBy<M>(a: Algebra<M>, alpha: M, x: M): M {
  const [rows, columns] = [a.rows(x), a.cols(x)];
  return a.reshape(a.multiply(a.reshape(x, rows * columns, 1), alpha), rows, columns);
}

/** U (α I) Vᵀ of a state with u, v and scale. */
export function pairFactors<M>(a: Algebra<M>, { u, v, scale }: Tensors<M>): LowRank<M> {
  return { u: u!, s: scaledBy(a, scale!, a.identity(a.cols(v!))), v: v! };
}

/** The flows of both factors: α F V and α Fᵀ U. */
export function pairFlows<M>(
  a: Algebra<M>,
  { u, v, scale }: Tensors<M>,
  { field }: Pick<AdapterEvidence<M>, "field">,
): Tensors<M> {
  return {
    u: scaledBy(a, scale!, field.times(v!)),
    v: scaledBy(a, scale!, field.adjointTimes(u!)),
  };
}

/** How the factors of LoRA start. */
export const STARTS = ["kaiming", "gaussian", "embedding"] as const;

/**
 * The factors that LoRA starts with, whose product is zero: U uniform within 1/√inputs (Kaiming's
 * with a = √5) or normal with deviation 1/r, V zero; of embeddings U zero and V normal.
 */
export function pairStart<M>(
  a: Algebra<M>,
  [inputs, outputs]: readonly [number, number],
  random: Random,
  rank: number,
  start: string = "kaiming",
): { readonly u: M; readonly v: M } {
  if (start === "embedding") {
    return { u: a.zeros(inputs, rank), v: normal(a, random.fork("v"), [outputs, rank], 1) };
  }
  const own = random.fork("u");
  const u = start === "gaussian"
    ? normal(a, own, [inputs, rank], 1 / rank)
    : uniform(a, own, [inputs, rank], 1 / Math.sqrt(inputs));
  return { u, v: a.zeros(outputs, rank) };
}

/** An adapter without its name and settings. */
export type AdapterParts = Omit<Adapter, keyof Tunable<Adapter>>;

/** W₀ + scale · U Vᵀ with both factors trained: LoRA, and what differs from it in one thing. */
export function pairAdapter(
  { rank, scale, start }: {
    readonly rank: number;
    readonly scale: number;
    readonly start?: string;
  },
): AdapterParts {
  return {
    attach: (a, w, { random }) =>
      Promise.resolve({
        base: w,
        trained: pairStart(a, [a.rows(w), a.cols(w)], random, rank, start),
        frozen: { scale: scalar(a, scale) },
        numbers: { rank },
      }),
    factors: pairFactors,
    flows: pairFlows,
    trainables: ([inputs, outputs]) => rank * (inputs + outputs),
  };
}

/** Settings of LoRA and its like. */
export type LoraSettings = {
  /** Columns of the factors. */
  rank: number;
  /** Numerator of the scale. */
  alpha: number;
  /** How the factors start. */
  start: string;
};

/** What LoRA starts with. */
export const LORA: LoraSettings = { rank: 8, alpha: 8, start: "kaiming" };

/** Limits of a rank. */
export const rankLimits: SettingLimits = {
  integer: true,
  min: 1,
  description: "columns of the factors",
};

/** Limits of what LoRA and its like can be told. */
export const loraLimits: Readonly<Record<keyof LoraSettings, SettingLimits>> = {
  rank: rankLimits,
  alpha: { above: 0, description: "numerator of the scale" },
  start: { oneOf: STARTS, description: "of U, V at zero; of embeddings V, U at zero" },
};

/** A row as the diagonal of a square matrix. */
export function diagonalOf<M>(a: Algebra<M>, row: M): M {
  return a.hadamard(a.identity(a.cols(row)), row);
}

/** The diagonal of a square matrix as a row. */
export function diagonalIn<M>(a: Algebra<M>, x: M): M {
  return columnSums(a, a.hadamard(x, a.identity(a.cols(x))));
}

/** Σᵢ xᵢⱼ of each column, 1×n. */
export function columnSums<M>(a: Algebra<M>, x: M): M {
  return a.multiply(ones(a, 1, a.rows(x)), x);
}

/** Σⱼ xᵢⱼ of each row, m×1. */
export function rowSums<M>(a: Algebra<M>, x: M): M {
  return a.multiply(x, ones(a, a.cols(x), 1));
}

/** A matrix of ones. */
export function ones<M>(a: Algebra<M>, rows: number, cols: number): M {
  return a.from(new Float32Array(rows * cols).fill(1), rows, cols);
}

/** 1/√x, element by element; 1e30 where x is zero. */
export function inverseRoot<M>(a: Algebra<M>, x: M): M {
  const one = ones(a, a.rows(x), a.cols(x));
  return a.adaptiveStep(a.zerosLike(x), one, x, { gamma: 0, alpha: -1, delta: 1, epsilon: 1e-30 });
}

/** |x|, element by element. */
export function absolute<M>(a: Algebra<M>, x: M): M {
  return a.sqrt(a.square(x));
}

/** Settings of adapters whose random bases all layers share. */
export type SharedSettings = {
  /** Seed of the bases. */
  seed: number;
  /** Inputs of the largest layer; 0: those of this one. */
  inputs: number;
  /** Outputs of the largest layer; 0: those of this one. */
  outputs: number;
};

/** Limits of {@linkcode SharedSettings}. */
export const sharedLimits: Readonly<Record<keyof SharedSettings, SettingLimits>> = {
  seed: { integer: true, description: "seed of the random bases" },
  inputs: { integer: true, min: 0, description: "inputs of the largest layer; 0: of each" },
  outputs: { integer: true, min: 0, description: "outputs of the largest layer; 0: of each" },
};

/** The first rows of a base that layers share, of which each takes as many as it has. */
export function leadingRows<M>(a: Algebra<M>, x: M, count: number): M {
  const [rows, columns] = [a.rows(x), a.cols(x)];
  if (count === rows) return x;
  // Rows lie one behind the other.
  const flat = a.reshape(x, 1, rows * columns);
  return a.reshape(a.columns(flat, 0, count * columns), count, columns);
}

/** The first columns of a matrix; itself where they are all. */
export function leadingColumns<M>(a: Algebra<M>, x: M, count: number): M {
  return count === a.cols(x) ? x : a.columns(x, 0, count);
}

/** The largest extents of all layers, each by itself. */
export function sharedFits(
  shapes: readonly (readonly [inputs: number, outputs: number])[],
): { inputs: number; outputs: number } {
  return {
    inputs: Math.max(...shapes.map(([inputs]) => inputs)),
    outputs: Math.max(...shapes.map(([, outputs]) => outputs)),
  };
}

/** U diag(α e) Vᵀ of a state with u, e, v and scale. */
export function tripletFactors<M>(a: Algebra<M>, { u, e, v, scale }: Tensors<M>): LowRank<M> {
  return { u: u!, s: scaledBy(a, scale!, diagonalOf(a, e!)), v: v! };
}

/** Flows of u, v and the row e between them. */
export function tripletFlows<M>(
  a: Algebra<M>,
  { u, v, e, scale }: Tensors<M>,
  { field }: Pick<AdapterEvidence<M>, "field">,
): Tensors<M> {
  return {
    u: scaledBy(a, scale!, a.hadamard(field.times(v!), e!)),
    v: scaledBy(a, scale!, a.hadamard(field.adjointTimes(u!), e!)),
    e: scaledBy(a, scale!, diagonalIn(a, field.galerkin(u!, v!))),
  };
}

/** U (α S) Vᵀ with a core between fixed bases. */
export function coreFactors<M>(a: Algebra<M>, { u, core, v, scale }: Tensors<M>): LowRank<M> {
  return { u: u!, s: scaledBy(a, scale!, core!), v: v! };
}

/** The flow of the core. */
export function coreFlows<M>(
  a: Algebra<M>,
  { u, v, scale }: Tensors<M>,
  { field }: Pick<AdapterEvidence<M>, "field">,
): Tensors<M> {
  return { core: scaledBy(a, scale!, field.galerkin(u!, v!)) };
}
