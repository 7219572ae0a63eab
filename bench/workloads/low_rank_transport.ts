import { augmentedBug, euler, openHostAlgebra } from "../../core/mod.ts";
import { lattice, LowRankSolver, ordinateBasis, tessellation } from "../../tasks/mod.ts";

/** Steps after which the rank of the lattice has settled. */
const SETTLING = 25;

/** The lattice in low rank, when its rank has settled. */
export async function settledLattice(cells: number, order: number): Promise<LowRankSolver> {
  const ordinates = tessellation.ordinates(order);
  const solver = await LowRankSolver.open(
    await openHostAlgebra(),
    lattice.setup(cells),
    ordinateBasis(ordinates),
    { integrator: augmentedBug, stepper: euler, tolerance: 1e-2, cfl: 0.4 },
  );
  for (let n = 0; n < SETTLING; n++) await solver.step(n);
  return solver;
}
