/**
 * The runs of a comparison: every adapter at every step size, and with other seeds at its best one.
 *
 * @module
 */

import { bestRates } from "../pretrain/plan.ts";
import { inPath } from "../run_path.ts";
import type { Cell } from "../sweep/cells.ts";
import type { Sweep } from "../sweep/run.ts";

/** What decides them. */
export interface CellsChoice {
  /** Adapters as they are typed. */
  readonly ways: readonly string[];
  /** Step sizes. */
  readonly rates: readonly number[];
  /** Seed of the runs that choose a step size. */
  readonly seed: number;
  /** Runs of each adapter at its best step size, the first of them included; each has the next seed. */
  readonly repeats: number;
  /** Options that all share, as they are typed. */
  readonly common: readonly string[];
}

/** The runs that choose step sizes, and those that follow. */
export function adapterCells(
  { ways, rates, seed, repeats, common }: CellsChoice,
): Required<Pick<Sweep, "cells" | "more">> {
  const cellOf = (way: string, rate: string, own?: number): Cell => ({
    folder: `adapter-${inPath(way)}_rate-${inPath(rate)}${own === undefined ? "" : `_seed-${own}`}`,
    values: { way, rate, ...(own === undefined ? {} : { seed: `${own}` }) },
    args: [...common, `--adapter=${way}`, `--rates=${rate}`, `--seed=${own ?? seed}`],
  });
  return {
    cells: ways.flatMap((way) => rates.map((rate) => cellOf(way, `${rate}`))),
    more: (results) =>
      bestRates(results).filter(({ summary }) => summary).flatMap(({ values }) =>
        Array.from(
          { length: repeats - 1 },
          (_, i) => cellOf(values.way!, values.rate!, seed + 1 + i),
        )
      ),
  };
}
