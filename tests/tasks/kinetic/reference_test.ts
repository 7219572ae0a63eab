/**
 * Runs held against an independent double-precision implementation of the same scheme, to the
 * digits that it tells: the difference of a dropped term would show in the first ones.
 */

import { assert, assertAlmostEquals, assertLess } from "@std/assert";
import { hohlraum, lattice, limiters, type SolverOptions } from "../../../tasks/kinetic/mod.ts";
import { type WholeRun, wholeRun } from "./run.ts";

const COLUMNS = ["Mass", "Cur_absorption", "Total_absorption", "Cur_outflow", "Total_outflow"];
const LINES = ["Cur_outflow_P1", "Total_outflow_P1", "Cur_outflow_P2", "Total_outflow_P2"];

function assertFigures(
  { quantities }: WholeRun,
  columns: readonly string[],
  values: readonly number[],
  tolerance = 1e-6,
): void {
  columns.forEach((column, k) => {
    const found = quantities.last(column);
    const error = Math.abs(found / values[k]! - 1);
    assert(error < tolerance, `${column}: expected ${values[k]}, got ${found}`);
  });
}

/** On 35² cells with Δt = 0.4 h: quadrature, what differs from the default, figures, clipped. */
const LATTICE: [string, number, SolverOptions, number[], number][] = [
  ["product", 4, {}, [
    ...[13.541226, 4.7280433, 7.392383, 0.003706423, 0.00063841671],
    ...[1.761336, 2.4235509, 0.16267349, 0.10466106],
  ], 0.636446],
  ["tessellation", 4, {}, [
    ...[13.680121, 4.6487619, 7.2260594, 0.0053638541, 0.0011285539],
    ...[1.8436078, 2.5551434, 0.14984353, 0.095753445],
  ], 0.612693],
  ["level-symmetric", 8, {}, [
    ...[13.572106, 4.7043973, 7.3490889, 0.0052833618, 0.0011003293],
    ...[1.7983865, 2.4973484, 0.14921013, 0.094781787],
  ], 0.625464],
  ["product", 8, { clip: false }, [
    ...[13.499135, 4.4097595, 6.7870378, 0.000855818, -0.0018768135],
    ...[1.7877943, 2.4381414, 0.13987676, 0.078513175],
  ], 0],
  ["product", 8, { limiter: limiters.get("none"), clip: false }, [
    ...[13.609647, 4.3759403, 6.6751461, -0.00067133624, -0.0021953143],
    ...[1.8351053, 2.4261211, 0.13145589, 0.068064714],
  ], 0],
  ["product", 8, { limiter: limiters.get("minmod") }, [
    ...[13.047446, 4.5818205, 7.241222, 0.007717172, 0.0027082649],
    ...[1.6476796, 2.303763, 0.12881587, 0.08666302],
  ], 0],
  ["product", 8, { order: 1 }, [
    ...[13.150479, 4.5646527, 7.3101573, 0.027669513, 0.012942076],
    ...[1.6978522, 2.5202116, 0.16907947, 0.1408792],
  ], 3.18021e-9],
];

for (const [quadrature, order, options, figures, clipped] of LATTICE) {
  const { limiter, ...rest } = options;
  const words = JSON.stringify({ ...rest, ...(limiter && { limiter: limiter.name }) });
  Deno.test(`the lattice by ${quadrature} ${order} ${words} has the reference figures`, () => {
    const run = wholeRun(lattice.setup(35), [quadrature, order], { cfl: 0.4, ...options });
    assertFigures(run, [...COLUMNS, ...LINES], figures, 2e-6);
    assertAlmostEquals(run.total.clipped, clipped, 1e-6 * Math.max(clipped, 1e-8));
    assertLess(Math.abs(run.defect), 1e-12);
  });
}

Deno.test("the lattice before the waves reach a side has the reference figures", () => {
  const run = wholeRun({ ...lattice.setup(35), time: 1.6 }, ["product", 8], { cfl: 0.4 });
  assertFigures(run, COLUMNS, [9.0761546, 2.2651253, 1.322265, 3.3607317e-12, 5.1283496e-13], 3e-6);
});

Deno.test("the lattice by implicit collisions has the reference figures", () => {
  const options = { cfl: 0.4, order: 1, time: "imex-euler" } as const;
  const run = wholeRun(lattice.setup(35), ["product", 8], options);
  assertFigures(run, ["Mass", "Total_absorption"], [13.1640738, 6.9345922], 1e-8);
  assertAlmostEquals(Math.max(...run.flux), 6.7828852, 1e-7);
  assertLess(Math.abs(run.defect), 1e-12);
});

Deno.test("legacy keeps the flux of the second stage, as published code does", () => {
  const run = wholeRun(lattice.setup(35), ["tessellation", 6], { cfl: 0.4, legacy: true });
  // The published limiter divides by increments that it shifts by 1e-10.
  const figures = [4.848918, 7.897526, 5.879229e-3, 1.233942e-3, 2.368277e-2, 0.2508792];
  const columns = [...COLUMNS.slice(1), "Max_outflow", "Max_absorption"];
  const run35 = run.quantities;
  const most = Math.max(...run35.rows.map((row) => row[run35.columns.indexOf("Max_outflow")]!));
  assertAlmostEquals(most, 2.368277e-2, 1e-6);
  assertFigures(run, columns.slice(0, 4), figures.slice(0, 4), 3e-6);
  assertAlmostEquals(run35.last("Max_absorption"), 0.2508792, 1e-6);
});

const HOHLRAUM = [
  ...["Mass", "Total_absorption", "Cumulated_absorption_center"],
  ...["Cumulated_absorption_vertical_wall", "Cumulated_absorption_horizontal_wall"],
  ...["Total_outflow", "Cur_outflow", "Probe 0 u_0", "Probe 0 u_1", "Probe 2 u_0", "Probe 2 u_2"],
];

Deno.test("the hohlraum has the reference figures and windows", () => {
  const run = wholeRun(hohlraum.setup(52), ["product", 4], { cfl: 0.25 });
  assertFigures(run, HOHLRAUM, [
    ...[1.690339, 6.0912326, 1.0623324, 2.3037314, 2.7251688, 3.2573866, 1.351186],
    ...[1.309572, 0.422924, 0.448043, -0.106728],
  ], 1e-5);
  assertAlmostEquals(run.total.inflow, 10.962265, 1e-6);
  assertLess(Math.abs(run.defect), 1e-12);
});

Deno.test("the hohlraum with inflow in the gaps only has the reference figures", () => {
  const run = wholeRun(hohlraum.setup(52, { gapsOnly: 1 }), ["product", 8], { cfl: 0.25 });
  assertFigures(run, HOHLRAUM, [
    ...[0.95218858, 2.0885532, 0.55516641, 0.13056833, 1.4028184, 0.29121843, 0.16149815],
    ...[0.311487, 0.005393, 0.48194, -0.039753],
  ], 1e-4);
});

Deno.test("legacy has one ghost for each corner of the hohlraum, as published code has", () => {
  const setup = { ...hohlraum.setup(52), time: 1.3 };
  const figures = (legacy: boolean) =>
    wholeRun(setup, ["product", 8], { cfl: 0.25, order: 1, legacy });
  const columns = [...HOHLRAUM.slice(0, 6)];
  assertFigures(figures(true), columns, [
    1.549555,
    2.463085,
    0.3646372,
    1.079467,
    1.018981,
    1.384914,
  ]);
  assertFigures(figures(false), columns, [
    1.5468249,
    2.4397493,
    0.364323,
    1.0792353,
    0.996191,
    1.3851495,
  ]);
});
