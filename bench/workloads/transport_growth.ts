import { augmentedBug, euler, openHostAlgebra } from "../../core/mod.ts";
import { lattice, LowRankSolver, ordinateBasis, simdSweep, tessellation } from "../../tasks/mod.ts";
import { timed, type Variant } from "../harness.ts";
import { makeSweep, sweepStep } from "./sweep.ts";

/** What grows while the rest stays, the sizes that it takes, and a step at one of them. */
export interface Growth {
  /** What is stepped, in words. */
  readonly step: string;
  /** What grows. */
  readonly of: "cells" | "directions" | "rank";
  /** Its sizes. */
  readonly sizes: readonly number[];
  /** The power of the size that the cost should not exceed by much. */
  readonly power: number;
  /** A step at a size. */
  variant(size: number): Promise<Variant>;
}

/** What stays while something else grows: cells along an axis, order of directions, and rank. */
const [CELLS, ORDER, RANK] = [56, 6, 16];
/** Cells along an axis. */
const SIDES = [28, 42, 56, 84];
/** Orders of tessellations, 4 order² directions. */
const ORDERS = [4, 6, 10, 16];
/** Ranks. */
const RANKS = [8, 16, 24, 32];
/** Steps after which the rank is what it shall be: it doubles in each. */
const SETTLING = 5;

const directions = (order: number): number => 4 * order * order;

/** Every way in which a step can grow. */
export const GROWTHS: readonly Growth[] = [
  {
    ...{ step: "sweep of order 1", of: "cells", power: 1 },
    sizes: SIDES.map((side) => side * side),
    variant: (cells) => sweep(Math.sqrt(cells), directions(ORDER)),
  },
  {
    ...{ step: "sweep of order 1", of: "directions", power: 1 },
    sizes: ORDERS.map(directions),
    variant: (count) => sweep(CELLS, count),
  },
  {
    ...{ step: "low rank", of: "cells", power: 1 },
    sizes: SIDES.map((side) => side * side),
    variant: (cells) => lowRank(Math.sqrt(cells), ORDER, RANK),
  },
  {
    ...{ step: "low rank", of: "directions", power: 1 },
    sizes: ORDERS.map(directions),
    variant: (count) => lowRank(CELLS, Math.sqrt(count / 4), RANK),
  },
  {
    ...{ step: "low rank", of: "rank", power: 2 },
    sizes: RANKS,
    variant: (rank) => lowRank(CELLS, ORDER, rank),
  },
];

function sweep(cells: number, count: number): Promise<Variant> {
  const kernel = makeSweep(simdSweep, [1, cells, count]);
  let number = 0;
  const name = `${cells}² cells, ${count} directions`;
  return Promise.resolve(timed(name, () => sweepStep(kernel, 1, number++)));
}

/** The lattice at a fixed rank. */
async function lowRank(cells: number, order: number, rank: number): Promise<Variant> {
  const ordinates = tessellation.ordinates(order);
  const solver = await LowRankSolver.open(
    await openHostAlgebra(),
    lattice.setup(cells),
    ordinateBasis(ordinates),
    {
      ...{ integrator: augmentedBug, stepper: euler },
      ...{ tolerance: 0, minRank: rank, maxRank: rank },
    },
  );
  for (let n = 0; n < SETTLING; n++) await solver.step(n);
  return {
    name: `${cells}² cells, ${directions(order)} directions, rank ${solver.y.s.rows}`,
    async run(count) {
      const begin = performance.now();
      for (let n = 0; n < count; n++) await solver.step(0);
      return (performance.now() - begin) / 1000;
    },
  };
}
