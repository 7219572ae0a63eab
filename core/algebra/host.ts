/**
 * The algebra of float64 matrices on the host: physics, references and tests.
 *
 * @module
 */

import type {
  AdaptiveCoefficients,
  Algebra,
  ProductOptions,
  Qr,
  SideWeights,
  Svd,
} from "./algebra.ts";
import type { DenseKernels } from "./dense_kernels.ts";
import { lapackKernels } from "./lapack_kernels.ts";
import {
  checkColumns,
  checkRepeats,
  checkWeights,
  type Matrix,
  matrix,
  matrixOf,
  transposed,
  zeroMatrix,
} from "./matrix.ts";
import { clearRoundOff, divided, unitOf } from "./scaling.ts";
import { simdKernels } from "./simd_kernels.ts";

/**
 * Algebra of {@linkcode Matrix} in float64.
 *
 * @param kernels Where products and factorisations come from; default: those with SIMD. Use
 * {@linkcode openHostAlgebra} to take LAPACK where it is installed.
 *
 * @example A product
 * ```ts
 * import { hostAlgebra, matrix } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const x = matrix([1, 2, 3, 4], 2, 2);
 * assertEquals([...a.multiply(x, x, { transposeRight: true }).data], [5, 11, 11, 25]);
 * ```
 */
export function hostAlgebra(kernels: DenseKernels = simdKernels): Algebra<Matrix> {
  return new HostAlgebra(kernels);
}

class HostAlgebra implements Algebra<Matrix> {
  readonly name: string;
  readonly epsilon = Number.EPSILON;
  readonly #kernels: DenseKernels;

  constructor(kernels: DenseKernels) {
    this.#kernels = kernels;
    this.name = `float64 on the host (${kernels.name})`;
  }

  rows(x: Matrix): number {
    return x.rows;
  }
  cols(x: Matrix): number {
    return x.cols;
  }
  from(data: ArrayLike<number>, rows: number, cols: number): Matrix {
    return matrix(data, rows, cols);
  }
  read(x: Matrix): Promise<Float64Array> {
    return Promise.resolve(x.data.slice());
  }
  zeros(rows: number, cols: number): Matrix {
    return zeroMatrix(rows, cols);
  }
  zerosLike(x: Matrix): Matrix {
    return zeroMatrix(x.rows, x.cols);
  }
  identity(n: number): Matrix {
    return matrixOf(n, n, (i, j) => (i === j ? 1 : 0));
  }
  diagonal(values: ArrayLike<number>): Matrix {
    return matrixOf(values.length, values.length, (i, j) => (i === j ? values[i]! : 0));
  }

  multiply(x: Matrix, y: Matrix, options: ProductOptions = {}): Matrix {
    const inner = options.transposeLeft ? x.rows : x.cols;
    const other = options.transposeRight ? y.cols : y.rows;
    if (inner !== other) {
      throw new RangeError(
        `Cannot multiply ${shape(x, options.transposeLeft)} by ` +
          `${shape(y, options.transposeRight)}: inner dimensions ${inner} and ${other} differ`,
      );
    }
    return this.#kernels.product(x, y, options);
  }
  transpose(x: Matrix): Matrix {
    return transposed(x);
  }
  reshape(x: Matrix, rows: number, cols: number): Matrix {
    if (rows * cols !== x.data.length) {
      throw new RangeError(
        `Cannot reshape ${shape(x)} to ${rows}×${cols}: ${x.data.length} elements must stay, ` +
          `got room for ${rows * cols}`,
      );
    }
    return { rows, cols, data: x.data };
  }
  weighted(x: Matrix, weights: SideWeights): Matrix {
    checkWeights(x.rows, x.cols, weights);
    const { rows, columns } = weights;
    return matrixOf(x.rows, x.cols, (i, j) => {
      const own = (rows?.[i] ?? 1) * x.data[i * x.cols + j]!;
      return own * (columns?.[j] ?? 1);
    });
  }
  hadamard(x: Matrix, y: Matrix): Matrix {
    checkRepeats([x.rows, x.cols], [y.rows, y.cols]);
    const [down, across] = [y.rows === 1 ? 0 : y.cols, y.cols === 1 ? 0 : 1];
    return matrixOf(x.rows, x.cols, (i, j) => {
      return x.data[i * x.cols + j]! * y.data[i * down + j * across]!;
    });
  }
  conjugate(x: Matrix): Matrix {
    return x;
  }
  lincomb(alpha: number, x: Matrix, beta: number, y: Matrix): Matrix {
    return zip(x, y, (a, b) => alpha * a + beta * b);
  }
  lincombSquare(alpha: number, v: Matrix, beta: number, g: Matrix): Matrix {
    return zip(v, g, (a, b) => alpha * a + beta * b * b);
  }
  adaptiveStep(x: Matrix, m: Matrix, v: Matrix, c: AdaptiveCoefficients): Matrix {
    const direction = zip(m, v, (a, b) => a / (Math.sqrt(c.delta * b) + c.epsilon));
    return zip(x, direction, (a, b) => c.gamma * a - c.alpha * b);
  }
  scale(alpha: number, x: Matrix): Matrix {
    return map(x, (a) => alpha * a);
  }
  sqrt(x: Matrix): Matrix {
    return map(x, Math.sqrt);
  }
  square(x: Matrix): Matrix {
    return map(x, (a) => a * a);
  }

  columns(x: Matrix, begin: number, end: number): Matrix {
    checkColumns(x.cols, begin, end);
    return matrixOf(x.rows, end - begin, (i, j) => x.data[i * x.cols + begin + j]!);
  }
  hstack(xs: readonly Matrix[]): Matrix {
    const out = zeroMatrix(xs[0]!.rows, xs.reduce((n, x) => n + x.cols, 0));
    let offset = 0;
    for (const x of xs) {
      for (let i = 0; i < x.rows; i++) {
        out.data.set(x.data.subarray(i * x.cols, (i + 1) * x.cols), i * out.cols + offset);
      }
      offset += x.cols;
    }
    return out;
  }
  vstack(xs: readonly Matrix[]): Matrix {
    const out = zeroMatrix(xs.reduce((m, x) => m + x.rows, 0), xs[0]!.cols);
    let offset = 0;
    for (const x of xs) {
      out.data.set(x.data, offset);
      offset += x.data.length;
    }
    return out;
  }

  norm(x: Matrix): Promise<number> {
    return Promise.resolve(Math.hypot(...chunkNorms(x.data)));
  }
  withoutRoundOff(x: Matrix): Promise<Matrix> {
    return Promise.resolve({ ...x, data: clearRoundOff(x.data, this.epsilon) });
  }
  qr(x: Matrix): Promise<Qr<Matrix>> {
    return Promise.resolve(this.#kernels.qr(x));
  }
  svd(x: Matrix): Promise<Svd<Matrix>> {
    // Iterations on NaN need not end.
    return Promise.resolve(x.data.every(Number.isFinite) ? this.#kernels.svd(x) : noSvd(x));
  }
  orthonormalize(x: Matrix): Promise<Matrix> {
    return Promise.resolve(this.#kernels.qr(x).q);
  }
  complement(u: Matrix, a: Matrix): Promise<Matrix | undefined> {
    // Householder reflections of [U | A] stay orthonormal whatever the rank of A.
    if (u.cols >= u.rows) return Promise.resolve(undefined);
    const { q } = this.#kernels.qr(this.hstack([u, divided(a, unitOf(a.data))]));
    return Promise.resolve(this.columns(q, u.cols, q.cols));
  }
}

/** What stands for the SVD of a matrix that is not finite: singular values that are NaN. */
function noSvd(x: Matrix): Svd<Matrix> {
  const k = Math.min(x.rows, x.cols);
  const nan = (rows: number): Matrix => matrixOf(rows, k, () => NaN);
  return { p: nan(x.rows), sigma: new Float64Array(k).fill(NaN), q: nan(x.cols) };
}

function shape(x: Matrix, transpose = false): string {
  return transpose ? `${x.cols}×${x.rows} (transposed)` : `${x.rows}×${x.cols}`;
}

function map(x: Matrix, f: (a: number) => number): Matrix {
  return { rows: x.rows, cols: x.cols, data: x.data.map(f) };
}

function zip(x: Matrix, y: Matrix, f: (a: number, b: number) => number): Matrix {
  if (x.rows !== y.rows || x.cols !== y.cols) {
    throw new RangeError(
      `Cannot combine element by element: shapes must be equal, got ${shape(x)} and ${shape(y)}`,
    );
  }
  const data = new Float64Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]!, y.data[i]!);
  return { rows: x.rows, cols: x.cols, data };
}

/** Norms of short runs, because `Math.hypot` takes arguments, not arrays of any length. */
function chunkNorms(data: Float64Array): number[] {
  const norms: number[] = [0];
  for (let i = 0; i < data.length; i += 256) norms.push(Math.hypot(...data.subarray(i, i + 256)));
  return norms.length <= 257 ? norms : chunkNorms(Float64Array.from(norms));
}

/**
 * Algebra in float64 with LAPACK where it is installed, else with SIMD.
 */
export function openHostAlgebra(): Promise<Algebra<Matrix>> {
  return Promise.resolve(hostAlgebra(lapackKernels()));
}
