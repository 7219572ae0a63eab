/**
 * The quadratures that come along.
 *
 * @module
 */

import { checkInteger, gaussLegendre } from "../../core/mod.ts";
import { levelSymmetric } from "./level_symmetric.ts";
import { mirrored, type Point, type Quadrature, quadratures } from "./ordinates.ts";

/** Gauss-Legendre nodes of a slab, `order` of them: with them S_N and P_{N−1} are the same. */
export const gauss: Quadrature = quadratures.add({
  name: "gauss",
  description: "Gauss-Legendre nodes of a slab, one for each order",
  dimension: 1,
  orders: "≥ 2 and even",
  ordinates(order) {
    checkEven(order);
    const { nodes, weights } = gaussLegendre(order);
    return { x: nodes, y: new Float64Array(order), weights, total: 2 };
  },
});

/** Gauss-Legendre in z times equal angles around it: order² directions. */
export const product: Quadrature = quadratures.add({
  name: "product",
  description: "Gauss-Legendre in z times equal angles around it, order² directions",
  dimension: 2,
  orders: "≥ 2 and even",
  ordinates(order) {
    checkEven(order);
    const { nodes, weights } = gaussLegendre(order);
    // Angles of the first quadrant; the others are its mirror images, to the last bit.
    const octant = [...nodes.keys()].filter((j) => nodes[j]! > 0).flatMap((j) =>
      Array.from({ length: order / 2 }, (_, i): Point => {
        const [angle, radius] = [(i + 0.5) * Math.PI / order, Math.sqrt(1 - nodes[j]! ** 2)];
        const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
        return [x, y, nodes[j]!, Math.PI / order * weights[j]!];
      })
    );
    return mirrored(octant);
  },
});

/** Spherical triangles over a barycentric lattice on the octant: 4 order² directions. */
export const tessellation: Quadrature = quadratures.add({
  name: "tessellation",
  description: "triangles on each octant with their areas as weights, 4 order² directions",
  dimension: 2,
  orders: "≥ 1",
  ordinates(order) {
    checkInteger("make a quadrature", "the order", order);
    return mirrored(
      triangles(order).map(([a, b, c]) => {
        const centroid = unit([0, 1, 2].map((k) => a[k]! + b[k]! + c[k]!));
        const [x, y, z] = centroid as [number, number, number];
        return [x, y, z, area(unit(a), unit(b), unit(c))];
      }),
    );
  },
});

quadratures.add(levelSymmetric);
export { levelSymmetric };

function checkEven(order: number): void {
  checkInteger("make a quadrature", "the order", order, { least: 2 });
  if (order % 2 === 0) return;
  throw new RangeError(`Cannot make a quadrature: expected an even order, got ${order}`);
}

type Vector = readonly number[];

function triangles(n: number): [Vector, Vector, Vector][] {
  const p = (i: number, j: number): Vector => [i / n, j / n, 1 - (i + j) / n];
  const all: [Vector, Vector, Vector][] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n - i; j++) {
      all.push([p(i, j), p(i + 1, j), p(i, j + 1)]);
      if (j < n - i - 1) all.push([p(i + 1, j), p(i + 1, j + 1), p(i, j + 1)]);
    }
  }
  return all;
}

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
}

/** Area of a spherical triangle (van Oosterom and Strackee, 1983). */
function area(a: Vector, b: Vector, c: Vector): number {
  const dot = (u: Vector, v: Vector): number => u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!;
  const volume = a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) +
    a[1]! * (b[2]! * c[0]! - b[0]! * c[2]!) + a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
  return 2 * Math.atan2(Math.abs(volume), 1 + dot(a, b) + dot(b, c) + dot(c, a));
}
