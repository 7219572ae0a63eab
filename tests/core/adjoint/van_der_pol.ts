/** The Van der Pol oscillator ẍ − p(1 − x²)ẋ + x = 0, twice: by hand and in dual numbers. */

import type { DifferentiableField } from "../../../core/adjoint/mod.ts";
import { add, type Dual, dual, mul, times, total } from "../../support/dual.ts";

/** With hand-written Jacobian products. */
export const vanDerPol: DifferentiableField = {
  size: 2,
  parameters: 1,
  value(_t, u, p, out) {
    const [x, y] = [u[0]!, u[1]!];
    out[0] = y;
    out[1] = p[0]! * (1 - x * x) * y - x;
  },
  tangent(_t, u, p, v, q, out) {
    const [x, y] = [u[0]!, u[1]!];
    out[0] = v[1]!;
    out[1] = (-2 * p[0]! * x * y - 1) * v[0]! + p[0]! * (1 - x * x) * v[1]! +
      (1 - x * x) * y * q[0]!;
  },
  adjoint(_t, u, p, lambda, toState, toParameters) {
    const [x, y] = [u[0]!, u[1]!];
    toState[0]! += (-2 * p[0]! * x * y - 1) * lambda[1]!;
    toState[1]! += lambda[0]! + p[0]! * (1 - x * x) * lambda[1]!;
    toParameters[0]! += (1 - x * x) * y * lambda[1]!;
  },
};

type State = readonly [Dual, Dual];

function slope([x, y]: State, p: Dual): State {
  const damping = mul(p, add(dual(1), times(-1, mul(x, x))));
  return [y, add(mul(damping, y), times(-1, x))];
}

function along(u: State, dt: number, k: State): State {
  return [add(u[0], times(dt, k[0])), add(u[1], times(dt, k[1]))];
}

/** One classical Runge-Kutta step in dual numbers. */
export function dualStep(u: State, p: Dual, dt: number): State {
  const k1 = slope(u, p);
  const k2 = slope(along(u, dt / 2, k1), p);
  const k3 = slope(along(u, dt / 2, k2), p);
  const k4 = slope(along(u, dt, k3), p);
  const sum = (i: 0 | 1): Dual =>
    add(u[i], times(dt / 6, total(k1[i], times(2, k2[i]), times(2, k3[i]), k4[i])));
  return [sum(0), sum(1)];
}
