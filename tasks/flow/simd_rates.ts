/**
 * What the kernels in WebAssembly multiply by, as a table by column of the lattice.
 *
 * @module
 */

import type { Grid } from "./grid.ts";
import type { Relaxation } from "./kernel.ts";
import { WEIGHTS } from "./lattice.ts";

const [REST, AXIS, DIAGONAL] = [WEIGHTS[0]!, WEIGHTS[1]!, WEIGHTS[5]!];

/** Every factor of a column by its rates ω⁺ and ω⁻. */
const FACTORS = {
  even: (even: number): number => even,
  restKept: (even: number): number => 1 - even,
  evenKept: (even: number): number => 0.5 - 0.5 * even,
  oddKept: (_: number, odd: number): number => 0.5 - 0.5 * odd,
  restPressure: (even: number): number => REST * even,
  axisPressure: (even: number): number => AXIS * even,
  diagonalPressure: (even: number): number => DIAGONAL * even,
  axisSquare: (even: number): number => 4.5 * AXIS * even,
  diagonalSquare: (even: number): number => 4.5 * DIAGONAL * even,
  axisFlow: (_: number, odd: number): number => 3 * AXIS * odd,
  diagonalFlow: (_: number, odd: number): number => 3 * DIAGONAL * odd,
  kinetic: (): number => -1.5,
  rest: (): number => REST,
  axis: (): number => AXIS,
  diagonal: (): number => DIAGONAL,
  quarter: (): number => 0.25,
  pressure: (): number => -3,
} as const;

/** Name of a factor. */
export type Factor = keyof typeof FACTORS;

const NAMES = Object.keys(FACTORS) as Factor[];

/** Number of factors. */
export const FACTOR_COUNT = NAMES.length;

/** Place of a factor for column 0, in numbers from the start of the table. */
export function factorPlace(g: Grid, factor: Factor): number {
  return NAMES.indexOf(factor) * g.pitch;
}

/** Writes the table, `FACTOR_COUNT` × pitch numbers. */
export function writeFactors(g: Grid, { even, odd }: Relaxation, table: Float64Array): void {
  for (const name of NAMES) {
    const start = factorPlace(g, name);
    for (let x = 0; x < g.pitch; x++) table[start + x] = FACTORS[name](even[x]!, odd[x]!);
  }
}

/** Pairs of columns from the first one on that have the rates of the first. */
export function equalPairs(g: Grid, { even, odd }: Relaxation): number {
  let x = 1;
  while (x <= g.nx && even[x] === even[1] && odd[x] === odd[1]) x++;
  return Math.floor((x - 1) / 2);
}
