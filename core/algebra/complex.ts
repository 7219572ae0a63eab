/**
 * The algebra of complex float64 matrices on the host: Schrödinger equations and their kin.
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
import { complexQr, complexSvd, dividedBy } from "./complex_kernels.ts";
import { adjoint, type ComplexMatrix, complexZeros } from "./complex_matrix.ts";
import { hostAlgebra } from "./host.ts";
import { type Matrix, matrix } from "./matrix.ts";
import { clearRoundOff, unitOf } from "./scaling.ts";

/**
 * Algebra of {@linkcode ComplexMatrix} in float64. Every transpose is conjugate, so that integrators
 * written for UᵀF(Y)V compute UᴴF(Y)V. `from` makes real matrices; `read` gives real parts, and
 * the parts themselves are in the record. Squares are those of absolute values, roots and adaptive
 * steps take the real part of second moments.
 *
 * @param real Where products of the parts come from; default: the portable float64 algebra.
 *
 * @example A unit vector with complex entries
 * ```ts
 * import { complexAlgebra, complexMatrix, matrix } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = complexAlgebra();
 * const x = complexMatrix(matrix([0.6, 0], 2, 1), matrix([0, 0.8], 2, 1));
 * assertAlmostEquals(a.multiply(x, x, { transposeLeft: true }).re[0]!, 1);
 * ```
 */
export function complexAlgebra(real: Algebra<Matrix> = hostAlgebra()): Algebra<ComplexMatrix> {
  return new ComplexAlgebra(real);
}

class ComplexAlgebra implements Algebra<ComplexMatrix> {
  readonly name: string;
  readonly epsilon = Number.EPSILON;
  readonly #real: Algebra<Matrix>;

  constructor(real: Algebra<Matrix>) {
    this.#real = real;
    this.name = `complex ${real.name}`;
  }

  rows(x: ComplexMatrix): number {
    return x.rows;
  }
  cols(x: ComplexMatrix): number {
    return x.cols;
  }
  from(data: ArrayLike<number>, rows: number, cols: number): ComplexMatrix {
    return joined(matrix(data, rows, cols));
  }
  read(x: ComplexMatrix): Promise<Float64Array> {
    return Promise.resolve(x.re.slice());
  }
  zeros(rows: number, cols: number): ComplexMatrix {
    return complexZeros(rows, cols);
  }
  zerosLike(x: ComplexMatrix): ComplexMatrix {
    return complexZeros(x.rows, x.cols);
  }
  identity(n: number): ComplexMatrix {
    return joined(this.#real.identity(n));
  }
  diagonal(values: ArrayLike<number>): ComplexMatrix {
    return joined(this.#real.diagonal(values));
  }

  multiply(x: ComplexMatrix, y: ComplexMatrix, o: ProductOptions = {}): ComplexMatrix {
    const [a, b] = [part(x, x.re), part(y, y.re)];
    // A transposed operand is conjugated too.
    const [c, d] = [part(x, x.im, o.transposeLeft), part(y, y.im, o.transposeRight)];
    const product = (p: Matrix, q: Matrix): Matrix => this.#real.multiply(p, q, o);
    return joined(
      this.#real.lincomb(1, product(a, b), -1, product(c, d)),
      this.#real.lincomb(1, product(a, d), 1, product(c, b)),
    );
  }
  transpose(x: ComplexMatrix): ComplexMatrix {
    return adjoint(x);
  }
  reshape(x: ComplexMatrix, rows: number, cols: number): ComplexMatrix {
    return this.#each(x, (y) => this.#real.reshape(y, rows, cols));
  }
  weighted(x: ComplexMatrix, weights: SideWeights): ComplexMatrix {
    return this.#each(x, (y) => this.#real.weighted(y, weights));
  }
  hadamard(x: ComplexMatrix, y: ComplexMatrix): ComplexMatrix {
    const real = this.#real;
    const of = (p: Float64Array, q: Float64Array): Matrix => real.hadamard(part(x, p), part(y, q));
    return joined(
      real.lincomb(1, of(x.re, y.re), -1, of(x.im, y.im)),
      real.lincomb(1, of(x.re, y.im), 1, of(x.im, y.re)),
    );
  }
  conjugate(x: ComplexMatrix): ComplexMatrix {
    return { ...x, im: x.im.map((v) => -v) };
  }
  lincomb(alpha: number, x: ComplexMatrix, beta: number, y: ComplexMatrix): ComplexMatrix {
    const sum = (p: Float64Array, q: Float64Array): Matrix =>
      this.#real.lincomb(alpha, part(x, p), beta, part(y, q));
    return joined(sum(x.re, y.re), sum(x.im, y.im));
  }
  lincombSquare(alpha: number, v: ComplexMatrix, beta: number, g: ComplexMatrix): ComplexMatrix {
    return this.lincomb(alpha, v, beta, this.square(g));
  }
  adaptiveStep(
    x: ComplexMatrix,
    m: ComplexMatrix,
    v: ComplexMatrix,
    c: AdaptiveCoefficients,
  ): ComplexMatrix {
    const step = (p: Float64Array, q: Float64Array): Matrix =>
      this.#real.adaptiveStep(part(x, p), part(m, q), part(v, v.re), c);
    return joined(step(x.re, m.re), step(x.im, m.im));
  }
  scale(alpha: number, x: ComplexMatrix): ComplexMatrix {
    return this.#each(x, (y) => this.#real.scale(alpha, y));
  }
  sqrt(x: ComplexMatrix): ComplexMatrix {
    return joined(this.#real.sqrt(part(x, x.re)));
  }
  square(x: ComplexMatrix): ComplexMatrix {
    const re = part(x, x.re);
    return joined(this.#real.lincombSquare(1, this.#real.square(re), 1, part(x, x.im)));
  }

  columns(x: ComplexMatrix, begin: number, end: number): ComplexMatrix {
    return this.#each(x, (y) => this.#real.columns(y, begin, end));
  }
  hstack(xs: readonly ComplexMatrix[]): ComplexMatrix {
    return this.#all(xs, (ys) => this.#real.hstack(ys));
  }
  vstack(xs: readonly ComplexMatrix[]): ComplexMatrix {
    return this.#all(xs, (ys) => this.#real.vstack(ys));
  }

  async norm(x: ComplexMatrix): Promise<number> {
    return Math.hypot(...await Promise.all([x.re, x.im].map((y) => this.#real.norm(part(x, y)))));
  }
  withoutRoundOff(x: ComplexMatrix): Promise<ComplexMatrix> {
    const sizes = x.re.map((re, i) => Math.hypot(re, x.im[i]!));
    const clear = (data: Float64Array) => clearRoundOff(data, this.epsilon, sizes);
    return Promise.resolve({ ...x, re: clear(x.re), im: clear(x.im) });
  }
  qr(x: ComplexMatrix): Promise<Qr<ComplexMatrix>> {
    return Promise.resolve(complexQr(x));
  }
  svd(x: ComplexMatrix): Promise<Svd<ComplexMatrix>> {
    return Promise.resolve(complexSvd(x));
  }
  orthonormalize(x: ComplexMatrix): Promise<ComplexMatrix> {
    return Promise.resolve(complexQr(x).q);
  }
  complement(u: ComplexMatrix, a: ComplexMatrix): Promise<ComplexMatrix | undefined> {
    if (u.cols >= u.rows) return Promise.resolve(undefined);
    const { q } = complexQr(this.hstack([u, dividedBy(a, unitOf(a.re, a.im))]));
    return Promise.resolve(this.columns(q, u.cols, q.cols));
  }

  #each(x: ComplexMatrix, f: (y: Matrix) => Matrix): ComplexMatrix {
    return joined(f(part(x, x.re)), f(part(x, x.im)));
  }
  #all(xs: readonly ComplexMatrix[], f: (ys: Matrix[]) => Matrix): ComplexMatrix {
    return joined(f(xs.map((x) => part(x, x.re))), f(xs.map((x) => part(x, x.im))));
  }
}

/** One part as a real matrix, without a copy unless its sign turns. */
function part(x: ComplexMatrix, data: Float64Array, negative = false): Matrix {
  return { rows: x.rows, cols: x.cols, data: negative ? data.map((v) => -v) : data };
}

function joined(re: Matrix, im?: Matrix): ComplexMatrix {
  const { rows, cols } = re;
  return { rows, cols, re: re.data, im: im?.data ?? new Float64Array(rows * cols) };
}
