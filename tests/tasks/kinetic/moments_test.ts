/** P_N against reference figures, against S_N, and against the exact eigenvalues. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { gaussLegendre, hostAlgebra, type Matrix } from "../../../core/mod.ts";
import {
  halfLattice,
  hohlraum,
  lattice,
  OrdinatesSolver,
  planeSource,
  quadratures,
  Quantities,
  quarterHohlraum,
} from "../../../tasks/kinetic/mod.ts";
import { harmonicBasis, ordinateBasis } from "../../../tasks/kinetic/mod.ts";
import { MomentSolver } from "../../../tasks/kinetic/mod.ts";
import { distance } from "./run.ts";

const a = hostAlgebra();

/** Degree, moments, mass, total absorption, largest φ and ‖φ‖₂ of the lattice on 35² cells. */
const LATTICE = [
  [1, 3, 11.243612, 9.3129232, 4.8034291, 5.3111487],
  [3, 10, 12.795799, 7.6842894, 6.3409854, 6.4971149],
] as const;

for (const [degree, count, mass, absorbed, largest, norm] of LATTICE) {
  Deno.test(`the lattice in P_${degree} has the reference figures`, async () => {
    const setup = lattice.setup(35);
    const basis = await harmonicBasis(a, 2, degree);
    assertEquals(basis.size, count);
    const solver = new MomentSolver(a, setup, basis, { cfl: 0.4 });
    const quantities = new Quantities(setup);
    for (let n = 0; n < solver.steps.count; n++) {
      solver.step(n);
      quantities.observe({
        flux: solver.flux,
        dt: solver.steps.dt,
        time: (n + 1) * solver.steps.dt,
      });
    }
    const found = [
      quantities.last("Mass"),
      quantities.last("Total_absorption"),
      Math.max(...solver.flux),
      0.2 * Math.hypot(...solver.flux),
    ];
    [mass, absorbed, largest, norm].forEach((value, k) => {
      assertAlmostEquals(found[k]! / value, 1, 1e-7);
    });
  });
}

Deno.test("the largest eigenvalue of Ωₓ in P_N is the largest Gauss node of N + 1", async () => {
  for (const [dimension, degree] of [[1, 5], [2, 3], [2, 5]] as const) {
    const { size, streaming } = await harmonicBasis(a, dimension, degree);
    const full = a.lincomb(
      1,
      streaming[0]!.plus(a.identity(size)),
      1,
      streaming[0]!.minus(a.identity(size)),
    );
    const { sigma } = await a.svd(full);
    assertAlmostEquals(sigma[0]!, gaussLegendre(degree + 1).nodes.at(-1)!, 1e-13);
  }
});

Deno.test("in a slab P_{N−1} is S_N, and both are what the sweep computes", async () => {
  const setup = planeSource.setup(60);
  const ordinates = quadratures.get("gauss").ordinates(8);
  const options = { cfl: 0.5 };
  const solvers = [
    new MomentSolver(a, setup, ordinateBasis(ordinates), options),
    new MomentSolver(a, setup, await harmonicBasis(a, 1, 7), options),
  ];
  using sweep = new OrdinatesSolver(setup, ordinates, { ...options, order: 1, clip: false });
  for (const solver of [...solvers, sweep]) {
    for (let n = 0; n < solver.steps.count; n++) solver.step(n);
  }
  for (const solver of solvers) assertLess(distance(sweep.flux, solver.flux), 1e-13);
});

Deno.test("with inflow, by Heun too, the separable form is what the sweep computes", () => {
  const setup = { ...hohlraum.setup(26), time: 0.2 };
  const ordinates = quadratures.get("product").ordinates(4);
  for (const time of ["euler", "heun"] as const) {
    const solver = new MomentSolver(a, setup, ordinateBasis(ordinates), { time });
    using sweep = new OrdinatesSolver(setup, ordinates, { order: 1, time, clip: false });
    for (let n = 0; n < solver.steps.count; n++) solver.step(n), sweep.step(n);
    assertLess(distance(sweep.flux, solver.flux), 1e-13);
  }
});

Deno.test("reflecting sides send back what sweeps send back", () => {
  const ordinates = quadratures.get("product").ordinates(4);
  for (const setup of [halfLattice.setup(7), { ...quarterHohlraum.setup(13), time: 0.5 }]) {
    const solver = new MomentSolver(a, setup, ordinateBasis(ordinates));
    using sweep = new OrdinatesSolver(setup, ordinates, { order: 1, clip: false });
    for (let n = 0; n < solver.steps.count; n++) solver.step(n), sweep.step(n);
    assertLess(distance(sweep.flux, solver.flux), 1e-13);
  }
});

Deno.test("in harmonics a half with a reflecting side is the whole to round-off", async () => {
  const basis = await harmonicBasis(a, 2, 4);
  const [whole, half] = [lattice.setup(14), halfLattice.setup(7)].map((setup) => {
    const solver = new MomentSolver(a, setup, basis);
    for (let n = 0; n < solver.steps.count; n++) solver.step(n);
    return solver.flux;
  }) as [Float64Array, Float64Array];
  const right = half.map((_, k) => whole[14 * Math.floor(k / 7) + 7 + k % 7]!);
  assertLess(distance(right, half), 1e-13);
});

Deno.test("an even degree is integrated exactly, too", async () => {
  const { streaming, size, isotropic } = await harmonicBasis(a, 1, 4);
  assertEquals(size, 5);
  const omega = (x: Matrix): Matrix =>
    a.lincomb(1, streaming[0]!.plus(x), 1, streaming[0]!.minus(x));
  const twice = omega(omega(isotropic)).data;
  // ⟨μ²⟩ and its part along P₂: μ² = 1/3 + 2/3 P₂.
  assertAlmostEquals(twice[0]!, 1 / 3, 1e-14);
  assertAlmostEquals(Math.abs(twice[2]!), 2 / 3 / Math.sqrt(5), 1e-14);
  assert(Math.abs(twice[1]!) < 1e-14);
});
