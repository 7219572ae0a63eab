/**
 * Level-symmetric quadratures: all permutations of a direction belong to the rule (Carlson and
 * Lathrop, 1965), with the weights that integrate the most even powers of one component.
 *
 * @module
 */

import { mirrored, type Point, type Quadrature } from "./ordinates.ts";

const ORDERS = [4, 6, 8, 10, 12];

/** The same levels along every axis, order (order + 2) / 2 directions. */
export const levelSymmetric: Quadrature = {
  name: "level-symmetric",
  description: "the same levels along every axis, order (order + 2)/2 directions",
  dimension: 2,
  orders: ORDERS.join(", "),
  ordinates(order) {
    if (!ORDERS.includes(order)) {
      throw new RangeError(
        `Cannot make a level-symmetric quadrature: expected one of the orders ${
          ORDERS.join(", ")
        }, got ${order}`,
      );
    }
    const classes = classesOf(order);
    const levels = levelsOf(order, firstLevel(order, classes));
    const weights = weightsOf(classes, levels);
    const octant = indices(order).map((index): Point => {
      const k = classes.findIndex((c) => c.key === keyOf(index));
      const [x, y, z] = index.map((i) => levels[i - 1]!) as [number, number, number];
      return [x, y, z, weights[k]! * Math.PI / 2];
    });
    return mirrored(octant);
  },
};

/** Directions that are permutations of each other. */
interface Class {
  readonly key: string;
  readonly index: readonly number[];
  /** How many there are. */
  readonly count: number;
}

const keyOf = (index: readonly number[]): string => [...index].sort((a, b) => a - b).join(" ");

/** Levels (i, j, k) of the directions in an octant, from 1: i + j + k = N/2 + 2. */
function indices(order: number): number[][] {
  const all: number[][] = [];
  for (let i = 1; i <= order / 2; i++) {
    for (let j = 1; i + j <= order / 2 + 1; j++) all.push([i, j, order / 2 + 2 - i - j]);
  }
  return all;
}

function classesOf(order: number): Class[] {
  const byKey = Map.groupBy(indices(order), keyOf);
  return [...byKey].map(([key, members]) => ({ key, index: members[0]!, count: members.length }));
}

/** μᵢ, whose squares grow evenly, so that Ω has length 1. */
function levelsOf(order: number, first: number): number[] {
  const growth = 2 * (1 - 3 * first * first) / (order - 2);
  return Array.from({ length: order / 2 }, (_, i) => Math.sqrt(first * first + i * growth));
}

/** Mean of μ^(2k) over a class. */
function moment({ index }: Class, levels: readonly number[], k: number): number {
  return index.reduce((sum, i) => sum + levels[i - 1]! ** (2 * k), 0) / 3;
}

/** Powers of μ² whose means are asked for; that of μ² itself holds for any weights. */
const powersOf = (count: number): number[] => Array.from({ length: count }, (_, c) => c && c + 1);

/** Weights of the classes, 1 over an octant, from as many moments. */
function weightsOf(classes: readonly Class[], levels: readonly number[]): number[] {
  const rows = powersOf(classes.length).map((k) => [
    ...classes.map((c) => c.count * moment(c, levels, k)),
    1 / (2 * k + 1),
  ]);
  return solved(rows);
}

/** μ₁, by the secant method: such that one more moment is exact. */
function firstLevel(order: number, classes: readonly Class[]): number {
  const k = classes.length + 1;
  const defect = (first: number): number => {
    const levels = levelsOf(order, first);
    const weights = weightsOf(classes, levels);
    const mean = classes.reduce((m, c, i) => m + weights[i]! * c.count * moment(c, levels, k), 0);
    return mean - 1 / (2 * k + 1);
  };
  let [a, b] = [1 / Math.sqrt(3 * (order - 1)), 1 / Math.sqrt(3 * order - 2.9)];
  let [fa, fb] = [defect(a), defect(b)];
  for (let n = 0; n < 30 && fb !== fa && Math.abs(b - a) > 1e-16; n++) {
    [a, b, fa] = [b, b - fb * (b - a) / (fb - fa), fb];
    fb = defect(b);
  }
  return b;
}

/** Solution of a small linear system by elimination, its right-hand side as the last column. */
function solved(rows: readonly number[][]): number[] {
  const n = rows.length;
  const a = rows.map((row) => [...row]);
  for (let k = 0; k < n; k++) {
    const pivot = a.reduce(
      (best, row, i) => i > k && Math.abs(row[k]!) > Math.abs(a[best]![k]!) ? i : best,
      k,
    );
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = a[i]![k]! / a[k]![k]!;
      for (let j = k; j <= n; j++) a[i]![j]! -= factor * a[k]![j]!;
    }
  }
  return a.map((row, k) => row[n]! / row[k]!);
}
