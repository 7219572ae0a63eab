/**
 * Bodies whose radius is a Fourier series of the angle.
 *
 * @module
 */

import type { Body, BodyFamily } from "./body.ts";

const RADIUS = 0.5;
/** The first mode shifts the body, more or less, and is left out. */
const FIRST = 2;

/**
 * r(θ) = R (1 + Σ aₖ cos kθ + bₖ sin kθ) / √(1 + ½ Σ aₖ² + bₖ²) for k = 2, 3, …, with the angle from
 * the flow's direction. The root makes the area ½ ∫ r² dθ = π R² exactly, whatever the parameters.
 */
export const fourier: BodyFamily = {
  name: "fourier",
  description: "a radius of Fourier modes cos kθ and sin kθ from k = 2 on",
  parameters: (count) =>
    Array.from({ length: count }, (_, n) => `${n % 2 === 0 ? "cos" : "sin"} ${order(n)}θ`),
  create(parameters): Body {
    const p = Float64Array.from(parameters);
    const power = 1 + p.reduce((sum, v) => sum + v * v, 0) / 2;
    const scale = RADIUS / Math.sqrt(power);
    const radius = (theta: number): number =>
      scale * p.reduce((sum, v, n) => sum + v * mode(n, theta), 1);
    return {
      reach: RADIUS * (1 + p.reduce((sum, v) => sum + Math.abs(v), 0)) / Math.sqrt(power),
      level: (x, y) => Math.hypot(x, y) - radius(Math.atan2(y, x)),
      slopes(x, y): Float64Array {
        const theta = Math.atan2(y, x);
        const r = radius(theta);
        return p.map((v, n) => v * r / (2 * power) - scale * mode(n, theta));
      },
      outline(count) {
        return Array.from({ length: count }, (_, k) => {
          const theta = 2 * Math.PI * k / count;
          return [radius(theta) * Math.cos(theta), radius(theta) * Math.sin(theta)];
        });
      },
    };
  },
};

/** Wave number of parameter n: cosine and sine take turns. */
const order = (n: number): number => FIRST + (n >> 1);

function mode(n: number, theta: number): number {
  return n % 2 === 0 ? Math.cos(order(n) * theta) : Math.sin(order(n) * theta);
}

/** The circle. */
export const circle: Body = fourier.create([]);
