/**
 * Functions on the nodes of a quadrature, for tensors of an engine and for float64 matrices alike.
 *
 * @module
 */

import {
  type Algebra,
  checkNumber,
  type Engine,
  engineAlgebra,
  hostAlgebra,
  type Matrix,
  type Tensor,
} from "../../core/mod.ts";

/** Where functions are known, and which of their integrals mean something. */
export interface FunctionDomain {
  /** Nodes × coordinates. */
  readonly nodes: Matrix;
  /** Weights of the quadrature, positive, one for each node. */
  readonly weights: Float64Array;
  /** Collision invariants at the nodes, nodes × their number; linearly independent. */
  readonly invariants: Matrix;
}

/**
 * Functions as columns, each value times the root of its weight: products of columns are integrals.
 */
export interface FunctionSpace<M> {
  /** What computes. */
  readonly algebra: Algebra<M>;
  /** Orthonormal basis of the invariants. */
  readonly invariants: M;
  /**
   * A column over its norm, x/√(‖x‖² + (δ‖y‖)²) with δ = {@linkcode FLOOR}; differentiable.
   *
   * @param whole y, the column of which x is a part. Where little of it is left, that is round-off,
   * and stays small.
   */
  unit(column: M, whole: M): M;
}

/**
 * Share of a column below which the rest of it is not scaled up to a unit vector: float32, where
 * networks learn, and float64, where they serve, shall mean the same functions.
 */
export const FLOOR = 1e-3;

/** Keeps columns of zeros from dividing by zero. */
const TINY = 1e-20;

/** What is known of a domain before any engine is open. */
export class Domain {
  /** As it was given. */
  readonly given: FunctionDomain;
  /** In float64. */
  readonly exact: FunctionSpace<Matrix>;
  /** 1/√w by node. */
  readonly inverseRoots: Float64Array;
  /** √w by node. */
  readonly roots: Float64Array;

  /**
   * Checks a domain and orthonormalises its invariants.
   *
   * @throws {RangeError} When extents differ, a weight is not positive, or the invariants are
   * linearly dependent.
   */
  constructor(given: FunctionDomain) {
    const { nodes, weights, invariants } = given;
    const action = "make an operator network";
    for (const [name, rows] of [["weights", weights.length], ["invariants", invariants.rows]]) {
      if (rows === nodes.rows) continue;
      throw new RangeError(`Cannot ${action}: expected ${nodes.rows} rows of ${name}, got ${rows}`);
    }
    weights.forEach((w) => checkNumber(action, "a weight of the quadrature", w, { above: 0 }));
    this.given = given;
    this.roots = weights.map(Math.sqrt);
    this.inverseRoots = this.roots.map((r) => 1 / r);
    const a = hostAlgebra();
    this.exact = {
      algebra: a,
      invariants: orthonormal(a, a.weighted(invariants, { rows: this.roots })),
      unit: (column, whole) =>
        a.scale(1 / Math.hypot(...column.data, FLOOR * Math.hypot(...whole.data), TINY), column),
    };
  }

  /** The same space on an engine. */
  on(engine: Engine): FunctionSpace<Tensor> {
    const algebra = engineAlgebra(engine);
    const { rows, cols, data } = this.exact.invariants;
    return {
      algebra,
      invariants: algebra.from(data, rows, cols),
      unit(column, whole) {
        const both = engine.concat([column, engine.scale(FLOOR, whole)], 0);
        const row = engine.rmsNorm(engine.reshape(both, [1, 2 * rows]), null, TINY);
        const part = engine.slice(row, [0, 0], [1, rows]);
        return engine.scale(1 / Math.sqrt(2 * rows), engine.reshape(part, [rows, 1]));
      },
    };
  }
}

/** The part of functions that is orthogonal to an orthonormal basis: x − B Bᵀ x, twice. */
export function complement<M>(a: Algebra<M>, basis: M, x: M): M {
  const once = (y: M): M =>
    a.lincomb(1, y, -1, a.multiply(basis, a.multiply(basis, y, { transposeLeft: true })));
  return once(once(x));
}

/**
 * Gram-Schmidt behind an orthonormal basis. Columns that hardly differ from those before them stay
 * small, see {@linkcode FunctionSpace.unit}.
 *
 * @returns The new columns alone.
 */
export function orthonormalBehind<M>(
  { algebra: a, unit }: Pick<FunctionSpace<M>, "algebra" | "unit">,
  before: M,
  x: M,
): M {
  let basis = before;
  for (let k = 0; k < a.cols(x); k++) {
    const whole = a.columns(x, k, k + 1);
    basis = a.hstack([basis, unit(complement(a, basis, whole), whole)]);
  }
  return a.columns(basis, a.cols(before), a.cols(basis));
}

/** An orthonormal basis of columns, or an error where they are dependent. */
function orthonormal(a: Algebra<Matrix>, x: Matrix): Matrix {
  let basis = a.zeros(x.rows, 0);
  for (let k = 0; k < x.cols; k++) {
    const whole = a.columns(x, k, k + 1);
    const column = complement(a, basis, whole);
    const [norm, size] = [Math.hypot(...column.data), Math.hypot(...whole.data)];
    if (!(norm > 1e-10 * size)) {
      throw new RangeError(
        "Cannot make an operator network: expected invariants that are linearly independent, got " +
          `number ${k} in the span of those before it`,
      );
    }
    basis = a.hstack([basis, a.scale(1 / norm, column)]);
  }
  return basis;
}
