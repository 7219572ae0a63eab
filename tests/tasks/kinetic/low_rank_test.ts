/** Low-rank transport against reference figures, and what it conserves. */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type Algebra,
  augmentedBug,
  euler,
  heun,
  integrators,
  lowRankOf,
  type Matrix,
  openHostAlgebra,
  separableField,
  toDense,
} from "../../../core/mod.ts";
import { orthogonalityDefect } from "../../../core/geometry/low_rank.ts";
import {
  allSides,
  halfLattice,
  hohlraum,
  lattice,
  lineSource,
  OrdinatesSolver,
  planeSource,
  quadratures,
  quarterHohlraum,
  type Setup,
} from "../../../tasks/kinetic/mod.ts";
import { type AngularBasis, harmonicBasis, ordinateBasis } from "../../../tasks/kinetic/mod.ts";
import { type LowRankOptions, LowRankSolver } from "../../../tasks/kinetic/mod.ts";
import { areaOf, layoutOf } from "../../../tasks/kinetic/grid.ts";
import { relativeError } from "../../../tasks/kinetic/outcome.ts";
import { MomentSolver } from "../../../tasks/kinetic/mod.ts";
import { separableTransport, wholeField } from "../../../tasks/kinetic/separable_transport.ts";
import { distance } from "./run.ts";

const a = await openHostAlgebra();
const gauss = (order: number) => ordinateBasis(quadratures.get("gauss").ordinates(order));
const product = (order: number) => ordinateBasis(quadratures.get("product").ordinates(order));

interface Found {
  readonly solver: LowRankSolver;
  readonly ranks: number[];
  /** Largest violation of φ₁ = φ₀ + Δt dφ/dt, cell by cell, relative to φ. */
  readonly law: number;
  /** Bound of the relative error that truncations make. */
  readonly lost: number;
  /** Mass at the end, and what was absorbed. */
  readonly mass: number;
  readonly absorbed: number;
}

async function evolve(
  setup: Setup,
  basis: AngularBasis,
  options: Partial<LowRankOptions>,
): Promise<Found> {
  const defaults = { integrator: augmentedBug, stepper: euler, tolerance: 1e-2, cfl: 0.5 };
  const solver = await LowRankSolver.open(a, setup, basis, { ...defaults, ...options });
  const ranks: number[] = [];
  let [law, lost, absorbed] = [0, 0, 0];
  const total = (rate: (phi: number, k: number) => number): number =>
    areaOf(setup.grid) * solver.flux.map(rate).reduce((x, y) => x + y, 0);
  for (let n = 0; n < solver.steps.count; n++) {
    const [before, rate] = [solver.flux, await solver.fluxRate()];
    const { rank, discarded } = await solver.step(n);
    const expected = before.map((phi, k) => phi + solver.steps.lengthOf(n) * rate[k]!);
    law = Math.max(law, distance(expected, solver.flux));
    lost += discarded;
    absorbed += solver.steps.lengthOf(n) * total((phi, k) => setup.absorption[k]! * phi);
    ranks.push(rank);
  }
  lost /= await a.norm(solver.y.s);
  return { solver, ranks, law, lost, mass: total((phi) => phi), absorbed };
}

const middle = (flux: Float64Array): number =>
  (flux[flux.length / 2 - 1]! + flux[flux.length / 2]!) / 2;

/** The plane source on 200 cells with 32 coordinates: kind, ϑ, σ, φ(0), final rank, error of φ. */
const PLANE = [
  ["S", 1e-2, [1, 0], 0.670518703, 14, 1.79e-2],
  ["S", 1e-3, [1, 0], 0.681748335, 22, 4.51e-4],
  ["S", 1e-4, [1, 0], 0.681687890, 26, 1.92e-5],
  ["P", 1e-3, [1, 0], 0.681748335, 22, 4.51e-4],
  ["S", 1e-3, [0.5, 0.5], 0.361265779, 22, 7.41e-4],
] as const;

for (const [kind, tolerance, [scatter, absorb], value, rank, error] of PLANE) {
  Deno.test(`the plane source in low rank, ${kind}_N at ${tolerance}, σa = ${absorb}, has the reference figures`, async () => {
    const setup = planeSource.setup(200, { scatter, absorb });
    const basis = kind === "S" ? gauss(32) : await harmonicBasis(a, 1, 31);
    const ordinates = quadratures.get("gauss").ordinates(32);
    using full = new OrdinatesSolver(setup, ordinates, { order: 1, cfl: 0.5, clip: false });
    for (let n = 0; n < full.steps.count; n++) full.step(n);
    const { solver, ranks, law } = await evolve(setup, basis, { tolerance, minRank: 1 });
    assertAlmostEquals(middle(full.flux), absorb ? 0.3611479335 : 0.6816894478, 1e-10);
    assertAlmostEquals(middle(solver.flux), value, 1e-8);
    assertLess(Math.abs(ranks.at(-1)! - rank), 2);
    assertAlmostEquals(relativeError(solver.flux, full.flux) / error, 1, 0.01);
    assertLess(law, 1e-13);
    for (const q of [solver.y.u, solver.y.v]) assertLess(await orthogonalityDefect(a, q), 1e-13);
  });
}

Deno.test("plain truncation breaks the law that the conservative one keeps, as much as the reference", async () => {
  const options = { tolerance: 1e-2, conserved: "nothing", minRank: 1 } as const;
  const { law, solver, ranks } = await evolve(planeSource.setup(400), gauss(64), options);
  assertAlmostEquals(law, 1.9e-3, 2e-4);
  assertAlmostEquals(middle(solver.flux), 0.755013939, 1e-8);
  assertEquals([66, 133, 200, 267].map((n) => ranks[n - 1]), [8, 11, 12, 12]);
  const momentum = await evolve(planeSource.setup(100), gauss(16), { conserved: "momentum" });
  assertLess(momentum.law, 1e-13);
});

Deno.test("between periodic sides all mass stays, to round-off over a hundred steps", async () => {
  const setup = { ...planeSource.setup(200), sides: allSides({ kind: "periodic" }) };
  const mass = (flux: Float64Array): number => flux.reduce((sum, phi) => sum + phi, 0);
  const { solver } = await evolve(setup, gauss(16), { tolerance: 1e-3 });
  assertLess(Math.abs(mass(solver.flux) / mass(setup.start) - 1), 5e-13);
});

Deno.test("the lattice in low rank comes near the full solver at a quarter of its numbers", async () => {
  const setup = lattice.setup(21);
  const ordinates = quadratures.get("product").ordinates(16);
  using full = new OrdinatesSolver(setup, ordinates, { order: 1, cfl: 0.3, clip: false });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  const { solver, law } = await evolve(setup, ordinateBasis(ordinates), { cfl: 0.3 });
  assertLess(relativeError(solver.flux, full.flux), 3e-3);
  assertLess(law, 1e-13);
  assertLess(solver.size, 0.25 * 21 * 21 * 256);
});

Deno.test("with implicit collisions the lattice has the reference figures", async () => {
  const options = { tolerance: 1e-3, minRank: 1, implicit: true, cfl: 0.4 };
  const { mass, absorbed, ranks } = await evolve(lattice.setup(35), product(8), options);
  assertAlmostEquals(mass / 13.17126, 1, 2e-5);
  assertAlmostEquals(absorbed / 6.92791, 1, 2e-5);
  assertEquals([10, 20, 30, 40].map((n) => ranks[n - 1]), [31, 39, 39, 39]);
});

Deno.test("ranks stall where ϑ exceeds what a step adds: all mass is there, and the sum of what truncations discard tells; ϑ Δt or the ranks of the start avoid it", async () => {
  const [setup, basis] = [planeSource.setup(60), gauss(16)];
  const full = new MomentSolver(a, setup, basis, { cfl: 0.03 });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  const stalled = await evolve(setup, basis, { tolerance: 0.02, minRank: 1, cfl: 0.03 });
  assertLess(stalled.law, 1e-12);
  assertGreater(relativeError(stalled.solver.flux, full.flux), 0.2);
  assertGreater(stalled.lost, 1);
  const scaled = await evolve(setup, basis, {
    tolerance: 0.5,
    scaled: true,
    minRank: 1,
    cfl: 0.03,
  });
  assertLess(relativeError(scaled.solver.flux, full.flux), 0.02);
  assertLess(scaled.lost, 1);
  const held = await evolve(setup, basis, { tolerance: 0.02, cfl: 0.03 });
  assertLess(relativeError(held.solver.flux, full.flux), 0.005);
  assertEquals(new Set(held.ranks), new Set([8]));
});

Deno.test("a pulse that is narrower than cells is followed by the ranks of the start, and not from the one it has", async () => {
  const setup = lineSource.setup(50);
  const ordinates = quadratures.get("product").ordinates(12);
  using full = new OrdinatesSolver(setup, ordinates, { order: 1, cfl: 0.4, clip: false });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  const { solver, law } = await evolve(setup, product(12), { cfl: 0.4 });
  assertLess(relativeError(solver.flux, full.flux), 0.01);
  assertLess(law, 1e-13);
});

/** Problem, cells, directions, ϑ, mass, absorbed, ranks at quarters, errors of ψ and φ, and floor. */
const PLANAR = [
  [lattice, 35, 8, 1e-2, 13.151, 7.311, [17, 18, 19, 19], 1.4e-2, 3.0e-4, 1],
  [lattice, 35, 8, 1e-3, 13.151, 7.3098, [34, 40, 40, 39], 1.3e-3, 4.4e-5, 6],
  [lattice, 35, 12, 1e-2, 13.181, 7.2802, [17, 19, 19, 20], 1.4e-2, 4.9e-4, 6],
  [lattice, 35, "P", 1e-3, 13.104, 7.3593, [32, 34, 33, 32], 7.6e-4, 1.4e-4, 6],
  [lattice, 70, 12, 1e-2, 13.101, 7.1854, [18, 18, 18, 18], 3.1e-2, 1.9e-3, 6],
  [lineSource, 50, 12, 1e-2, 1, 0, [11, 15, 24, 30], 0.29, 0.25, 1],
  [lineSource, 50, 12, 1e-3, 1, 0, [23, 39, 58, 72], 8.1e-3, 3.6e-3, 1],
] as const;

for (
  const [problem, cells, order, tolerance, mass, absorbed, ranks, error, errorOfFlux, minRank]
    of PLANAR
) {
  const angles = order === "P" ? "P_7" : `${order ** 2} directions`;
  Deno.test(`${problem.name} on ${cells}² cells in ${angles} at ${tolerance} has the reference figures`, async () => {
    const setup = problem.setup(cells);
    const basis = order === "P" ? await harmonicBasis(a, 2, 7) : product(order);
    const full = order === "P" ? wholeMoments(setup, basis) : wholeOrdinates(setup, order);
    const found = await evolve(setup, basis, { tolerance, minRank, cfl: 0.4 });
    assertLess(Math.abs(found.mass / mass - 1), 1e-3);
    assertLess(Math.abs(found.absorbed - absorbed), 1e-3 * absorbed + 1e-12);
    const count = found.ranks.length;
    ranks.forEach((rank, k) => {
      const own = found.ranks[Math.floor((k + 1) * count / 4) - 1]!;
      assert(Math.abs(own - rank) <= 2, `${own} at quarter ${k + 1}, not ${rank}`);
    });
    assertLess(relativeError(toDense(a, found.solver.y).data, full.y) / error, 1.5);
    assertLess(relativeError(found.solver.flux, full.flux) / errorOfFlux, 1.5);
    assertLess(found.law, 1e-13);
  });
}

interface Whole {
  readonly y: Float64Array;
  readonly flux: Float64Array;
}

function wholeMoments(setup: Setup, basis: AngularBasis): Whole {
  const full = new MomentSolver(a, setup, basis, { cfl: 0.4 });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  return { y: full.y.data, flux: full.flux };
}

/** The full solver of order 1, its ψ in the coordinates of low rank. */
function wholeOrdinates(setup: Setup, order: number): Whole {
  const ordinates = quadratures.get("product").ordinates(order);
  using full = new OrdinatesSolver(setup, ordinates, { order: 1, cfl: 0.4, clip: false });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  const { plane, pitch, origin } = layoutOf(setup.grid);
  const { nx, ny } = setup.grid;
  const count = ordinates.weights.length;
  const y = Float64Array.from({ length: nx * ny * count }, (_, k) => {
    const [cell, q] = [Math.floor(k / count), k % count];
    const place = origin + Math.floor(cell / nx) * pitch + cell % nx;
    return Math.sqrt(ordinates.weights[q]!) * full.psi[q * plane + place]!;
  });
  return { y, flux: full.flux };
}

Deno.test("without truncation every rank that is needed is there", async () => {
  const setup = { ...lineSource.setup(10), time: 0.6 };
  const full = new MomentSolver(a, setup, product(4), { cfl: 0.4 });
  const { solver } = await evolve(setup, product(4), { tolerance: 0, cfl: 0.4 });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  assertLess(distance(full.flux, solver.flux), 1e-12);
});

Deno.test("reflecting sides keep the law of mass, and without truncation φ is the full solver's", async () => {
  const quarter = { ...quarterHohlraum.setup(13), time: 0.5 };
  const { solver, law } = await evolve(quarter, product(4), { tolerance: 0, cfl: 0.2 });
  const full = new MomentSolver(a, quarter, product(4), { cfl: 0.2 });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  assertLess(relativeError(solver.flux, full.flux), 1e-6);
  assertLess(law, 1e-13);
  const half = await evolve(halfLattice.setup(14), await harmonicBasis(a, 2, 5), {
    tolerance: 1e-3,
    cfl: 0.3,
  });
  assertLess(half.law, 1e-13);
});

Deno.test("the separable field is F(Y), with sources apart", async () => {
  const setup = hohlraum.setup(26);
  const basis = product(4);
  const y = await lowRankOf(
    a,
    a.from(Float64Array.from({ length: 676 * 16 }, (_, k) => Math.sin(k * k)), 676, 16),
    5,
  );
  const transport = separableTransport(a, setup, basis);
  const whole = wholeField(a, { ...transport, sources: [] }, toDense(a, y));
  const field = separableField(a, y, transport.terms);
  assertLess(distance(a.multiply(whole, y.v).data, field.times(y.v).data), 1e-13);
  const [left, right] = [
    a.multiply(y.u, a.multiply(whole, y.v), { transposeLeft: true }),
    field.galerkin(y.u, y.v),
  ];
  assertLess(distance(left.data, right.data), 1e-12);
});

Deno.test("nothing as large as ψ is formed", async () => {
  const setup = { ...lattice.setup(14), time: 0.2 };
  const basis = product(20);
  let largest = 0;
  const seen = <T>(x: T): T => {
    if (typeof x === "object" && x !== null && "data" in x) {
      largest = Math.max(largest, (x as unknown as Matrix).data.length);
    }
    return x;
  };
  const watched = new Proxy(a, {
    get: (target, key) => {
      const value = target[key as keyof typeof target] as unknown;
      return typeof value === "function"
        ? (...args: unknown[]) => seen(value.apply(target, args))
        : value;
    },
  }) as Algebra<Matrix>;
  const solver = await LowRankSolver.open(watched, setup, basis, {
    integrator: augmentedBug,
    stepper: euler,
    tolerance: 1e-2,
  });
  for (let n = 0; n < solver.steps.count; n++) await solver.step(n);
  assertGreater(largest, 0);
  assertLess(largest, 0.8 * 196 * 400);
});

Deno.test("every integrator moves the plane source to nearly the same flux and mass", async () => {
  const setup = { ...planeSource.setup(60), time: 0.25 };
  const full = new MomentSolver(a, setup, gauss(12), { cfl: 0.5 });
  for (let n = 0; n < full.steps.count; n++) full.step(n);
  for (const integrator of integrators.list()) {
    const { solver } = await evolve(setup, gauss(12), {
      integrator,
      stepper: heun,
      tolerance: 1e-3,
    });
    const error = relativeError(solver.flux, full.flux);
    assert(error < 0.1, `${integrator.name}: ${error}`);
    const mass = (flux: Float64Array): number => 0.05 * flux.reduce((sum, phi) => sum + phi, 0);
    assertAlmostEquals(mass(solver.flux), mass(full.flux), 1e-2, integrator.name);
  }
});

Deno.test("the law holds with inflow and without anything at the start", async () => {
  const { law, ranks } = await evolve({ ...hohlraum.setup(26), time: 0.3 }, product(4), {
    cfl: 0.25,
  });
  assertLess(law, 1e-13);
  assertGreater(Math.min(...ranks), 5);
  assertEquals(ranks.length, 24);
});

Deno.test("low rank is of order two in time by a midpoint with Heun's substeps, of order one by Euler's", async () => {
  const setup = { ...planeSource.setup(40), time: 0.4 };
  /** How fast the flux settles as steps are halved, where truncation does not tell. */
  const orderOf = async (options: Pick<LowRankOptions, "integrator" | "stepper">) => {
    const fluxes: Float64Array[] = [];
    for (const cfl of [0.4, 0.2, 0.1]) {
      const { solver } = await evolve(setup, gauss(12), { ...options, tolerance: 1e-9, cfl });
      fluxes.push(solver.flux);
    }
    const [coarse, middle, fine] = fluxes as [Float64Array, Float64Array, Float64Array];
    return Math.log2(relativeError(coarse, middle) / relativeError(middle, fine));
  };
  const midpoint = integrators.get("midpoint-bug");
  assertAlmostEquals(await orderOf({ integrator: midpoint, stepper: heun }), 2, 0.2);
  assertAlmostEquals(await orderOf({ integrator: augmentedBug, stepper: euler }), 1, 0.2);
});
