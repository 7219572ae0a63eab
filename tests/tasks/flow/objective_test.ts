import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { hannSquareWindow } from "../../../core/mod.ts";
import {
  type BodyFamily,
  channel,
  differentiate,
  ellipse,
  FlowSolver,
  fourier,
  meanForces,
  simulate,
} from "../../../tasks/flow/mod.ts";

const place = channel({ resolution: 8, reynolds: 50, velocity: 0.1, length: 8 });
const averaging = { window: hannSquareWindow, transient: 20, horizon: 60 };
const objective = {
  value: (m: { drag: number; lift: number }) => m.drag + 0.5 * m.lift ** 2,
  slopes: (m: { drag: number; lift: number }) => ({ drag: 1, lift: m.lift }),
};

/** A flow that has seen the body for a while. */
function started(family: BodyFamily, design: readonly number[]): [FlowSolver, Float64Array] {
  const solver = new FlowSolver(place, family.create(design));
  solver.loadInflow();
  simulate(solver, 300);
  return [solver, solver.state.slice()];
}

const CASES = [
  { family: fourier, design: [0.05, -0.03, 0.02, 0.01] },
  { family: ellipse, design: [0.1, 0.3] },
];

for (const { family, design } of CASES) {
  Deno.test(`${family.name}: the adjoint gradient equals central differences to 1e-6`, async () => {
    const [solver, start] = started(family, design);
    solver.load(start);
    const { gradient, value } = await differentiate(solver, objective, averaging);
    const evaluate = (x: readonly number[]): number => {
      solver.replace(family.create(x));
      solver.load(start);
      const { transient, horizon } = averaging;
      return objective.value(meanForces(simulate(solver, transient + horizon), averaging));
    };
    assertEquals(evaluate(design), value);
    const h = 3e-6;
    gradient.forEach((slope, k) => {
      const [above, below] = [h, -h].map((s) =>
        evaluate(design.map((v, j) => v + (j === k ? s : 0)))
      );
      const difference = (above! - below!) / (2 * h);
      assertLess(Math.abs(slope / difference - 1), 1e-6, `parameter ${k}: ${slope}`);
    });
  });
}

Deno.test("the gradient does not depend on the memory, to the last bit", async () => {
  const [solver, start] = started(fourier, [0.05, 0.02]);
  const gradients: Float64Array[] = [];
  for (const states of [80, 5]) {
    solver.load(start);
    const memoryLimit = states * start.byteLength;
    const found = await differentiate(solver, objective, averaging, { memoryLimit });
    assert(found.peakSnapshots <= states);
    gradients.push(found.gradient);
  }
  assertEquals(gradients[0], gradients[1]);
});

Deno.test("sweeps of a solver keep their states in the memory of the sweep before", async () => {
  const [solver, start] = started(fourier, [0.05, 0.02]);
  const { save } = solver.keeper;
  const kept: Float64Array[] = [];
  Object.assign(solver.keeper, {
    save(state: Float64Array): Float64Array {
      kept.push(save(state));
      return kept.at(-1)!;
    },
  });
  const sweep = async (): Promise<Float64Array> => {
    solver.load(start);
    return (await differentiate(solver, objective, averaging)).gradient;
  };
  const first = await sweep();
  const before = new Set(kept.splice(0));
  assertEquals(await sweep(), first);
  assert(kept.length > 0);
  assert(kept.every((state) => before.has(state)));
});

Deno.test("meanForces() averages under the window alone", () => {
  const drag = Float64Array.from({ length: 80 }, (_, n) => n < 20 ? 100 : 2);
  const mean = meanForces({ drag, lift: drag.map((v) => -v) }, averaging);
  assertAlmostEquals(mean.drag, 2, 1e-12);
  assertAlmostEquals(mean.lift, -2, 1e-12);
});
