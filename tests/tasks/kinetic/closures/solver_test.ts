/** Runs of M_N held against an independent implementation of the same scheme. */

import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Random } from "../../../../core/mod.ts";
import {
  allSides,
  EntropySolver,
  halfLattice,
  hohlraum,
  lattice,
  momentSystem,
  NewtonClosure,
  OrdinatesSolver,
  quadratures,
  quarterHohlraum,
  type Regularisation,
  type Setup,
  type Side,
  type Sides,
  slabGrid,
  squareGrid,
} from "../../../../tasks/kinetic/mod.ts";
import { type KineticFlux, PlainFlux } from "../../../../tasks/kinetic/closures/kinetic_flux.ts";
import { minmod } from "../../../../tasks/kinetic/limiter.ts";
import { SharedFlux } from "../../../../tasks/kinetic/closures/shared_flux.ts";
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
  assertThrows(() => new EntropySolver(pulse(20), closure, { floor: 0 }), RangeError, "floor");
});

/** A system in the plane with few directions. */
const plane = momentSystem(
  { dimension: 2, degree: 2, functions: "harmonics" },
  quadratures.get("product").ordinates(4),
);

/** A few steps; φ of the whole. */
async function someSteps(solver: EntropySolver, count = 4): Promise<Float64Array> {
  for (let n = 0; n < count; n++) await solver.step(n);
  return solver.flux;
}

Deno.test("what reflects has the moments of the whole problem, at both orders", async () => {
  for (const [half, whole] of [[halfLattice, lattice], [quarterHohlraum, hohlraum]] as const) {
    const cells = whole === lattice ? 14 : 26;
    for (const order of [1, 2] as const) {
      const flux = async (setup: Setup): Promise<Float64Array> => {
        using solver = new EntropySolver(setup, new NewtonClosure(plane, 0.01), { order });
        return await someSteps(solver, 3);
      };
      const part = half.setup(cells / 2);
      const { nx, ny } = part.grid;
      const [found, expected] = [await flux(part), await flux(whole.setup(cells))];
      const below = ny === cells ? 0 : ny;
      found.forEach((phi, c) => {
        const there = (Math.floor(c / nx) + below) * cells + c % nx + nx;
        assertLess(Math.abs(phi / expected[there]! - 1), 1e-9, `cell ${c}, order ${order}`);
      });
    }
  }
});

Deno.test("the flux of rows that threads share is that of plain loops", () => {
  const grid = squareGrid({ x: [0, 1], y: [0, 1] }, 19);
  const random = new Random(3);
  const inflow = (): Side => ({
    kind: "inflow",
    value: Float64Array.from({ length: 19 }, () => random.uniform()),
  });
  const reflecting: Side = { kind: "reflecting" };
  const periodic: Side = { kind: "periodic" };
  const cases: Sides[] = [
    { left: inflow(), right: reflecting, bottom: vacuum, top: inflow() },
    { left: periodic, right: periodic, bottom: reflecting, top: vacuum },
    { left: vacuum, right: inflow(), bottom: periodic, top: periodic },
  ];
  const cells = 19 * 19;
  const alpha = random.fillNormal(new Float64Array(5 * cells), 0, 1);
  const scale = random.fillNormal(new Float64Array(cells), 0, 1);
  for (const sides of cases) {
    const setup = { ...pulse(20), grid, sides };
    const told = (flux: KineticFlux) => {
      const into = new Float64Array(6 * cells);
      return { into, ...flux.stream(alpha, scale, 0.1, into) };
    };
    const plain = told(new PlainFlux(setup, plane, { order: 1, limiter: minmod }));
    const alone = told(new SharedFlux(setup, plane, 1));
    assertAlmostEquals(alone.inflow, plain.inflow, 1e-11);
    assertAlmostEquals(alone.outflow, plain.outflow, 1e-11);
    plain.into.forEach((v, i) => assertAlmostEquals(alone.into[i]!, v, 1e-10, `${i}`));
    const shared = new SharedFlux(setup, plane, 2);
    assertEquals(told(shared), alone);
    shared.close();
  }
});

Deno.test("runs of M_N have the same bits for any number of threads", async () => {
  const setup = hohlraum.setup(26);
  const run = async (threads: number) => {
    using closure = new NewtonClosure(plane, 0.01, { threads });
    using solver = new EntropySolver(setup, closure, { threads });
    await someSteps(solver, 2);
    return { moments: solver.moments, steps: closure.steps };
  };
  assertEquals(await run(2), await run(1));
});

Deno.test("with all multipliers regularised entropy falls, mass stays, and small γ is no change", async () => {
  const system = momentSystem({ dimension: 1, degree: 2, functions: "monomials" }, ordinates);
  const flux = async (gamma: number, regularisation: Regularisation): Promise<Float64Array> => {
    const closure = new NewtonClosure(system, gamma, { regularisation });
    const solver = new EntropySolver(pulse(40), closure);
    let entropy = await solver.entropy();
    const { defect } = await run(solver, async () => {
      const next = await solver.entropy();
      assertLess(next, entropy);
      entropy = next;
    });
    assertLess(Math.abs(defect), 1e-12);
    return solver.flux;
  };
  const exact = await flux(0, "none");
  const gap = (other: Float64Array): number =>
    Math.hypot(...other.map((phi, c) => phi - exact[c]!)) / Math.hypot(...exact);
  const [some, less] = [gap(await flux(1e-2, "full")), gap(await flux(1e-4, "full"))];
  assertLess(less, 0.1 * some);
  assertLess(some, 0.1);
});
