/** Quantities of interest read off factors: what they are, what balances, and how near they come. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  augmentedBug,
  euler,
  heun,
  lowRankOf,
  matrixOf,
  openHostAlgebra,
  toDense,
} from "../../../core/mod.ts";
import {
  CoordinateReading,
  halfLattice,
  harmonicBasis,
  hohlraum,
  lattice,
  lineSource,
  type LowRankOptions,
  LowRankSolver,
  MomentSolver,
  ordinateBasis,
  ordinateReading,
  OrdinatesSolver,
  planeSource,
  quadratures,
  Quantities,
  type Setup,
} from "../../../tasks/kinetic/mod.ts";
import { facesAround, openSides } from "../../../tasks/kinetic/boundary_flow.ts";
import { areaOf, layoutOf } from "../../../tasks/kinetic/grid.ts";
import { addBalance, type Balance, emptyBalance } from "../../../tasks/kinetic/solver.ts";
import { distance } from "./run.ts";

const a = await openHostAlgebra();
const product = (order: number) => quadratures.get("product").ordinates(order);

Deno.test("factors, their product and ψ in all directions tell the same", async () => {
  const { grid, ...setup } = hohlraum.setup(26);
  const ordinates = product(4);
  const basis = ordinateBasis(ordinates);
  const count = ordinates.weights.length;
  const y = await lowRankOf(a, matrixOf(676, count, (k, q) => 1 + Math.sin(k * k + 3 * q)), 5);
  const whole = toDense(a, y);
  const { plane, pitch, origin } = layoutOf(grid);
  const psi = new Float64Array(plane * count);
  whole.data.forEach((value, k) => {
    const [cell, q] = [Math.floor(k / count), k % count];
    const place = origin + Math.floor(cell / 26) * pitch + cell % 26;
    psi[q * plane + place] = value / Math.sqrt(ordinates.weights[q]!);
  });
  const readings = [
    ordinateReading(grid, ordinates, () => psi),
    new CoordinateReading(a, grid, basis, () => whole),
    new CoordinateReading(a, grid, basis, () => y),
  ];
  const lines = [
    openSides({ grid, ...setup }),
    facesAround(grid, { x: [-0.3, 0.3], y: [-0.3, 0.1] }),
  ];
  const told = readings.map((reading) => [
    ...lines.flatMap((faces) => Object.values(reading.leaving(faces)).slice(0, 1)),
    ...lines.map((faces) => reading.leaving(faces).largest),
    ...reading.moments(Int32Array.of(origin, origin + 3 * pitch + 2)),
    ...reading.moments(Int32Array.of()),
  ]);
  assertLess(distance(told[0]!, told[1]!), 1e-14);
  assertLess(distance(told[0]!, told[2]!), 1e-13);
});

/** Mass that the balances of all steps leave unexplained, over what came in. */
async function unexplained(
  setup: Setup,
  solver: { readonly flux: Float64Array; readonly steps: { readonly count: number } },
  step: (n: number) => Balance | Promise<Balance>,
): Promise<number> {
  const sum = emptyBalance();
  for (let n = 0; n < solver.steps.count; n++) addBalance(sum, await step(n));
  const mass = (flux: Float64Array): number =>
    areaOf(setup.grid) * flux.reduce((total, phi) => total + phi, 0);
  const came = mass(setup.start) + sum.source + sum.inflow;
  return Math.abs(mass(solver.flux) + sum.absorbed + sum.outflow - came) / came;
}

async function lowRankGap(
  setup: Setup,
  basis: Parameters<typeof LowRankSolver.open>[2],
  options: Partial<LowRankOptions>,
): Promise<number> {
  const defaults = { integrator: augmentedBug, stepper: euler, tolerance: 1e-2, cfl: 0.25 };
  const solver = await LowRankSolver.open(a, setup, basis, { ...defaults, ...options });
  return await unexplained(setup, solver, async (n) => (await solver.step(n)).balance);
}

Deno.test("in low rank what came in is there, was absorbed or has left, to round-off", async () => {
  const hot = { ...hohlraum.setup(26), time: 0.4 };
  const basis = ordinateBasis(product(4));
  for (const implicit of [false, true]) {
    assertLess(await lowRankGap(hot, basis, { implicit }), 1e-13);
  }
  const half = { ...halfLattice.setup(14), time: 1 };
  assertLess(await lowRankGap(half, await harmonicBasis(a, 2, 3), {}), 1e-13);
  const slab = planeSource.setup(40, { absorb: 0.5 });
  const gauss = ordinateBasis(quadratures.get("gauss").ordinates(16));
  assertLess(await lowRankGap(slab, gauss, { cfl: 0.5 }), 1e-13);
  // Plain truncation loses what it loses, and steps of order two balance to their order.
  const plain = await lowRankGap(slab, gauss, { cfl: 0.5, conserved: "nothing" });
  assertGreater(plain, 1e-7);
  const second = (cfl: number) => lowRankGap(slab, gauss, { cfl, stepper: heun, tolerance: 1e-8 });
  const [coarse, fine] = [await second(0.4), await second(0.2)];
  assertLess(fine, coarse / 3);
});

Deno.test("in moments what came in is there, was absorbed or has left, by both ways to step", async () => {
  const setup = { ...hohlraum.setup(26), time: 0.2 };
  for (const time of ["euler", "heun"] as const) {
    const solver = new MomentSolver(a, setup, await harmonicBasis(a, 2, 3), { time });
    assertLess(await unexplained(setup, solver, (n) => solver.step(n)), 1e-13);
    assertEquals(solver.reading.directions, false);
  }
});

/** A pulse with a square around it whose outflow is asked for. */
function watchedPulse(): Setup {
  return { ...lineSource.setup(24), perimeters: [{ name: "P1", x: [-0.5, 0.5], y: [-0.5, 0.5] }] };
}

/** Problem, order of directions, ϑ, cfl, and columns of values too small to be resolved. */
const NEAR: readonly [Setup, number, number, number, readonly string[]][] = [
  [watchedPulse(), 16, 1e-2, 0.4, ["Cur_outflow", "Total_outflow", "Max_outflow"]],
  [lattice.setup(21), 16, 5e-3, 0.3, ["Max_outflow"]],
  [{ ...hohlraum.setup(26), time: 1 }, 16, 5e-3, 0.25, ["Max_outflow"]],
];

for (const [setup, order, tolerance, cfl, tiny] of NEAR) {
  const { nx } = setup.grid;
  Deno.test(`on ${nx}² cells to t = ${setup.time} low rank is within 2 % of the full solver in all quantities of interest, in a quarter of its memory`, async () => {
    const ordinates = product(order);
    const basis = ordinateBasis(ordinates);
    using full = new OrdinatesSolver(setup, ordinates, { order: 1, cfl, clip: false });
    const options = { integrator: augmentedBug, stepper: euler, tolerance, cfl };
    const low = await LowRankSolver.open(a, setup, basis, options);
    const known = new Quantities(setup, ordinateReading(setup.grid, ordinates, () => full.psi));
    const found = new Quantities(setup, low.reading);
    let held = 0;
    for (let n = 0; n < low.steps.count; n++) {
      full.step(n);
      await low.step(n);
      held = Math.max(held, low.size);
      const at = { dt: low.steps.lengthOf(n), time: low.steps.endOf(n) };
      known.observe({ flux: full.flux, ...at });
      found.observe({ flux: low.flux, ...at });
    }
    assertLess(held, 0.25 * setup.start.length * basis.size);
    assertEquals(found.columns, known.columns);
    const most = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
    for (const [k, name] of known.columns.entries()) {
      if (tiny.some((column) => name.endsWith(column))) continue;
      const history = known.rows.map((row) => row[k]!);
      const off = Math.abs(found.last(name) - known.last(name)) / most(history);
      // What a mirror image cancels is round-off, and nothing to be near to.
      assert(most(history) < 1e-12 || off < 0.02, `${name}: off by ${off}`);
    }
    known.windows.forEach((windows, p) => {
      const off = windows.map((value, k) => value - found.windows[p]![k]!);
      assertLess(most(off) / most(windows), 0.02);
    });
  });
}
