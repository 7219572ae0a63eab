/**
 * Ellipses of the circle's area: by the logarithm of their stretch and the angle of their axis.
 *
 * @module
 */

import type { Body, BodyFamily } from "./body.ts";

const RADIUS = 0.5;

/**
 * Half axes R eˢ and R e⁻ˢ, the first one at angle α to the flow; the area is π R² for every s. Near
 * the circle the angle has no effect, so that a search that starts there should not start at s = 0.
 */
export const ellipse: BodyFamily = {
  name: "ellipse",
  description: "half axes R·exp(s) and R·exp(−s), turned by an angle",
  parameters: () => ["stretch", "angle"],
  create(parameters): Body {
    const [s, angle] = [parameters[0] ?? 0, parameters[1] ?? 0];
    const [a, b] = [RADIUS * Math.exp(s), RADIUS * Math.exp(-s)];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const local = (x: number, y: number): [number, number] => [
      (cos * x + sin * y) / a,
      (cos * y - sin * x) / b,
    ];
    return {
      reach: Math.max(a, b),
      level(x, y): number {
        const [p, q] = local(x, y);
        return RADIUS * (Math.hypot(p, q) - 1);
      },
      slopes(x, y): Float64Array {
        const [p, q] = local(x, y);
        const scale = RADIUS / Math.max(Math.hypot(p, q), Number.MIN_VALUE);
        return Float64Array.of(scale * (q * q - p * p), scale * p * q * (b / a - a / b));
      },
      outline(count) {
        return Array.from({ length: count }, (_, k) => {
          const t = 2 * Math.PI * k / count;
          const [p, q] = [a * Math.cos(t), b * Math.sin(t)];
          return [cos * p - sin * q, sin * p + cos * q];
        });
      },
    };
  },
};
