/**
 * Which runs a comparison at equal numbers of state needs.
 *
 * @module
 */

import { firstMeasure, type Layer } from "../../core/mod.ts";
import { inPath } from "../run_path.ts";
import type { Cell } from "../sweep/cells.ts";
import type { CellResult } from "../sweep/results.ts";
import { TRYING } from "./results.ts";
import type { Way } from "./ways.ts";

/** Rows and columns of a weight as a matrix. */
export type Shape = readonly [rows: number, columns: number];

/** A way at a size. */
export interface Entrant {
  /** The way. */
  readonly way: Way;
  /** Share of the numbers of the full weights that it may hold; undefined where it has one size. */
  readonly budget?: number;
  /** Rank with which it holds as many. */
  readonly rank: number;
}

/** Matrices and kernels of a network, as far as they are not of the classifier's format. */
export function shapesOf(network: Layer): Shape[] {
  return network.weights
    .filter(({ shape, format }) => shape.length > 1 && format !== "dense")
    .map(({ shape }) => {
      const columns = shape.at(-1)!;
      return [shape.reduce((n, d) => n * d, 1) / columns, columns];
    });
}

/** Numbers that a way holds of all matrices. */
export function numbersOf(way: Way, shapes: readonly Shape[], rank: number): number {
  return shapes.reduce((sum, [m, n]) => sum + way.numbers(m, n, Math.min(rank, m, n)), 0);
}

/**
 * A way with the largest rank that a budget allows; undefined where it allows none.
 *
 * @param budget Numbers while it trains per number of the full weights.
 */
export function within(way: Way, shapes: readonly Shape[], budget: number): Entrant | undefined {
  const full = shapes.reduce((sum, [m, n]) => sum + m * n, 0);
  const most = Math.max(...shapes.map(([m, n]) => Math.min(m, n)));
  let rank = 0;
  while (rank < most && numbersOf(way, shapes, rank + 1) <= budget * full) rank++;
  return rank === 0 ? undefined : { way, budget, rank };
}

/** The least budget that allows a way, as a share of the numbers of the full weights. */
export function leastBudget(way: Way, shapes: readonly Shape[]): number {
  const full = shapes.reduce((sum, [m, n]) => sum + m * n, 0);
  return Math.ceil(100 * numbersOf(way, shapes, 1) / full) / 100;
}

/** Every way at every budget, those without a rank once. */
export function entrants(
  chosen: readonly Way[],
  shapes: readonly Shape[],
  budgets: readonly number[],
): Entrant[] {
  return chosen.flatMap((way) =>
    way.ranked ? budgets.flatMap((budget) => within(way, shapes, budget) ?? []) : [{ way, rank: 1 }]
  );
}

/** What the runs of entrants are made of. */
export interface CellOptions {
  /** Options of a way. */
  readonly args: (way: Way, rank: number) => ReturnType<Way["args"]>;
  /** Those that all share, as they are typed. */
  readonly shared: readonly string[];
}

/** One run of an entrant. */
export function cellOf(
  { way, budget, rank }: Entrant,
  rate: number,
  seed: number,
  { args: argsOf, shared }: CellOptions,
): Cell {
  const own = Number((rate * (way.rateFactor ?? 1)).toPrecision(6));
  const values = {
    way: way.name,
    ...(budget === undefined ? {} : { budget: `${budget}`, rank: `${rank}` }),
    rate: `${own}`,
    seed: `${seed}`,
  };
  const args = { ...argsOf(way, rank), "learning-rate": own, seed };
  return {
    folder: Object.entries(values).map(([key, value]) => `${key}-${inPath(value)}`).join("_"),
    values,
    args: [...shared, ...Object.entries(args).map(([key, value]) => `--${key}=${value}`)],
  };
}

/** The rate at which the first seed came farthest, for each way and budget; failures count last. */
export function bestRates(results: readonly CellResult[]): CellResult[] {
  const best = new Map<string, CellResult>();
  for (const result of results) {
    const key = entrantKey(result);
    const known = best.get(key);
    if (!known || isAhead(result, known)) best.set(key, result);
  }
  return [...best.values()];
}

/** Way and budget of a run. */
function entrantKey({ values }: Pick<CellResult, "values">): string {
  return JSON.stringify([values.way, values.budget]);
}

function isAhead(result: CellResult, known: CellResult): boolean {
  if (!result.summary || !known.summary) return result.summary !== undefined;
  const [own, other] = [firstMeasure(result.summary), firstMeasure(known.summary)];
  return own.better === "less" ? own.value < other.value : own.value > other.value;
}

/** The same run as one that chooses a step size. */
export function tried({ folder, values, ...cell }: Cell): Cell {
  return { ...cell, folder: `${folder}_tried`, values: { ...values, stage: TRYING } };
}

/** Every entrant at its best step size, with every seed. */
export function finals(
  all: readonly Entrant[],
  results: readonly CellResult[],
  seeds: readonly number[],
  options: CellOptions,
): Cell[] {
  const best = bestRates(results);
  return all.flatMap((entrant) => {
    const { way, budget } = entrant;
    const { rate } = best.find(({ values }) =>
      values.way === way.name && values.budget === (budget === undefined ? budget : `${budget}`)
    )!.values;
    return seeds.map((seed) =>
      cellOf(entrant, Number(rate) / (way.rateFactor ?? 1), seed, options)
    );
  });
}
