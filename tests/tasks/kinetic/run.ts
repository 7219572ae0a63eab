/** Whole runs of full solvers, for tests. */

import {
  type Balance,
  ordinateReading,
  OrdinatesSolver,
  quadratures,
  Quantities,
  type Setup,
  type SolverOptions,
} from "../../../tasks/kinetic/mod.ts";
import { addBalance, emptyBalance } from "../../../tasks/kinetic/solver.ts";
import { areaOf } from "../../../tasks/kinetic/grid.ts";

/** What a run came to. */
export interface WholeRun {
  readonly quantities: Quantities;
  readonly total: Balance;
  /** Mass that the balance does not explain. */
  readonly defect: number;
  readonly flux: Float64Array;
}

/** Runs a problem to its end. */
export function wholeRun(
  setup: Setup,
  [quadrature, order]: readonly [string, number],
  options: SolverOptions = {},
): WholeRun {
  const ordinates = quadratures.get(quadrature).ordinates(order);
  using solver = new OrdinatesSolver(setup, ordinates, options);
  const quantities = new Quantities(
    setup,
    ordinateReading(setup.grid, ordinates, () => solver.psi),
    options.legacy,
  );
  const total = emptyBalance();
  for (let n = 0; n < solver.steps.count; n++) {
    addBalance(total, solver.step(n));
    const { flux, steps } = solver;
    quantities.observe({ flux, dt: steps.lengthOf(n), time: steps.endOf(n) });
  }
  const { source, absorbed, outflow, inflow, clipped } = total;
  const before = areaOf(setup.grid) * setup.start.reduce((sum, phi) => sum + phi, 0);
  const expected = before + source - absorbed - outflow + inflow + clipped;
  return { quantities, total, defect: quantities.last("Mass") - expected, flux: solver.flux };
}

/** Largest difference, relative to the largest value. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [most, size] = [0, 0];
  for (let k = 0; k < a.length; k++) {
    most = Math.max(most, Math.abs(a[k]! - b[k]!));
    size = Math.max(size, Math.abs(a[k]!));
  }
  return most / size;
}
