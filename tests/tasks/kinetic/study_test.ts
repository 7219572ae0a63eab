/** Problems solved as recipes solve them: files, tables, what is refused, and going on. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { openHostAlgebra, readRun } from "../../../core/mod.ts";
import {
  hohlraum,
  type KineticProblem,
  lattice,
  planeSource,
  squareGrid,
  UsageError,
  writeReport,
} from "../../../tasks/mod.ts";
import {
  transportDefaults,
  type TransportOptions,
  transportSchema,
} from "../../../tasks/kinetic/options.ts";
import { Interrupted } from "../../../tasks/flow/ticker.ts";
import {
  closureOf,
  openEntropy,
  ordinatesOf,
} from "../../../tasks/kinetic/closures/entropy_run.ts";
import type { Outcome } from "../../../tasks/kinetic/outcome.ts";
import { simulate, type Simulation } from "../../../tasks/kinetic/simulate.ts";
import { transportStudy } from "../../../tasks/kinetic/study.ts";
import {
  basisOf,
  openLowRank,
  openMoments,
  openOrdinates,
} from "../../../tasks/kinetic/transport_run.ts";
import { vtkText } from "../../../tasks/kinetic/vtk.ts";
import { integrators } from "../../../core/mod.ts";
import { parseOptions } from "../../../tasks/options.ts";
import { inFolder } from "../../support/command_line.ts";
import { recorder } from "../../support/recipes.ts";

// Drawings load their renderer once, which counts as a leak of the first test that draws.
const shared = { sanitizeResources: false, sanitizeOps: false };

const SLAB = { cells: 40, quadrature: "gauss", order: 8 };
const PLANE = { cells: 14, quadrature: "product", order: 4 };

function optionsOf(problem: KineticProblem, args: string): TransportOptions {
  const size = problem.dimension === 1 ? SLAB : PLANE;
  const defaults = { ...size, ...problem.defaults, ...transportDefaults, threads: 1 };
  const schema = { ...problem.limits, ...transportSchema() };
  return parseOptions(args === "" ? [] : args.split(" "), defaults, schema);
}

async function study(
  problem: KineticProblem,
  args: string,
): Promise<{ code: number; text: string }> {
  const { sink, text } = recorder();
  const context = { sink, signal: new AbortController().signal };
  const code = await transportStudy("test", problem, optionsOf(problem, args), context);
  return { code, text: text() };
}

Deno.test({
  name: "a full run leaves a history, a field and a report that can be rebuilt",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await study(lattice, `--out ${out}`);
      assertEquals(code, 0);
      for (const line of text.split("\n").filter((l) => !l.startsWith("Report"))) {
        assertLess([...line].length, 81, line);
      }
      const csv = (await Deno.readTextFile(join(out, "history.csv"))).trimEnd().split("\n");
      assertEquals(
        csv[0],
        "Iter,Mass,RMS_flux,Cur_outflow,Total_outflow,Max_outflow,Cur_absorption," +
          "Total_absorption,Max_absorption,Cur_outflow_P1,Total_outflow_P1,Cur_outflow_P2," +
          "Total_outflow_P2",
      );
      const [run] = (await readRun(out)).summary!.runs as Record<string, unknown>[];
      assertEquals(csv.length, 1 + (run!.steps as number));
      const quantities = run!.quantities as Record<string, number>;
      assertEquals(Number(csv.at(-1)!.split(",")[1]), quantities.Mass);
      assertLess(Math.abs(run!.defect as number), 1e-13);
      const vtk = await Deno.readTextFile(join(out, "field.vtk"));
      assertStringIncludes(vtk, "DATASET STRUCTURED_POINTS\nDIMENSIONS 15 15 1");
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, quantities.Mass!.toPrecision(7));
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
    }),
});

Deno.test({
  name: "low rank is held against the full run, plain truncation beside the conservative one",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const args =
        "--solver low-rank --order 16 --cfl 0.5 --conserve compare --truncation absolute-frobenius " +
        `--tolerance 0.1 --vtk none --out ${out}`;
      const { text } = await study(planeSource, args);
      assertStringIncludes(text, "plain");
      const runs = (await readRun(out)).summary!.runs as { law?: number; rank?: number }[];
      assertEquals(runs.map(({ rank }) => rank === undefined), [true, false, false]);
      assertLess(runs[1]!.law!, 1e-12);
      assert(runs[2]!.law! > 1e-6);
      assertStringIncludes(await Deno.readTextFile(join(out, "report.html")), "exact for a pulse");
      // A study that is there is taken as it is.
      assertEquals((await study(planeSource, `${args} --resume`)).code, 0);
    }),
});

Deno.test({
  name:
    "a mild stall is told in one line, with mass kept to round-off and ψ a fifth wrong; no other",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const early: KineticProblem = {
        ...hohlraum,
        setup: (...design) => ({ ...hohlraum.setup(...design), time: 0.8 }),
      };
      const args = (cfl: number, tolerance: number, out: string): string =>
        `--solver low-rank --cells 26 --quadrature level-symmetric --order 8 --cfl ${cfl} ` +
        `--tolerance ${tolerance} --vtk none --out ${join(folder, out)}`;
      const warnings = (text: string): string[] =>
        text.split("\n").filter((line) => line.startsWith("Warning"));
      const { text } = await study(early, args(0.05, 1e-2, "stalled"));
      const [told, ...more] = warnings(text);
      assertEquals(more, []);
      assertStringIncludes(told!, "its ranks may have stalled");
      const [full, run] = (await readRun(join(folder, "stalled"))).summary!.runs as {
        readonly defect: number;
        readonly windows: number[][];
        readonly law?: number;
        readonly lost?: number;
        readonly rank?: number;
      }[];
      for (const { windows, defect } of [full!, run!]) {
        assertEquals(windows.map(({ length }) => length), [10, 10, 10, 10]);
        assertLess(Math.abs(defect), 1e-12);
      }
      assertMatch(text, /\nCumulated_absorption_vertical_wall +[\d.]+ +[\d.]+ +[\d.]+ %\n/);
      assertMatch(text, /\nProbe 0 u_2 +\S+ +\S+\n/);
      const page = await Deno.readTextFile(join(folder, "stalled", "report.html"));
      assertStringIncludes(page, "augmented-bug, probe 3");
      assertLess(run!.law!, 1e-12);
      // Less than what no longer bounds anything, and yet:
      assertLess(run!.lost!, 1);
      assertEquals(run!.rank, 6);
      assert(Number(/augmented-bug.* (\d\.\de-\d) +\d\.\de-1\d/.exec(text)![1]) > 0.05, text);
      assertEquals(warnings((await study(early, args(0.25, 1e-3, "right"))).text), []);
    }),
});

Deno.test("a run that was interrupted ends as if it had been left in peace, to the last bit", async () => {
  const a = await openHostAlgebra();
  const o = optionsOf(hohlraum, "--cells 26 --order 2 --cfl 0.1");
  const setup = { ...hohlraum.setup(26), time: 0.2 };
  const basis = await basisOf(a, o, 2);
  const low = integrators.get("augmented-bug");
  const { closure } = await closureOf({ ...o, degree: 1, gamma: 0.01 }, 2, ordinatesOf(o));
  const ways: [string, Simulation["open"]][] = [
    ["full", () => openOrdinates(setup, o)],
    ["legacy", () => openOrdinates(setup, { ...o, legacy: true, space: 1 })],
    ["moments", () => openMoments(a, setup, basis, o)],
    ["entropy", () => openEntropy(setup, closure, o)],
    ["low-rank", () => openLowRank(a, setup, basis, o, low, "mass")],
  ];
  for (const [name, open] of ways) {
    const simulation = { label: name, name, setup, legacy: false, open };
    const untouched = (outcome: Outcome): Outcome => ({ ...outcome, seconds: 0 });
    await inFolder(async (folder) => {
      const tickUntil = (stop: number) => ({
        tick: ({ done }: { readonly done: number }): Promise<void> =>
          done === stop ? Promise.reject(new Interrupted()) : Promise.resolve(),
      });
      const whole = await simulate(simulation, { path: folder }, tickUntil(Infinity));
      await assertRejects(() => simulate(simulation, { path: folder }, tickUntil(7)), Interrupted);
      await Deno.stat(join(folder, `${name}.checkpoint`));
      const resumed = await simulate(simulation, { path: folder }, tickUntil(Infinity));
      assertEquals(untouched(resumed), untouched(whole), name);
      assertEquals([...Deno.readDirSync(folder)].length, 0);
    });
  }
});

Deno.test("what cannot be solved is refused before anything is written", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const refused = (problem: KineticProblem, args: string, message: string) =>
      assertRejects(() => study(problem, `${args} --out ${out}`), UsageError, message);
    await refused(
      lattice,
      "--cells 30",
      "expected a number of cells that is a multiple of 7, got 30",
    );
    await refused(
      lattice,
      "--quadrature gauss",
      "expected one of product, tessellation, level-sym",
    );
    await refused(lattice, "--order 3", "expected an even order, got 3");
    await refused(hohlraum, "--cells 26 --cfl 1", "Cannot step with a CFL number of 1");
    await refused(lattice, "--solver mn", "expected --degree from 1 to 4, got 7");
    await refused(
      lattice,
      "--solver mn --degree 1 --time imex-euler",
      "expected one of auto, euler",
    );
    await refused(lattice, '--design {"parameters":{"absorb":1}}', 'did you mean "absorber"');
    await refused(lattice, "--solver pn --cfl 1", "Cannot step with a CFL number of 1");
    await refused(lattice, "--solver pn --time imex-euler", "expected one of auto, euler, heun");
    await refused(lattice, "--solver low-rank --time heun", "sub-flows are advanced by --stepper");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test({
  name: "a run keeps its design, and does not go on with another one",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const file = join(folder, "design.json");
      const args = `--order 2 --end 0.2 --vtk none --design ${file} --out ${join(folder, "run")}`;
      await Deno.writeTextFile(file, '{"parameters": {"absorber": 4}}');
      assertEquals((await study(lattice, args)).code, 0);
      const { config } = await readRun(join(folder, "run"));
      assertEquals(config.settings.design, '{"parameters":{"absorber":4}}');
      assertEquals((await study(lattice, `${args} --resume`)).code, 0);
      await Deno.writeTextFile(file, '{"parameters": {"absorber": 5}}');
      await assertRejects(
        () => study(lattice, `${args} --resume`),
        Error,
        "other values of design",
      );
    }),
});

Deno.test("vtkText() writes quadrilaterals whose corners go around", () => {
  const grid = squareGrid({ x: [0, 2], y: [0, 1] }, 2);
  const text = vtkText(grid, { "scalar flux": Float64Array.of(1.5, 2) }, "unstructured");
  assertStringIncludes(text, "POINTS 6 double\n0 0 0\n1 0 0\n2 0 0\n0 1 0\n");
  assertStringIncludes(text, "CELLS 2 10\n4 0 1 4 3\n4 1 2 5 4\nCELL_TYPES 2\n9\n9\n");
  assertStringIncludes(text, "CELL_DATA 2\nFIELD fields 1\nscalar_flux 1 2 double\n1.5\n2\n");
  assertAlmostEquals(grid.hy, 1);
});
