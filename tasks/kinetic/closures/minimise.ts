/**
 * Newton's method with line search for small smooth convex functions.
 *
 * @module
 */

/** A strictly convex function with scratch memory for one point. */
export interface ConvexFunction {
  /** Number of variables. */
  readonly size: number;
  /** Its gradient at the last point. */
  readonly gradient: Float64Array;
  /** Its value at a point, which becomes the last one. */
  at(x: Float64Array): number;
  /** Adds nothing to the point: fills the lower triangle, row after row, at the last point. */
  hessian(into: Float64Array): void;
}

/** Norm of the gradient at which a point is a minimum. */
const TOLERANCE = 1e-12;
/** Norm below which a step that no longer lowers the value has come as far as rounding lets it. */
const ROUNDED = 1e-8;
const STEPS = 200;
/** Part of the decrease along the tangent that a step must bring. */
const ARMIJO = 1e-4;

/** Minimises convex functions of one size, one after the other. */
export class Minimiser {
  readonly #size: number;
  readonly #factor: Float64Array;
  readonly #step: Float64Array;
  readonly #trial: Float64Array;

  /** Makes scratch memory for functions of a number of variables. */
  constructor(size: number) {
    this.#size = size;
    this.#factor = new Float64Array(size * size);
    this.#step = new Float64Array(size);
    this.#trial = new Float64Array(size);
  }

  /**
   * Moves a point to the minimum; afterwards it is the last point of the function.
   *
   * @returns Steps that were taken, or −1 where no minimum was found.
   */
  minimise(f: ConvexFunction, x: Float64Array): number {
    let value = f.at(x);
    if (!Number.isFinite(value)) value = f.at(x.fill(0));
    for (let steps = 0; steps < STEPS; steps++) {
      const size = norm(f.gradient);
      if (size <= TOLERANCE) return steps;
      f.hessian(this.#factor);
      const slope = newtonStep(this.#factor, f.gradient, this.#step);
      if (!(slope < 0)) return this.#failed(f, x, size);
      const lower = this.#search(f, x, { value, size, slope });
      if (lower === undefined) return this.#failed(f, x, size) < 0 ? -1 : steps;
      value = lower;
    }
    return -1;
  }

  /** Halves the step until it brings enough; the point moves. */
  #search(
    f: ConvexFunction,
    x: Float64Array,
    { value, size, slope }: { value: number; size: number; slope: number },
  ): number | undefined {
    // Differences of values below this are rounding: there the gradient decides.
    const noise = 1e-13 * Math.max(1, Math.abs(value));
    for (let t = 1; t > 1e-10; t /= 2) {
      for (let k = 0; k < this.#size; k++) this.#trial[k] = x[k]! + t * this.#step[k]!;
      const found = f.at(this.#trial);
      const lower = found <= value + ARMIJO * t * slope;
      if (lower || (found <= value + noise && norm(f.gradient) < size)) {
        x.set(this.#trial);
        return found;
      }
    }
    return undefined;
  }

  #failed(f: ConvexFunction, x: Float64Array, size: number): number {
    f.at(x);
    return size <= ROUNDED ? 0 : -1;
  }
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k]! * x[k]!;
  return Math.sqrt(sum);
}

/**
 * Solves H s = −g by Cholesky's factorisation in the place of H.
 *
 * @returns ⟨g, s⟩; NaN where H is not positive definite.
 */
export function newtonStep(h: Float64Array, g: Float64Array, s: Float64Array): number {
  const n = g.length;
  for (let i = 0; i < n; i++) {
    let right = -g[i]!;
    for (let j = 0; j <= i; j++) {
      let sum = h[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= h[i * n + k]! * h[j * n + k]!;
      if (j < i) {
        h[i * n + j] = sum / h[j * n + j]!;
        right -= h[i * n + j]! * s[j]!;
      } else {
        if (!(sum > 0)) return NaN;
        h[i * n + i] = Math.sqrt(sum);
      }
    }
    s[i] = right / h[i * n + i]!;
  }
  let slope = 0;
  for (let i = n - 1; i >= 0; i--) {
    let sum = s[i]!;
    for (let k = i + 1; k < n; k++) sum -= h[k * n + i]! * s[k]!;
    s[i] = sum / h[i * n + i]!;
    slope += g[i]! * s[i]!;
  }
  return slope;
}
