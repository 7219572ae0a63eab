/**
 * Functions of matrices that several manifolds share.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { NonFiniteError } from "../checks.ts";
import type { Random } from "../random.ts";
import type { Check } from "./types.ts";

/** Relative size of constraint violations that pass as round-off: 3e-13 or 3e-6. */
export function roundOff<M>(a: Algebra<M>): number {
  return a.epsilon ** 0.8;
}

/** ⟨X, Y⟩ = Σ x y over all elements; its real part where numbers are complex. */
export async function innerProduct<M>(a: Algebra<M>, x: M, y: M): Promise<number> {
  const size = a.rows(x) * a.cols(x);
  const [row, other] = [a.reshape(x, 1, size), a.reshape(y, 1, size)];
  return (await a.read(a.multiply(row, other, { transposeRight: true })))[0]!;
}

/** XᵀY. */
export function gram<M>(a: Algebra<M>, x: M, y: M): M {
  return a.multiply(x, y, { transposeLeft: true });
}

/** X − Y. */
export function difference<M>(a: Algebra<M>, x: M, y: M): M {
  return a.lincomb(1, x, -1, y);
}

/** X + Y. */
export function sum<M>(a: Algebra<M>, x: M, y: M): M {
  return a.lincomb(1, x, 1, y);
}

/** ½ (X + Xᵀ). */
export function symmetricPart<M>(a: Algebra<M>, x: M): M {
  return a.lincomb(0.5, x, 0.5, a.transpose(x));
}

/** (I − U Uᵀ) Z. */
export function outside<M>(a: Algebra<M>, u: M, z: M): M {
  return difference(a, z, a.multiply(u, gram(a, u, z)));
}

/** Independent standard normal entries. */
export function gaussianMatrix<M>(
  a: Algebra<M>,
  random: Random,
  rows: number,
  cols: number,
): M {
  return a.from(random.fillNormal(new Float64Array(rows * cols)), rows, cols);
}

/** The orthogonal factor of the polar decomposition: the nearest matrix with orthonormal columns. */
export async function polarFactor<M>(a: Algebra<M>, x: M): Promise<M> {
  const { p, q } = await a.svd(x);
  return a.multiply(p, q, { transposeRight: true });
}

/**
 * The Q of the QR factorisation whose R has a positive diagonal: unlike that of reflections it
 * depends smoothly on X.
 *
 * @param x m×n of full rank, m ≥ n.
 */
export async function positiveQr<M>(a: Algebra<M>, x: M): Promise<M> {
  const { q, r } = await a.qr(x);
  const real = a.conjugate(r) === r;
  return a.multiply(q, real ? await signs(a, r) : await phases(a, r));
}

/** Signs of the diagonal of a real matrix, as a diagonal matrix. */
async function signs<M>(a: Algebra<M>, r: M): Promise<M> {
  const [n, data] = [a.cols(r), await a.read(r)];
  return a.diagonal(Array.from({ length: n }, (_, i) => data[i * n + i]! < 0 ? -1 : 1));
}

/** The same for complex numbers: those of absolute value one. */
async function phases<M>(a: Algebra<M>, r: M): Promise<M> {
  const [n, identity] = [a.cols(r), a.identity(a.cols(r))];
  const columns: M[] = [];
  for (let i = 0; i < n; i++) {
    const unit = a.columns(identity, i, i + 1);
    const entry = gram(a, unit, a.columns(r, i, i + 1));
    columns.push(a.multiply(unit, await polarFactor(a, entry)));
  }
  return a.hstack(columns);
}

/**
 * X⁻¹ of a small matrix by its SVD.
 *
 * @param x n×n.
 * @param what Words for the message, such as "retract".
 * @throws {RangeError} When it is singular to working precision.
 */
export async function inverse<M>(a: Algebra<M>, x: M, what: string): Promise<M> {
  const { p, sigma, q } = await a.svd(x);
  if (!(sigma.at(-1)! > a.epsilon * sigma[0]!)) {
    throw new RangeError(
      `Cannot ${what}: the points are too far apart, a matrix to invert is singular; ` +
        "take a shorter step",
    );
  }
  return a.multiply(a.multiply(q, a.diagonal(sigma.map((s) => 1 / s))), p, {
    transposeRight: true,
  });
}

/** Terms after which the series is exact to float64 for norms up to one. */
const TERMS = 18;

/**
 * exp(X) of a small matrix by scaling, squaring and the Taylor series.
 *
 * @param x n×n.
 * @throws {NonFiniteError} When it is not finite.
 */
export async function matrixExponential<M>(a: Algebra<M>, x: M): Promise<M> {
  const norm = await a.norm(x);
  if (!Number.isFinite(norm)) {
    throw new NonFiniteError(`Cannot exponentiate: expected a finite matrix, got norm ${norm}`);
  }
  const squarings = Math.max(0, Math.ceil(Math.log2(norm)));
  const small = a.scale(2 ** -squarings, x);
  const identity = a.identity(a.rows(x));
  let result = identity;
  for (let k = TERMS; k >= 1; k--) {
    result = a.lincomb(1, identity, 1 / k, a.multiply(small, result));
  }
  for (let i = 0; i < squarings; i++) result = a.multiply(result, result);
  return result;
}

/** Whether a matrix has the shape rows×cols. */
export function checkShape<M>(
  a: Algebra<M>,
  what: string,
  x: M,
  rows: number,
  cols: number,
): Check {
  if (a.rows(x) === rows && a.cols(x) === cols) return { ok: true };
  return {
    ok: false,
    reason: `${what} must be ${rows}×${cols}, got ${a.rows(x)}×${a.cols(x)}`,
  };
}

/** Whether a norm is small beside a scale; NaN and infinity are not. */
export function checkSmall<M>(a: Algebra<M>, what: string, size: number, scale: number): Check {
  if (size <= roundOff(a) * scale) return { ok: true };
  return { ok: false, reason: `${what} is off by ${size.toExponential(1)}` };
}

/** Whether a matrix is rows×cols with orthonormal columns. */
export async function checkFrame<M>(
  a: Algebra<M>,
  what: string,
  x: M,
  rows: number,
  cols: number,
): Promise<Check> {
  const shape = checkShape(a, what, x, rows, cols);
  if (!shape.ok) return shape;
  const defect = await a.norm(difference(a, gram(a, x, x), a.identity(cols)));
  return checkSmall(a, `orthonormality of the columns of ${what}`, defect, Math.sqrt(cols));
}

/** The first check that fails, or success; later ones are not run. */
export async function firstFault(
  checks: readonly (() => Check | Promise<Check>)[],
): Promise<Check> {
  for (const check of checks) {
    const result = await check();
    if (!result.ok) return result;
  }
  return { ok: true };
}

/**
 * Refuses sizes that make no manifold.
 *
 * @throws {RangeError} When a number is no positive integer.
 */
export function requirePositive(what: string, values: readonly number[], count: number): void {
  if (values.length === count && values.every((n) => Number.isInteger(n) && n >= 1)) return;
  throw new RangeError(
    `Cannot make a manifold: ${what} must be ${count} positive integers, got [${
      values.join(", ")
    }]`,
  );
}
