/**
 * Exact φ of pulses in infinite media with σs = σt = 1 (Ganapol: Analytical benchmarks for nuclear
 * engineering applications, 2008).
 *
 * @module
 */

/** Points of the midpoint rules; 100 of them are half a percent off. */
const POINTS = 400;

function midpoints(end: number, f: (x: number) => number): number {
  let sum = 0;
  for (let k = 0; k < POINTS; k++) sum += f((k + 0.5) * end / POINTS);
  return sum * end / POINTS;
}

/**
 * Re[b^p ξ^q e^{(t/2)(1−η²)ξ}] in polar form, with b = η + i tan(u/2) and
 * ξ = (ln((1+η)/(1−η)) + iu) / b.
 */
function integrand(eta: number, t: number, u: number, p: number, q: number): number {
  const [tangent, log] = [Math.tan(u / 2), Math.log((1 + eta) / (1 - eta))];
  const [size, angle] = [Math.hypot(eta, tangent), Math.atan2(tangent, eta)];
  const [xi, turn] = [Math.hypot(log, u) / size, Math.atan2(u, log) - angle];
  const rate = t / 2 * (1 - eta * eta) * xi;
  const phase = p * angle + q * turn + rate * Math.sin(turn);
  const secant = 1 + tangent * tangent;
  return secant * size ** p * xi ** q * Math.exp(rate * Math.cos(turn)) * Math.cos(phase);
}

/** φ of a pulse at x = 0 in a slab. */
export function planeSourceFlux(x: number, t: number): number {
  const eta = Math.abs(x) / t;
  if (eta >= 1) return 0;
  const scattered = midpoints(Math.PI, (u) => integrand(eta, t, u, 0, 2));
  return Math.exp(-t) / (2 * t) + Math.exp(-t) / (8 * Math.PI) * (1 - eta * eta) * scattered;
}

/** φ of a pulse at a point, without the uncollided shell. */
function pointSourceFlux(r: number, t: number): number {
  const eta = r / t;
  const once = Math.exp(-t) / (4 * Math.PI * r * t) * Math.log((1 + eta) / (1 - eta));
  const more = midpoints(Math.PI, (u) => integrand(eta, t, u, 1, 3));
  return once + Math.exp(-t) / (32 * Math.PI ** 2 * r) * (1 - eta * eta) * more;
}

/** φ of a pulse along the line ρ = 0. */
export function lineSourceFlux(rho: number, t: number): number {
  const eta = rho / t;
  if (eta >= 1) return 0;
  const reach = Math.sqrt(1 - eta * eta);
  const uncollided = Math.exp(-t) / (2 * Math.PI * t * t * reach);
  // ω = reach sin s: the weak singularity at the front becomes smooth.
  const collided = midpoints(Math.PI / 2, (s) => {
    const omega = reach * Math.sin(s);
    return pointSourceFlux(t * Math.hypot(eta, omega), t) * reach * Math.cos(s);
  });
  return uncollided + 2 * t * collided;
}
