/** What every run must keep, whatever the figures are. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  allSides,
  halfLattice,
  hohlraum,
  homogeneous,
  lattice,
  limiters,
  lineSource,
  manufactured,
  manufacturedSlab,
  OrdinatesSolver,
  plainSweep,
  planeSource,
  quadratures,
  quarterHohlraum,
  simdSweep,
} from "../../../tasks/kinetic/mod.ts";
import { layoutOf, sampled } from "../../../tasks/kinetic/grid.ts";
import { distance, wholeRun } from "./run.ts";

const none = limiters.get("none");

/** nx × ny values, mirrored along x or y. */
function mirroredField(f: Float64Array, nx: number, axis: "x" | "y"): Float64Array {
  const ny = f.length / nx;
  return f.map((_, k) => {
    const [i, j] = [k % nx, Math.floor(k / nx)];
    return axis === "x" ? f[j * nx + nx - 1 - i]! : f[(ny - 1 - j) * nx + i]!;
  });
}

for (const kind of [plainSweep, simdSweep]) {
  for (const threads of kind === simdSweep ? [1, 2] : [1]) {
    Deno.test({
      name: `${kind.name} with ${threads} threads computes the bits of the reference`,
      sanitizeResources: false,
      sanitizeOps: false,
      fn() {
        const cases = [
          [lattice.setup(35), "product"],
          [quarterHohlraum.setup(26), "level-symmetric"],
          [planeSource.setup(21), "gauss"],
          [manufactured.setup(9), "tessellation"],
        ] as const;
        for (const [setup, name] of cases) {
          for (const limiter of limiters.list()) {
            const steps = (by: typeof kind, count: number): [Float64Array, string] => {
              const ordinates = quadratures.get(name).ordinates(4);
              const options = { limiter, kind: by, threads: count };
              using solver = new OrdinatesSolver(setup, ordinates, options);
              const balances = [0, 1, 2].map((n) => solver.step(n));
              return [solver.flux, JSON.stringify(balances)];
            };
            assertEquals(steps(kind, threads), steps(plainSweep, 1));
          }
        }
      },
    });
  }
}

Deno.test("the lattice is its own mirror image in x, the hohlraum in x and y", () => {
  const flat = wholeRun(lattice.setup(35), ["level-symmetric", 4]).flux;
  assertLess(distance(flat, mirroredField(flat, 35, "x")), 1e-13);
  assert(distance(flat, mirroredField(flat, 35, "y")) > 1e-3);
  const { flux, quantities } = wholeRun(hohlraum.setup(26), ["level-symmetric", 4]);
  for (const axis of ["x", "y"] as const) {
    assertLess(distance(flux, mirroredField(flux, 26, axis)), 1e-13);
  }
  const probe = (p: number, k: number): number => quantities.last(`Probe ${p} u_${k}`);
  assertAlmostEquals(probe(0, 1), -probe(1, 1), 1e-13);
  assertAlmostEquals(probe(2, 2), -probe(3, 2), 1e-13);
});

Deno.test("a half and a quarter with reflecting sides are the whole to round-off", () => {
  const parts = [
    { whole: lattice.setup(42), part: halfLattice.setup(21), n: 42, quadrant: false },
    { whole: hohlraum.setup(52), part: quarterHohlraum.setup(26), n: 52, quadrant: true },
  ];
  for (const { whole, part, n, quadrant } of parts) {
    const short = { time: whole.time / 4 };
    const all = wholeRun({ ...whole, ...short }, ["product", 4]).flux;
    const half = wholeRun({ ...part, ...short }, ["product", 4]).flux;
    const cut = half.map((_, k) => {
      const [i, j] = [k % (n / 2), Math.floor(k / (n / 2))];
      return all[(j + (quadrant ? n / 2 : 0)) * n + n / 2 + i]!;
    });
    assertLess(distance(cut, half), 1e-12);
  }
});

Deno.test("free streaming is of order 2 without a limiter, of order 1 without slopes", () => {
  for (
    const [problem, quadrature] of [[manufactured, "product"], [manufacturedSlab, "gauss"]] as const
  ) {
    const error = (cells: number, order: 1 | 2): number => {
      const setup = problem.setup(cells);
      const known = sampled(setup.grid, (x, y) => setup.exact!(x, y, setup.time));
      const options = { order, limiter: none, clip: false, cfl: 0.3 };
      return distance(known, wholeRun(setup, [quadrature, 8], options).flux);
    };
    const slope = (order: 1 | 2): number => Math.log2(error(16, order) / error(32, order));
    assertAlmostEquals(slope(2), 2, 0.15);
    assertAlmostEquals(slope(1), 1, 0.25);
  }
});

Deno.test("where nothing varies, absorption alone decides, by the factor of the method", () => {
  const setup = homogeneous.setup(4, { absorb: 2, scatter: 0 });
  const ordinates = quadratures.get("product").ordinates(4);
  for (const time of ["heun", "euler", "imex-euler"] as const) {
    using solver = new OrdinatesSolver(setup, ordinates, { order: 1, time, cfl: 0.2 });
    const z = 2 * solver.steps.dt;
    const factors = { heun: 1 - z + z * z / 2, euler: 1 - z, "imex-euler": 1 / (1 + z) };
    for (let n = 0; n < 5; n++) solver.step(n);
    for (const phi of solver.flux) assertAlmostEquals(phi, factors[time] ** 5, 1e-13);
  }
});

Deno.test("scattering keeps the flux and damps what is not isotropic", () => {
  const setup = homogeneous.setup(4, { absorb: 0, scatter: 3 });
  const ordinates = quadratures.get("product").ordinates(4);
  using solver = new OrdinatesSolver(setup, ordinates, { order: 1, time: "heun" });
  const { plane, origin } = layoutOf(setup.grid);
  const psi = solver.psi.map((_, k) => 1 + 0.5 * ordinates.x[Math.floor(k / plane)]!);
  const flux = sampled(setup.grid, () => ordinates.total);
  solver.load(psi, flux);
  const z = 3 * solver.steps.dt;
  solver.step(0);
  for (const phi of solver.flux) assertAlmostEquals(phi, ordinates.total, 1e-13);
  for (const [q, x] of ordinates.x.entries()) {
    const expected = 1 + 0.5 * x * (1 - z + z * z / 2);
    assertAlmostEquals(solver.psi[q * plane + origin]!, expected, 1e-13);
  }
});

Deno.test("nothing comes of nothing, and first order with the default step stays positive", () => {
  const empty = { ...lattice.setup(14), source: new Float64Array(14 * 14) };
  assertEquals(Math.max(...wholeRun(empty, ["product", 4]).flux), 0);
  const options = { order: 1, clip: false } as const;
  assert(Math.min(...wholeRun(lattice.setup(21), ["product", 4], options).flux) >= 0);
});

Deno.test("without limiter and clipping a run is linear in its source", () => {
  const setup = lattice.setup(14);
  const options = { limiter: none, clip: false };
  const once = wholeRun(setup, ["product", 4], options).flux;
  const triple = { ...setup, source: setup.source.map((q) => 3 * q) };
  const thrice = wholeRun(triple, ["product", 4], options).flux;
  assertLess(distance(once.map((phi) => 3 * phi), thrice), 1e-12);
});

Deno.test("stronger absorbers let less out", () => {
  const outflow = (absorber: number): number =>
    wholeRun(lattice.setup(21, { absorber }), ["product", 4]).quantities.last("Total_outflow");
  assertLess(outflow(11), outflow(10));
});

Deno.test("the plane source comes near the exact flux, the line source, too", () => {
  const plane = planeSource.setup(300);
  const slab = wholeRun(plane, ["gauss", 128], { cfl: 0.5 }).flux;
  assertAlmostEquals(slab[150]!, plane.exact!(0, 0, 1), 0.01);
  const line = lineSource.setup(50, { end: 0.75 });
  const pulse = wholeRun(line, ["product", 12]).flux;
  assertAlmostEquals(pulse[25 * 50 + 25]! / line.exact!(0.03, 0.03, 0.75), 1, 0.15);
});

Deno.test("steps that are not stable are refused with their bound", () => {
  const make = (cfl: number) => () =>
    new OrdinatesSolver(hohlraum.setup(130), quadratures.get("product").ordinates(2), { cfl });
  assertThrows(
    make(0.8),
    RangeError,
    "Cannot step with a CFL number of 0.8: expected a number > 0 and ≤ 0.5224 for cells of " +
      "0.01000 and σt up to 100; lower it, or leave it out",
  );
  assertThrows(make(NaN), RangeError, "CFL number of NaN");
  make(0.52)();
});

Deno.test("grids whose faces miss the edges are refused, and unknown design parameters", () => {
  assertThrows(() => lattice.setup(36), RangeError, "a multiple of 7, got 36");
  assertThrows(() => hohlraum.setup(50), RangeError, "a multiple of 26, got 50");
  assertThrows(() => lattice.setup(35, { absorbers: 3 }), RangeError, 'did you mean "absorber"');
  assertThrows(() => lattice.setup(35, { end: 0 }), RangeError, "expected a number > 0, got 0");
  assertThrows(() => hohlraum.setup(26, { gapsOnly: 2 }), RangeError, "one of 0, 1, got 2");
});

Deno.test("a reflecting box loses nothing", () => {
  const setup = { ...lattice.setup(14), sides: allSides({ kind: "reflecting" }), time: 1 };
  const { total, defect } = wholeRun(setup, ["product", 4]);
  assertEquals([total.outflow, total.inflow], [0, 0]);
  assertLess(Math.abs(defect), 1e-13);
});
