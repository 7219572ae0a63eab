/**
 * Explicit Runge-Kutta steps on vectors, with their exact derivatives forwards and backwards.
 *
 * @module
 */

import { checkNumber } from "../checks.ts";
import type { Tableau } from "../integrators/mod.ts";

/** The right-hand side of u′ = f(t, u, p) with products by its Jacobians. */
export interface DifferentiableField {
  /** Length of u. */
  readonly size: number;
  /** Length of p. */
  readonly parameters: number;
  /** Writes f(t, u, p) into `out`. */
  value(t: number, u: Float64Array, p: Float64Array, out: Float64Array): void;
  /** Writes (∂f/∂u) v + (∂f/∂p) q into `out`. */
  tangent(
    t: number,
    u: Float64Array,
    p: Float64Array,
    v: Float64Array,
    q: Float64Array,
    out: Float64Array,
  ): void;
  /** Adds (∂f/∂u)ᵀ λ to `toState` and (∂f/∂p)ᵀ λ to `toParameters`. */
  adjoint(
    t: number,
    u: Float64Array,
    p: Float64Array,
    lambda: Float64Array,
    toState: Float64Array,
    toParameters: Float64Array,
  ): void;
}

/** One step u ↦ Φ(u, p) of a Runge-Kutta method and the derivatives of this map. */
export interface DifferentiableStep {
  /** Φ(u, p), overwriting `u`. */
  step(t: number, u: Float64Array, p: Float64Array): Float64Array;
  /** (∂Φ/∂u) v + (∂Φ/∂p) q, overwriting `v`; `u` is the state before the step. */
  tangentStep(
    t: number,
    u: Float64Array,
    p: Float64Array,
    v: Float64Array,
    q: Float64Array,
  ): Float64Array;
  /**
   * (∂Φ/∂u)ᵀ λ, overwriting `lambda`, and (∂Φ/∂p)ᵀ λ, added to `gradient`; `u` is the state before
   * the step.
   */
  adjointStep(
    t: number,
    u: Float64Array,
    p: Float64Array,
    lambda: Float64Array,
    gradient: Float64Array,
  ): Float64Array;
}

/**
 * Makes the step of an explicit Runge-Kutta method and its exact discrete derivatives: those of the
 * step as computed, so that adjoint and tangent agree to round-off.
 *
 * @param dt Step size.
 */
export function differentiableRungeKutta(
  field: DifferentiableField,
  { a, b, c }: Tableau,
  dt: number,
): DifferentiableStep {
  checkNumber("step", "dt", dt);
  const vectors = (): Float64Array[] => b.map(() => new Float64Array(field.size));
  const [points, slopes, others, more] = [vectors(), vectors(), vectors(), vectors()];
  /** x + dt Σ wⱼ kⱼ into `out`. */
  const combine = (
    x: Float64Array,
    w: readonly number[],
    k: readonly Float64Array[],
    out: Float64Array,
  ): void => {
    out.set(x);
    w.forEach((weight, j) => {
      if (weight !== 0) addTo(out, dt * weight, k[j]!);
    });
  };
  const stages = (t: number, u: Float64Array, p: Float64Array): void => {
    a.forEach((row, i) => {
      combine(u, row, slopes, points[i]!);
      field.value(t + c[i]! * dt, points[i]!, p, slopes[i]!);
    });
  };
  return {
    step(t, u, p) {
      stages(t, u, p);
      combine(u, b, slopes, u);
      return u;
    },
    tangentStep(t, u, p, v, q) {
      stages(t, u, p);
      a.forEach((row, i) => {
        combine(v, row, others, more[i]!);
        field.tangent(t + c[i]! * dt, points[i]!, p, more[i]!, q, others[i]!);
      });
      combine(v, b, others, v);
      return v;
    },
    adjointStep(t, u, p, lambda, gradient) {
      stages(t, u, p);
      // others[i] collects the adjoint of stage slope i, more[i] that of stage point i.
      b.forEach((weight, i) => addTo(others[i]!.fill(0), dt * weight, lambda));
      for (let i = b.length - 1; i >= 0; i--) {
        more[i]!.fill(0);
        field.adjoint(t + c[i]! * dt, points[i]!, p, others[i]!, more[i]!, gradient);
        a[i]!.forEach((weight, j) => addTo(others[j]!, dt * weight, more[i]!));
      }
      for (const x of more) addTo(lambda, 1, x);
      return lambda;
    },
  };
}

/** y += α x. */
function addTo(y: Float64Array, alpha: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += alpha * x[i]!;
}
