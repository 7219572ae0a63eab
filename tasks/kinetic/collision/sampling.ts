/**
 * Densities from which collisions are learnt.
 *
 * @module
 */

import {
  type Algebra,
  checkInteger,
  checkNumber,
  type Matrix,
  matrixOf,
  type Random,
} from "../../../core/mod.ts";
import { integrals, type VelocityNodes } from "./nodes.ts";

/** How densities are drawn. */
export interface Sampling {
  /** Standard deviation of the multipliers, in orthonormal harmonics of the sphere; default 2/3. */
  readonly deviation?: number;
  /** Largest ratio of eigenvalues of ∫ f m mᵀ; others are drawn again. Default 10. */
  readonly condition?: number;
}

/** Ways to draw densities with ∫ f = 1. */
export const SAMPLINGS = ["entropy", "naive"] as const;

/** Tries for a density before the bounds are said to leave none. */
const TRIES = 1000;

/**
 * Densities of least entropy for their moments, f = exp(α · m) with random multipliers α and the
 * harmonics m of degree 1 and 2: what a solver meets (arXiv 2402.16613, 2404.14312).
 *
 * @returns count × nodes, each row with ∫ f = 1.
 * @throws {RangeError} When a bound makes no sense, or hardly any density keeps it.
 */
export async function entropySamples(
  a: Algebra<Matrix>,
  nodes: VelocityNodes,
  count: number,
  random: Random,
  { deviation = 2 / 3, condition = 10 }: Sampling = {},
): Promise<Matrix> {
  checkInteger("draw densities", "their number", count);
  checkNumber("draw densities", "the deviation", deviation, { above: 0 });
  checkNumber("draw densities", "the condition number", condition, { above: 0 });
  const m = harmonics(nodes);
  const rows: Float64Array[] = [];
  for (let tries = 0; rows.length < count; tries++) {
    if (tries > TRIES * (rows.length + 1)) {
      throw new RangeError(
        `Cannot draw densities: expected some with a condition number below ${condition}, got ` +
          `${rows.length} in ${tries} tries; raise it`,
      );
    }
    const alpha = m.slice(1).map(() => deviation * random.normal());
    const density = normalised(
      nodes,
      (j) => Math.exp(alpha.reduce((sum, a, k) => sum + a * m[k + 1]![j]!, 0)),
    );
    if (await conditionOf(a, nodes, m, density) < condition) rows.push(density);
  }
  return stacked(rows);
}

/** Densities whose values at the nodes are independent and even in (0, 1), then ∫ f = 1. */
export function naiveSamples(nodes: VelocityNodes, count: number, random: Random): Matrix {
  checkInteger("draw densities", "their number", count);
  return stacked(Array.from({ length: count }, () => normalised(nodes, () => random.uniform())));
}

function normalised(nodes: VelocityNodes, value: (j: number) => number): Float64Array {
  const n = nodes.weights.length;
  const density = matrixOf(1, n, (_, j) => value(j));
  const mass = integrals(nodes, density)[0]!;
  return density.data.map((f) => f / mass);
}

function stacked(rows: readonly Float64Array[]): Matrix {
  return matrixOf(rows.length, rows[0]!.length, (i, j) => rows[i]![j]!);
}

/**
 * Orthonormal harmonics of the sphere up to degree 2 at the nodes, the constant first; in the slab
 * those that depend on one coordinate only.
 */
function harmonics({ dimension, points: { rows, data } }: VelocityNodes): Float64Array[] {
  const of = (f: (j: number) => number) => Float64Array.from({ length: rows }, (_, j) => f(j));
  const [c0, c1, c2] = [1, 3, 5].map((k) => Math.sqrt(k / (4 * Math.PI))) as [
    number,
    number,
    number,
  ];
  const legendre = (t: number): number => c2 * (3 * t * t - 1) / 2;
  if (dimension === 1) {
    return [
      of(() => c0),
      of((j) => c1 * data[j]!),
      of((j) => legendre(data[j]!)),
    ];
  }
  const at = (j: number, k: number): number => data[3 * j + k]!;
  const mixed = c2 * Math.sqrt(3);
  return [
    of(() => c0),
    ...[0, 1, 2].map((k) => of((j) => c1 * at(j, k))),
    of((j) => legendre(at(j, 2))),
    ...[[0, 1], [0, 2], [1, 2]].map(([k, l]) => of((j) => mixed * at(j, k!) * at(j, l!))),
    of((j) => mixed / 2 * (at(j, 0) ** 2 - at(j, 1) ** 2)),
  ];
}

/** Ratio of the eigenvalues of ∫ f m mᵀ: how well moments determine multipliers. */
async function conditionOf(
  a: Algebra<Matrix>,
  { weights }: VelocityNodes,
  m: readonly Float64Array[],
  density: Float64Array,
): Promise<number> {
  const scaled = matrixOf(
    m.length,
    density.length,
    (k, j) => Math.sqrt(weights[j]! * density[j]!) * m[k]![j]!,
  );
  const { sigma } = await a.svd(a.multiply(scaled, scaled, { transposeRight: true }));
  return sigma[0]! / sigma.at(-1)!;
}
