/**
 * Gauss-Legendre quadrature.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";

/** Nodes and weights on [−1, 1]. */
export interface QuadratureRule {
  /** Where the function is evaluated, ascending. */
  readonly nodes: Float64Array;
  /** Weight of each value; they sum to 2. */
  readonly weights: Float64Array;
}

/** The rule with n nodes: exact for polynomials of degree 2n − 1; nodes to about 1e-15. */
export function gaussLegendre(n: number): QuadratureRule {
  checkInteger("make a quadrature rule", "the number of nodes", n);
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = -Math.cos(Math.PI * (i + 0.75) / (n + 0.5));
    let slope = 0;
    // Newton's method from this start converges quadratically; six steps reach round-off.
    for (let k = 0; k < 6; k++) {
      const [value, derivative] = legendre(n, x);
      x -= value / derivative;
      slope = derivative;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** The Legendre polynomial of degree n and its derivative, by the three-term recurrence. */
function legendre(n: number, x: number): [value: number, derivative: number] {
  let [before, now] = [1, x];
  for (let k = 2; k <= n; k++) {
    [before, now] = [now, ((2 * k - 1) * x * now - (k - 1) * before) / k];
  }
  return [now, n * (x * now - before) / (x * x - 1)];
}

const POINTS = 40;
const panel = gaussLegendre(POINTS);

/**
 * ∫ f over [begin, end] by Gauss-Legendre with 40 nodes in each of equal panels.
 *
 * @param panels Number of panels; default 8. Two per period of an oscillation reach round-off.
 */
export function integrateOver(
  f: (x: number) => number,
  begin: number,
  end: number,
  panels: number = 8,
): number {
  checkInteger("integrate", "panels", panels);
  const half = (end - begin) / panels / 2;
  let sum = 0;
  for (let p = 0; p < panels; p++) {
    const middle = begin + (2 * p + 1) * half;
    for (let i = 0; i < POINTS; i++) sum += panel.weights[i]! * f(middle + half * panel.nodes[i]!);
  }
  return half * sum;
}
