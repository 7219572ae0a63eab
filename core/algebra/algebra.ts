/**
 * The dense operations that geometric code needs, over matrices of any kind. Everything above this
 * seam is written once for float64 on the host and for tensors on an engine backend.
 *
 * @module
 */

/** Thin QR factorisation A = Q R of an m×n matrix, k = min(m, n). */
export interface Qr<M> {
  /** Orthonormal columns, m×k. */
  readonly q: M;
  /** Upper triangular, k×n. */
  readonly r: M;
}

/** Thin singular value decomposition A = P diag(σ) Qᵀ of an m×n matrix, k = min(m, n). */
export interface Svd<M> {
  /** Left singular vectors, m×k. */
  readonly p: M;
  /** Singular values, descending. */
  readonly sigma: Float64Array;
  /** Right singular vectors, n×k: not transposed. */
  readonly q: M;
}

/**
 * The left part of an SVD.
 *
 * @example What an algebra may have, and one that lacks it
 * ```ts
 * import {
 *   hostAlgebra, type InverseFactor, type LeftSvd, matrix, type Matrix,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const gram = matrix([4, 0, 0, 9], 2, 2);
 * const left: LeftSvd<Matrix> | undefined = await a.leftSvd?.(gram);
 * const root: InverseFactor<Matrix> | undefined = a.inverseFactor?.(gram);
 * assertEquals([left, root], [undefined, undefined]);
 * ```
 */
export interface LeftSvd<M> {
  /** Left singular vectors, m×m. */
  readonly p: M;
  /** Singular values, descending. */
  readonly sigma: Float64Array;
}

/** Inverse of the Cholesky factor of a Gram matrix G = RᵀR. */
export interface InverseFactor<M> {
  /** R⁻¹, n×n upper triangular. */
  readonly inverse: M;
  /** ‖R‖ ‖R⁻¹‖ in the Frobenius norm: n where G is the identity. */
  readonly condition: number;
}

/** Which operands of a product are transposed; both default to false. */
export interface ProductOptions {
  /** Use the transpose of the left operand. */
  readonly transposeLeft?: boolean;
  /** Use the transpose of the right operand. */
  readonly transposeRight?: boolean;
}

/** Factors of the rows and columns of a matrix; what is absent stays as it is. */
export interface SideWeights {
  /** One for each row. */
  readonly rows?: ArrayLike<number>;
  /** One for each column. */
  readonly columns?: ArrayLike<number>;
}

/** Coefficients of {@linkcode Elementwise.adaptiveStep}. */
export interface AdaptiveCoefficients {
  /** Factor of x: 1, or 1 − rate × decay where weights decay. */
  readonly gamma: number;
  /** Step along m. */
  readonly alpha: number;
  /** Factor of v under the root: the bias correction of second moments. */
  readonly delta: number;
  /** Added to the root. */
  readonly epsilon: number;
}

/**
 * Element-wise operations: all that an optimizer rule needs. Operands have equal shapes.
 *
 * @example A step of Adam by hand
 * ```ts
 * import {
 *   type AdaptiveCoefficients, type Elementwise, hostAlgebra, matrix, type Matrix,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a: Elementwise<Matrix> = hostAlgebra();
 * const [x, m, v] = [matrix([1], 1, 1), matrix([2], 1, 1), matrix([4], 1, 1)];
 * const step: AdaptiveCoefficients = { gamma: 1, alpha: 0.1, delta: 1, epsilon: 0 };
 * assertEquals(a.adaptiveStep(x, m, v, step).data[0], 0.9);
 * ```
 */
export interface Elementwise<M> {
  /** α x + β y. */
  lincomb(alpha: number, x: M, beta: number, y: M): M;
  /** α v + β g², element by element. */
  lincombSquare(alpha: number, v: M, beta: number, g: M): M;
  /** γ x − α m / (√(δ v) + ε), element by element. */
  adaptiveStep(x: M, m: M, v: M, c: AdaptiveCoefficients): M;
  /** α x. */
  scale(alpha: number, x: M): M;
  /** Zeros in the shape of `x`. */
  zerosLike(x: M): M;
}

/**
 * Matrix operations. Each returns a new matrix and leaves its operands untouched. What may have to
 * read data back from a device is a promise.
 *
 * @example Factors of a matrix
 * ```ts
 * import {
 *   type Algebra, hostAlgebra, matrix, type Matrix, type ProductOptions, type Qr, type
 *   SideWeights, type Svd,
 * } from "@rankflow/rankflow";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const a: Algebra<Matrix> = hostAlgebra();
 * const x = matrix([3, 0, 0, -2], 2, 2);
 * const { q, r }: Qr<Matrix> = await a.qr(x);
 * assertAlmostEquals(a.multiply(q, r).data[0]!, 3, 1e-12);
 * const { sigma }: Svd<Matrix> = await a.svd(x);
 * assertEquals([...sigma], [3, 2]);
 * const gram: ProductOptions = { transposeLeft: true };
 * assertEquals([...a.multiply(x, x, gram).data], [9, 0, 0, 4]);
 * const halved: SideWeights = { rows: [0.5, 1] };
 * assertEquals([...a.weighted(x, halved).data], [1.5, 0, 0, -2]);
 * ```
 */
export interface Algebra<M> extends Elementwise<M> {
  /** What it computes with, for people. */
  readonly name: string;
  /** Unit round-off times two: 2.2e-16 in float64, 1.2e-7 in float32. */
  readonly epsilon: number;

  /** Number of rows. */
  rows(x: M): number;
  /** Number of columns. */
  cols(x: M): number;
  /** Makes a matrix of row-major `data`, which is copied. */
  from(data: ArrayLike<number>, rows: number, cols: number): M;
  /** Reads a matrix back, row-major. */
  read(x: M): Promise<Float64Array>;
  /** rows×cols zeros. */
  zeros(rows: number, cols: number): M;
  /** n×n identity. */
  identity(n: number): M;
  /** Square matrix with `values` on its diagonal. */
  diagonal(values: ArrayLike<number>): M;

  /** Product of two matrices in any transposition. */
  multiply(x: M, y: M, options?: ProductOptions): M;
  /** Transpose. */
  transpose(x: M): M;
  /** The same elements in the same row-major order as a rows×cols matrix. */
  reshape(x: M, rows: number, cols: number): M;
  /** diag(rows) x diag(columns), one after the other. */
  weighted(x: M, weights: SideWeights): M;
  /** x ∘ y, element by element; a `y` of one row or one column is repeated. */
  hadamard(x: M, y: M): M;
  /** Element-wise complex conjugate: `x` itself where numbers are real. */
  conjugate(x: M): M;
  /** Element-wise square root. */
  sqrt(x: M): M;
  /** Element-wise square. */
  square(x: M): M;
  /** Columns begin … end − 1. */
  columns(x: M, begin: number, end: number): M;
  /** Matrices side by side. */
  hstack(xs: readonly M[]): M;
  /** Matrices on top of one another. */
  vstack(xs: readonly M[]): M;

  /** Frobenius norm. */
  norm(x: M): Promise<number>;
  /**
   * The matrix with zeros for entries that are round-off beside its largest one: products of
   * orthonormal bases leave up to some tens of {@linkcode Algebra.epsilon} of it where the exact
   * entry is zero, and 256 are cleared.
   */
  withoutRoundOff(x: M): Promise<M>;
  /** Thin Householder QR. */
  qr(x: M): Promise<Qr<M>>;
  /** Thin SVD. */
  svd(x: M): Promise<Svd<M>>;
  /**
   * P and sigma of the SVD of an m×n matrix, m ≤ n, where there is a cheaper way to them that is as
   * accurate as the numbers are; undefined where there is none.
   */
  leftSvd?(x: M): Promise<LeftSvd<M> | undefined>;
  /**
   * R⁻¹ of the Cholesky factorisation of an n×n Gram matrix, where there is a cheap way to it;
   * undefined where the matrix is not definite to working precision.
   */
  inverseFactor?(gram: M): InverseFactor<M> | undefined;
  /** Orthonormal basis of the columns of `x`, m×min(m, n), completed where `x` lacks rank. */
  orthonormalize(x: M): Promise<M>;
  /**
   * The directions that span(A) adds to span(U): orthonormal columns, orthogonal to `u`, such that
   * [U | result] spans [U | A]. At most m − r of them; completed by arbitrary directions where A
   * lacks rank; undefined where U spans everything already.
   *
   * @param u Orthonormal columns, m×r.
   * @param a m×k.
   */
  complement(u: M, a: M): Promise<M | undefined>;
  /** Runs `f` and frees what it made except its result, where matrices have to be freed. */
  tidy?<T>(f: () => T): T;
}
