/** Collision operators within the solver of discrete ordinates. */

import { assert, assertAlmostEquals, assertLess, assertThrows } from "@std/assert";
import { choose, hostAlgebra, matrixOf } from "../../../../core/mod.ts";
import {
  addBalance,
  emptyBalance,
  OrdinatesSolver,
  type SolverOptions,
} from "../../../../tasks/kinetic/solver.ts";
import {
  type CollisionOperator,
  exactCollision,
  planeSource,
  quadratures,
  scatteringKernels,
  slabNodes,
} from "../../../../tasks/kinetic/mod.ts";

const a = hostAlgebra();
const nodes = slabNodes(16);
const ordinates = quadratures.get("gauss").ordinates(16);
const exact = (kernel: string) => exactCollision(a, nodes, choose(scatteringKernels, kernel));

function run(options: SolverOptions, scatter: number) {
  const setup = planeSource.setup(60, { scatter, absorb: 0.3, end: 0.5 });
  const solver = new OrdinatesSolver(setup, ordinates, { clip: false, cfl: 0.3, ...options });
  const balance = emptyBalance();
  const mass = () => setup.grid.hx * solver.flux.reduce((sum, phi) => sum + phi, 0);
  const before = mass();
  for (let n = 0; n < solver.steps.count; n++) addBalance(balance, solver.step(n));
  const defect = mass() - (before + balance.inflow - balance.absorbed - balance.outflow);
  return { solver, defect, flux: solver.flux };
}

for (const order of [1, 2] as const) {
  Deno.test(`an isotropic operator is isotropic scattering, at order ${order}`, () => {
    // Q(f) = φ − 2 f is twice the scattering of unit rate.
    const general = run({ order, collision: exact("isotropic") }, 0.5);
    const plain = run({ order }, 1);
    general.flux.forEach((phi, k) => assertAlmostEquals(phi, plain.flux[k]!, 1e-13));
    general.solver.psi.forEach((psi, k) => assertAlmostEquals(psi, plain.solver.psi[k]!, 1e-13));
  });

  Deno.test(`the balance closes to round-off with an exact operator, at order ${order}`, () => {
    const { defect } = run({ order, collision: exact("henyey-greenstein:g=0.9") }, 1);
    assertLess(Math.abs(defect), 1e-14);
  });
}

Deno.test("the balance tells of mass that an operator makes", () => {
  const leaky: CollisionOperator = {
    apply: (f) =>
      matrixOf(f.rows, f.cols, (i, j) => {
        return 0.1 * f.data[i * f.cols + j]!;
      }),
  };
  assert(run({ collision: leaky }, 1).defect > 1e-3);
});

Deno.test("collision operators are not treated implicitly", () => {
  const make = () => run({ time: "imex-euler", collision: exact("isotropic") }, 1);
  assertThrows(make, RangeError, 'expected "heun" or "euler", got "imex-euler"');
});
