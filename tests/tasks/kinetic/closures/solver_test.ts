/** Runs of M_N held against an independent implementation of the same scheme. */

import { assertAlmostEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  allSides,
  EntropySolver,
  halfLattice,
  lattice,
  momentSystem,
  NewtonClosure,
  OrdinatesSolver,
  quadratures,
  type Setup,
  slabGrid,
} from "../../../../tasks/kinetic/mod.ts";
import { addBalance, emptyBalance } from "../../../../tasks/kinetic/solver.ts";
import { areaOf, sampled } from "../../../../tasks/kinetic/grid.ts";
import { vacuum } from "../../../../tasks/kinetic/sides.ts";

/** A pulse in a slab that scatters. */
function pulse(cells: number, variance = 0.01): Setup {
  const grid = slabGrid([-1, 1], cells);
  const normal = (x: number): number =>
    Math.exp(-x * x / (2 * variance)) / Math.sqrt(2 * variance * Math.PI);
  return {
    grid,
    scattering: sampled(grid, () => 1),
    absorption: sampled(grid, () => 0),
    source: sampled(grid, () => 0),
    start: sampled(grid, (x) => Math.max(1e-3, normal(x))),
    sides: { ...allSides({ kind: "periodic" }), left: vacuum, right: vacuum },
    time: 0.5,
    regions: [],
    perimeters: [],
    probes: [],
  };
}

const massOf = ({ setup, flux }: EntropySolver): number =>
  areaOf(setup.grid) * flux.reduce((sum, phi) => sum + phi, 0);

/** Runs to the end; the mass that the balance leaves unexplained, over what there was. */
async function run(solver: EntropySolver, each: () => Promise<void> = () => Promise.resolve()) {
  const before = massOf(solver);
  const total = emptyBalance();
  for (let n = 0; n < solver.steps.count; n++) {
    addBalance(total, await solver.step(n));
    await each();
  }
  const came = before + total.source + total.inflow;
  const defect = (massOf(solver) - came + total.absorbed + total.outflow) / came;
  return { total, defect };
}

/** Between centres of cells, linearly. */
function at({ grid }: Setup, flux: Float64Array, x: number): number {
  const place = (x - grid.x0) / grid.hx - 0.5;
  const i = Math.floor(place);
  return flux[i]! + (place - i) * (flux[i + 1]! - flux[i]!);
}

type Row = [degree: number, gamma: number, figures: number[], toOrdinates: number];

const SLAB: Row[] = [
  [1, 0, [
    ...[1.00089, 0.00024894758, 0.79630307, 1.0954474, 0.49337911, 0.0058700454],
    ...[0.94791913, 0.79371016, -1.307753291],
  ], 0.2327],
  [2, 0.01, [
    ...[1.0009052, 0.0002338359, 1.2530099, 0.97662395, 0.38689969, 0.004900721],
    ...[0.98197829, 0.83715073, -1.26394235],
  ], 0.04261],
  [3, 0, [
    ...[1.0009018, 0.00023719448, 1.1746351, 1.011398, 0.39434229, 0.010235809],
    ...[0.96764924, 0.86749304, -1.284494667],
  ], 0.006401],
];

const ordinates = quadratures.get("gauss").ordinates(40);

function slabRun(): Float64Array {
  using sweep = new OrdinatesSolver(pulse(200), ordinates, { order: 1, cfl: 0.5 });
  for (let n = 0; n < sweep.steps.count; n++) sweep.step(n);
  return sweep.flux;
}

for (const [degree, gamma, figures, toOrdinates] of SLAB) {
  Deno.test(`a pulse in M_${degree}, γ = ${gamma}, has the reference figures and loses entropy`, async () => {
    const setup = pulse(200);
    const system = momentSystem({ dimension: 1, degree, functions: "monomials" }, ordinates);
    const solver = new EntropySolver(setup, new NewtonClosure(system, gamma), { cfl: 0.5 });
    const entropies = [await solver.entropy()];
    if (gamma === 0) assertAlmostEquals(entropies[0]!, -0.8192526144, 1e-10);
    let ratio = 0;
    const { total, defect } = await run(solver, async () => {
      entropies.push(await solver.entropy());
      assertLess(entropies.at(-1)!, entropies.at(-2)!);
      const { flux, moments } = solver;
      flux.forEach((phi, c) => {
        ratio = Math.max(ratio, Math.abs(moments[flux.length + c]! / phi));
      });
    });
    assertLess(Math.abs(defect), 1e-12);
    const { flux } = solver;
    const found = [
      massOf(solver),
      total.outflow,
      ...[0, 0.25, 0.5, 0.75].map((x) => at(setup, flux, x)),
      Math.sqrt(setup.grid.hx) * Math.hypot(...flux),
      ratio,
      entropies.at(-2)!, // where the last step begins
    ];
    figures.forEach((value, k) => {
      assertLess(Math.abs(found[k]! / value - 1), 2e-7, `${k}: ${found[k]}, not ${value}`);
    });
    const reference = slabRun();
    const gap = Math.hypot(...flux.map((phi, c) => phi - reference[c]!)) / Math.hypot(...reference);
    assertLess(Math.abs(gap / toOrdinates - 1), 1e-3, `${gap}`);
  });
}

const LATTICE: [degree: number, gamma: number, figures: number[]][] = [
  [1, 0.01, [12.653735, 7.6896334, 0.010462133, 6.1104789, 7.7411573e-06, 6.3987128]],
  [2, 0, [13.144817, 7.167415, 0.021529179, 6.6094115, 1.5144375e-05, 6.8337301]],
];

for (const [degree, gamma, figures] of LATTICE) {
  Deno.test(`the lattice in M_${degree}, γ = ${gamma}, has the reference figures`, async () => {
    const setup = lattice.setup(28);
    const rule = quadratures.get("product").ordinates(8);
    const system = momentSystem({ dimension: 2, degree, functions: "harmonics" }, rule);
    const cfl = 0.05 / setup.grid.hx;
    const solver = new EntropySolver(setup, new NewtonClosure(system, gamma), { cfl });
    let absorbed = 0;
    const { total, defect } = await run(solver, () => {
      const rate = solver.flux.reduce((sum, phi, c) => sum + phi * setup.absorption[c]!, 0);
      absorbed += 0.05 * areaOf(setup.grid) * rate;
      return Promise.resolve();
    });
    assertLess(Math.abs(defect), 1e-12);
    const { flux } = solver;
    const found = [
      massOf(solver),
      absorbed,
      total.outflow,
      Math.max(...flux),
      Math.min(...flux),
      setup.grid.hx * Math.hypot(...flux),
    ];
    figures.forEach((value, k) => {
      assertLess(Math.abs(found[k]! / value - 1), 2e-7, `${k}: ${found[k]}, not ${value}`);
    });
  });
}

Deno.test("second order in space is nearer to a fine grid, and keeps the balance", async () => {
  const system = momentSystem(
    { dimension: 1, degree: 2, functions: "monomials" },
    quadratures.get("gauss").ordinates(12),
  );
  const coarse = async (cells: number, order: 1 | 2): Promise<number[]> => {
    const solver = new EntropySolver(pulse(cells, 0.05), new NewtonClosure(system, 0.01), {
      order,
    });
    assertLess(Math.abs((await run(solver)).defect), 1e-12);
    const width = cells / 40;
    return Array.from(
      { length: 40 },
      (_, i) => solver.flux.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0) / width,
    );
  };
  const fine = await coarse(320, 2);
  const error = async (cells: number, order: 1 | 2): Promise<number> =>
    Math.hypot(...(await coarse(cells, order)).map((phi, i) => phi - fine[i]!));
  const second = await error(80, 2);
  assertLess(second, 0.4 * await error(80, 1));
  assertLess(second, 0.45 * await error(40, 2));
});

Deno.test("cells that cannot be closed are named, and what cannot be solved is refused", async () => {
  const system = momentSystem({ dimension: 1, degree: 2, functions: "monomials" }, ordinates);
  const closure = new NewtonClosure(system, 0);
  const solver = new EntropySolver(pulse(20), closure);
  solver.moments[20 + 7] = 1.5 * solver.moments[7]!;
  await assertRejects(
    () => solver.step(0),
    RangeError,
    "of cell (7, 0) with φ = 0.175283: expected",
  );
  solver.moments[3] = -1;
  await assertRejects(() => solver.step(0), RangeError, "of cell (3, 0) with φ = -1: expected");
  assertThrows(() => new EntropySolver(halfLattice.setup(14), closure), RangeError, "not reflect");
  assertThrows(() => new EntropySolver(pulse(20), closure, { floor: 0 }), RangeError, "floor");
});
