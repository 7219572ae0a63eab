/**
 * Factorisations of complex float64 matrices: QR by Householder reflections, SVD by one-sided
 * Jacobi rotations.
 *
 * @module
 */

import { adjoint, type ComplexMatrix, complexZeros } from "./complex_matrix.ts";
import { unitOf } from "./scaling.ts";

/** Sweeps over all pairs of columns; ten are many. */
const MAX_SWEEPS = 60;
/**
 * Columns this short, beside entries of about one, are zero: the squares of longer ones have all
 * their digits.
 */
const NOTHING = 2 ** -400;

/**
 * Thin QR factorisation by Householder reflections; real matrices give real factors.
 *
 * @param x m×n, k = min(m, n).
 * @returns q m×k with orthonormal columns, whatever the rank of x, and r k×n upper triangular.
 */
export function complexQr(x: ComplexMatrix): { q: ComplexMatrix; r: ComplexMatrix } {
  const { rows: m, cols: n } = x;
  const k = Math.min(m, n);
  const unit = unitOf(x.re, x.im);
  const work = adjoint(dividedBy(x, unit)); // Rows of the adjoint are conjugated columns: contiguous.
  const reflectors: Reflector[] = [];
  for (let j = 0; j < k; j++) {
    const v = reflector(work, j);
    reflectors.push(v);
    for (let c = j; c < n; c++) reflect(work, c, j, v);
  }
  const r = complexZeros(k, n);
  for (let i = 0; i < k; i++) {
    for (let j = i; j < n; j++) {
      r.re[i * n + j] = work.re[j * m + i]! * unit;
      r.im[i * n + j] = -work.im[j * m + i]! * unit;
    }
  }
  const q = complexZeros(k, m); // The adjoint of Q: the reflections of the unit vectors.
  for (let j = 0; j < k; j++) q.re[j * m + j] = 1;
  for (let j = k - 1; j >= 0; j--) {
    for (let c = j; c < k; c++) reflect(q, c, j, reflectors[j]!);
  }
  return { q: adjoint(q), r };
}

/** I − τ v vᴴ on the components from `begin` on; conjugated like the rows that it acts on. */
interface Reflector {
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** 2 / ‖v‖², or 0 for the identity. */
  readonly tau: number;
}

/** The reflection that takes row j of `w`, from its entry j on, to a multiple of a unit vector. */
function reflector(w: ComplexMatrix, j: number): Reflector {
  const [begin, end] = [j * w.cols + j, (j + 1) * w.cols];
  const [re, im] = [w.re.slice(begin, end), w.im.slice(begin, end)];
  const length = hypot(re, im);
  if (length === 0) return { re, im, tau: 0 };
  for (let i = 0; i < re.length; i++) {
    re[i]! /= length;
    im[i]! /= length;
  }
  const head = Math.hypot(re[0]!, im[0]!);
  const [c, s] = head === 0 ? [1, 0] : [re[0]! / head, im[0]! / head];
  re[0]! += c;
  im[0]! += s;
  const norm = hypot(re, im);
  return { re, im, tau: 2 / norm ** 2 };
}

/** Applies a reflection to the entries of row `row` from `begin` on. */
function reflect(w: ComplexMatrix, row: number, begin: number, v: Reflector): void {
  if (v.tau === 0) return;
  const offset = row * w.cols + begin;
  let [re, im] = [0, 0];
  for (let i = 0; i < v.re.length; i++) {
    const [a, b] = [w.re[offset + i]!, w.im[offset + i]!];
    re += v.re[i]! * a + v.im[i]! * b;
    im += v.re[i]! * b - v.im[i]! * a;
  }
  re *= v.tau;
  im *= v.tau;
  for (let i = 0; i < v.re.length; i++) {
    w.re[offset + i]! -= v.re[i]! * re - v.im[i]! * im;
    w.im[offset + i]! -= v.re[i]! * im + v.im[i]! * re;
  }
}

/** Euclidean length without overflow. */
function hypot(re: Float64Array, im: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < re.length; i++) {
    largest = Math.max(largest, Math.abs(re[i]!), Math.abs(im[i]!));
  }
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < re.length; i++) sum += (re[i]! / largest) ** 2 + (im[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/**
 * Thin SVD by one-sided Jacobi rotations (Hestenes), which find small singular values and their
 * vectors to high relative accuracy, down to 10⁻¹²⁰ of the largest; real matrices give real factors.
 *
 * @param x m×n, k = min(m, n).
 * @returns p m×k, sigma descending, q n×k: x = p diag(sigma) qᴴ.
 * @throws {Error} When the rotations do not converge, which finite matrices are not known to cause.
 */
export function complexSvd(
  x: ComplexMatrix,
): { p: ComplexMatrix; sigma: Float64Array; q: ComplexMatrix } {
  if (x.rows < x.cols) {
    const { p, sigma, q } = complexSvd(adjoint(x));
    return { p: q, sigma, q: p };
  }
  const n = x.cols;
  const unit = unitOf(x.re, x.im);
  const columns = adjoint(dividedBy(x, unit)); // Row j is the conjugate of column j.
  const turned = complexZeros(n, n);
  for (let i = 0; i < n; i++) turned.re[i * n + i] = 1;
  for (let sweep = 0; rotateAll(columns, turned); sweep++) {
    if (sweep === MAX_SWEEPS) {
      throw new Error(
        `Cannot compute the SVD of a ${x.rows}×${n} matrix: expected ${MAX_SWEEPS} sweeps of ` +
          `rotations to converge, got columns that are not orthogonal`,
      );
    }
  }
  const { p, sigma, q } = sorted(columns, turned);
  return { p, sigma: sigma.map((value) => value * unit), q };
}

/** x / unit; `x` itself where the unit is 1. */
export function dividedBy(x: ComplexMatrix, unit: number): ComplexMatrix {
  if (unit === 1) return x;
  return { ...x, re: x.re.map((v) => v / unit), im: x.im.map((v) => v / unit) };
}

/** One sweep over all pairs of rows; whether a pair was not orthogonal yet. */
function rotateAll(w: ComplexMatrix, v: ComplexMatrix): boolean {
  let turned = false;
  for (let p = 0; p < w.rows; p++) {
    for (let q = p + 1; q < w.rows; q++) turned = rotatePair(w, v, p, q) || turned;
  }
  return turned;
}

function rotatePair(w: ComplexMatrix, v: ComplexMatrix, p: number, q: number): boolean {
  const n = w.cols;
  let [alpha, beta, re, im] = [0, 0, 0, 0];
  for (let i = 0, a = p * n, b = q * n; i < n; i++, a++, b++) {
    const [ar, ai, br, bi] = [w.re[a]!, w.im[a]!, w.re[b]!, w.im[b]!];
    alpha += ar * ar + ai * ai;
    beta += br * br + bi * bi;
    re += ar * br + ai * bi;
    im += ar * bi - ai * br;
  }
  const [shorter, longer] = [Math.sqrt(Math.min(alpha, beta)), Math.sqrt(Math.max(alpha, beta))];
  if (shorter < NOTHING) return clearRow(w, alpha < beta ? p : q);
  const size = Math.hypot(re, im);
  // Round-off of an inner product of n terms.
  if (!(size > Number.EPSILON * Math.sqrt(n) * shorter * longer)) return false;
  const zeta = (beta - alpha) / (2 * size);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, t);
  const turn = { c, s: c * t, re: re / size, im: im / size };
  turnRows(w, p, q, turn);
  turnRows(v, p, q, turn);
  return true;
}

/** Sets a row to zero; nothing has turned. */
function clearRow(w: ComplexMatrix, row: number): false {
  for (const part of [w.re, w.im]) part.fill(0, row * w.cols, (row + 1) * w.cols);
  return false;
}

/** Rows p and q after the phase of their inner product is taken off q, and a plane rotation. */
function turnRows(
  w: ComplexMatrix,
  p: number,
  q: number,
  { c, s, re, im }: { c: number; s: number; re: number; im: number },
): void {
  const n = w.cols;
  for (let i = 0, a = p * n, b = q * n; i < n; i++, a++, b++) {
    const [ar, ai] = [w.re[a]!, w.im[a]!];
    const br = w.re[b]! * re + w.im[b]! * im;
    const bi = w.im[b]! * re - w.re[b]! * im;
    w.re[a] = c * ar - s * br;
    w.im[a] = c * ai - s * bi;
    w.re[b] = s * ar + c * br;
    w.im[b] = s * ai + c * bi;
  }
}

/** Lengths of the rows are the singular values; zero rows are completed to an orthonormal basis. */
function sorted(
  columns: ComplexMatrix,
  turned: ComplexMatrix,
): { p: ComplexMatrix; sigma: Float64Array; q: ComplexMatrix } {
  const n = columns.rows;
  const lengths = Array.from(
    { length: n },
    (_, j) => hypot(row(columns.re, j), row(columns.im, j)),
  );
  function row(data: Float64Array, j: number): Float64Array {
    return data.subarray(j * columns.cols, (j + 1) * columns.cols);
  }
  const order = lengths.map((_, j) => j).sort((a, b) => lengths[b]! - lengths[a]!);
  const sigma = Float64Array.from(order, (j) => lengths[j]!);
  const p = picked(columns, order, sigma);
  const rank = sigma.filter((x) => x > 0).length;
  return {
    p: rank < n ? completed(p, rank) : adjoint(p),
    sigma,
    q: adjoint(picked(turned, order)),
  };
}

/** Rows in another order, divided by `lengths` where those are not zero. */
function picked(
  w: ComplexMatrix,
  order: readonly number[],
  lengths?: Float64Array,
): ComplexMatrix {
  const out = complexZeros(w.rows, w.cols);
  order.forEach((from, to) => {
    const factor = lengths?.[to] || 1;
    for (let i = 0; i < w.cols; i++) {
      out.re[to * w.cols + i] = w.re[from * w.cols + i]! / factor;
      out.im[to * w.cols + i] = w.im[from * w.cols + i]! / factor;
    }
  });
  return out;
}

/** Columns of which the first `rank` are orthonormal, completed to an orthonormal basis. */
function completed(adjointBasis: ComplexMatrix, rank: number): ComplexMatrix {
  const basis = adjoint(adjointBasis);
  const { q } = complexQr(basis);
  for (let i = 0; i < basis.rows; i++) {
    for (let j = rank; j < basis.cols; j++) {
      basis.re[i * basis.cols + j] = q.re[i * basis.cols + j]!;
      basis.im[i * basis.cols + j] = q.im[i * basis.cols + j]!;
    }
  }
  return basis;
}
