/**
 * The sides of a matrix, and products along them.
 *
 * @module
 */

import { type Algebra, columnSquares, rowSquares } from "../core/mod.ts";

/** A side of a matrix, and what is done along it. */
export interface Side<M> {
  /** Its length. */
  readonly length: number;
  /** The matrix with this side as its rows. */
  first(x: M): M;
  /** Pᵀ X for the left side, X P for the right one; P has as many rows as the side is long. */
  project(p: M, x: M): M;
  /** P R for the left side, R Pᵀ for the right one. */
  lift(p: M, r: M): M;
  /** X Rᵀ for the left side, Xᵀ R for the right one: a projected R back to what projects. */
  across(x: M, r: M): M;
  /** Norms of the vectors that the projection shortens: the columns of X for the left side. */
  norms(x: M): Promise<Float64Array>;
  /** X with these vectors multiplied by a number each. */
  weighted(x: M, weights: ArrayLike<number>): M;
}

/** What sides a projection can be on. */
export const SIDES = ["short", "long", "left", "right"] as const;

/** A side of a matrix; of a square, the short one is the left one. */
export function sideOf<M>(a: Algebra<M>, x: M, which: string): Side<M> {
  const isShort = a.rows(x) <= a.cols(x);
  const isLeft = which === "left" || which === (isShort ? "short" : "long");
  return isLeft ? leftSide(a, a.rows(x)) : rightSide(a, a.cols(x));
}

function leftSide<M>(a: Algebra<M>, length: number): Side<M> {
  return {
    length,
    first: (x) => x,
    project: (p, x) => a.multiply(p, x, { transposeLeft: true }),
    lift: (p, r) => a.multiply(p, r),
    across: (x, r) => a.multiply(x, r, { transposeRight: true }),
    norms: async (x) => roots(await a.read(columnSquares(a, x))),
    weighted: (x, weights) => a.weighted(x, { columns: weights }),
  };
}

function rightSide<M>(a: Algebra<M>, length: number): Side<M> {
  return {
    length,
    first: (x) => a.transpose(x),
    project: (p, x) => a.multiply(x, p),
    lift: (p, r) => a.multiply(r, p, { transposeRight: true }),
    across: (x, r) => a.multiply(x, r, { transposeLeft: true }),
    norms: async (x) => roots(await a.read(rowSquares(a, x))),
    weighted: (x, weights) => a.weighted(x, { rows: weights }),
  };
}

function roots(squares: Float64Array): Float64Array {
  return squares.map(Math.sqrt);
}
