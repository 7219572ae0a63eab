import type { Algebra } from "../algebra/mod.ts";
import type { FieldAt } from "../geometry/mod.ts";
import { beside, type LowRank } from "../geometry/low_rank.ts";
import type { Truncation } from "../integrators/mod.ts";
import { truncate } from "../integrators/matrix/truncation.ts";
import { embed } from "../integrators/transport.ts";
import type { Flow, SharedWeight } from "./types.ts";

/** A factorised matrix as server and clients see it: bases U and V, the core S moves. */
export interface SharedMatrix<M> extends SharedWeight<M> {
  /** The matrix. */
  readonly y: LowRank<M>;
}

/** Bases as they were before they grew, and what came to them. */
export interface Growth<M> {
  /** U before. */
  readonly u: M;
  /** V before. */
  readonly v: M;
  /** What came to U and to V; undefined where nothing did. */
  readonly columns: readonly (M | undefined)[];
}

/**
 * A matrix U S Vᵀ.
 *
 * Its directions are F V and FᵀU, of which follow all blocks of the flow in the grown bases but
 * the one between new columns: that alone is sent beside them.
 */
export function sharedMatrix<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  growth: Growth<M> = { u: y.u, v: y.v, columns: [] },
): SharedMatrix<M> {
  const [newU, newV] = growth.columns;
  const rank = a.cols(growth.u);
  const corner = newU !== undefined && newV !== undefined;
  return {
    y,
    hasBases: true,
    parts: [y.u, y.s, y.v],
    coordinates: [y.s],
    withParts: ([u, s, v]) => sharedMatrix(a, { u: u!, s: s!, v: v! }),
    withCoordinates: ([s]) => sharedMatrix(a, { ...y, s: s! }, growth),
    newColumns: async ([k, l]) => [await a.complement(y.u, k!), await a.complement(y.v, l!)],
    grown(columns) {
      const [u, v] = [beside(a, y.u, columns[0]), beside(a, y.v, columns[1])];
      const s = embed(a, y.s, a.cols(u), a.cols(v));
      return sharedMatrix(a, { u, s, v }, { u: y.u, v: y.v, columns });
    },
    embedded: ([s]) => [embed(a, s!, a.cols(y.u), a.cols(y.v))],
    untold: ([s]) => corner ? [rowsFrom(a, a.columns(s!, rank, a.cols(s!)), rank)] : [],
    told([k, l], [rest]) {
      const left = a.multiply(y.u, k!, { transposeLeft: true });
      if (newV === undefined) return [left];
      const right = a.multiply(l!, newV, { transposeLeft: true });
      return [a.hstack([left, corner ? a.vstack([right, rest!]) : right])];
    },
    async truncated(truncation) {
      const t = await truncate(a, y, truncation as Truncation, rank);
      return { weight: sharedMatrix(a, t.y), discarded: t.discarded };
    },
  };
}

/** The flow of a matrix, of F at it. */
export function matrixFlow<M>({ u, v }: LowRank<M>, f: FieldAt<M>): Flow<M> {
  return {
    directions: async () => [await f.times(v), await f.adjointTimes(u)],
    coordinates: async () => [await f.galerkin(u, v)],
  };
}

/** All rows but the first ones. */
function rowsFrom<M>(a: Algebra<M>, x: M, first: number): M {
  return a.transpose(a.columns(a.transpose(x), first, a.rows(x)));
}
