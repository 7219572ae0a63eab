/**
 * Least squares with a bilinear model, whose data are spread over clients: L(W) is the mean over
 * points of (p(x)ᵀ W p(y) − f(x, y))² / 2, with Legendre polynomials p.
 *
 * @module
 */

import {
  type Algebra,
  denseField,
  type Flow,
  type Holder,
  matricesFlow,
  type Matrix,
  matrix,
  matrixFlow,
  type Random,
  type SharedWeight,
  toDense,
} from "../../core/mod.ts";

/** Name of the one weight. */
export const WEIGHT = "w";

/** Points with what is to be found at them. */
export interface Points {
  /** p(x) of each, N×n. */
  readonly left: Matrix;
  /** p(y) of each, N×n. */
  readonly right: Matrix;
  /** f(x, y) of each, N. */
  readonly values: Float64Array;
}

/** A client's least-squares problem: L(W) = ½ wᵀ H w − bᵀ w + c over the entries w of W. */
export interface Quadratic {
  /** Points. */
  readonly points: Points;
  /** H, n²×n². */
  readonly hessian: Matrix;
  /** bᵀ, 1×n². */
  readonly linear: Matrix;
}

/** Legendre polynomials P₀ … P_{n−1} at points of [−1, 1], N×n. */
export function legendre(x: Float64Array, n: number, normalised: boolean): Matrix {
  const out = new Float64Array(x.length * n);
  x.forEach((at, row) => {
    let [before, now] = [0, 1];
    for (let k = 0; k < n; k++) {
      out[row * n + k] = now * (normalised ? Math.sqrt(2 * k + 1) : 1);
      [before, now] = [now, ((2 * k + 1) * at * now - k * before) / (k + 1)];
    }
  });
  return matrix(out, x.length, n);
}

/** Random points of [−1, 1]², where f is p(x)ᵀ target p(y). */
export function randomPoints(
  count: number,
  target: Matrix,
  normalised: boolean,
  random: Random,
): Points {
  const n = target.rows;
  const [left, right] = ["x", "y"].map((axis) =>
    legendre(random.fork(axis).fillUniform(new Float64Array(count), -1, 1), n, normalised)
  ) as [Matrix, Matrix];
  return { left, right, values: bilinear(left, right, target) };
}

/** p(x)ᵀ W p(y) at all points. */
function bilinear(left: Matrix, right: Matrix, w: Matrix): Float64Array {
  const n = w.rows;
  return Float64Array.from({ length: left.rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let inner = 0;
      for (let j = 0; j < n; j++) inner += w.data[i * n + j]! * right.data[row * n + j]!;
      sum += left.data[row * n + i]! * inner;
    }
    return sum;
  });
}

/** The normal equations of points: many fewer numbers than there are points. */
export function quadratic(a: Algebra<Matrix>, points: Points): Quadratic {
  const { left, right, values } = points;
  const [count, n] = [left.rows, left.cols];
  const rows = new Float64Array(count * n * n);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        rows[(row * n + i) * n + j] = left.data[row * n + i]! * right.data[row * n + j]!;
      }
    }
  }
  const features = matrix(rows, count, n * n);
  const of = (x: Matrix) => a.scale(1 / count, a.multiply(x, features, { transposeLeft: true }));
  return { points, hessian: of(features), linear: of(matrix(values, count, 1)) };
}

/** The loss at W, from the points: exact also where it is tiny. */
export function lossAt({ points: { left, right, values } }: Quadratic, w: Matrix): number {
  const found = bilinear(left, right, w);
  return found.reduce((sum, v, i) => sum + (v - values[i]!) ** 2, 0) / (2 * values.length);
}

/** Minus the gradient at W, n×n. */
export function flowAt(a: Algebra<Matrix>, q: Quadratic, w: Matrix): Matrix {
  const entries = a.reshape(w, 1, w.rows * w.cols);
  const flow = a.lincomb(1, q.linear, -1, a.multiply(entries, q.hessian));
  return a.reshape(flow, w.rows, w.cols);
}

/** The largest eigenvalue of H: the Lipschitz constant of the gradient. */
export async function lipschitz(a: Algebra<Matrix>, { hessian }: Quadratic): Promise<number> {
  return (await a.svd(hessian)).sigma[0]!;
}

/** The matrix that a weight stands for: U S Vᵀ in shared bases, W, or factors U, S and V. */
export function matrixOf(a: Algebra<Matrix>, weight: SharedWeight<Matrix>): Matrix {
  const [u, s, v] = weight.parts;
  return s && v ? toDense(a, { u: u!, s, v }) : u!;
}

/** A client that holds such data. */
export function leastSquaresHolder(a: Algebra<Matrix>, q: Quadratic): Holder<Matrix> {
  return {
    count: q.points.values.length,
    look({ [WEIGHT]: weight }, { purpose, step }) {
      const w = matrixOf(a, weight!);
      // Between, nobody asks for the loss.
      const loss = purpose === "shared" || step === 0 ? lossAt(q, w) : 0;
      const flows = { [WEIGHT]: flowIn(a, weight!, flowAt(a, q, w)) };
      return Promise.resolve({ loss, flows, dispose: () => {} });
    },
  };
}

/** F in what moves of a weight. */
function flowIn(a: Algebra<Matrix>, weight: SharedWeight<Matrix>, f: Matrix): Flow<Matrix> {
  const [u, s, v] = weight.parts;
  if (!s || !v) return matricesFlow([f]);
  const field = denseField(a, f);
  if (weight.hasBases) return matrixFlow({ u: u!, s, v }, field);
  return matricesFlow([
    a.multiply(field.times(v), s, { transposeRight: true }),
    field.galerkin(u!, v),
    a.multiply(field.adjointTimes(u!), s),
  ]);
}
