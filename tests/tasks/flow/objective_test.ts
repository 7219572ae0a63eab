import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { hannSquareWindow } from "../../../core/mod.ts";
import {
  type BodyFamily,
  channel,
  type Derivative,
  differentiate,
  ellipse,
  type FlowKernelKind,
  flowKernels,
  FlowSolver,
  fourier,
  meanForces,
  simulate,
} from "../../../tasks/flow/mod.ts";
import { keptStates } from "../../../tasks/flow/shape_task.ts";

const place = channel({ resolution: 8, reynolds: 50, velocity: 0.1, length: 8 });
const averaging = { window: hannSquareWindow, transient: 20, horizon: 60 };
const objective = {
  value: (m: { drag: number; lift: number }) => m.drag + 0.5 * m.lift ** 2,
  slopes: (m: { drag: number; lift: number }) => ({ drag: 1, lift: m.lift }),
};

/** A flow that has seen the body for a while. */
function started(
  family: BodyFamily,
  design: readonly number[],
  { kind, kept }: { kind?: FlowKernelKind; kept?: number } = {},
): [FlowSolver, Float64Array] {
  const solver = new FlowSolver(place, family.create(design), kind, 1, kept);
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

for (const kind of flowKernels.list()) {
  Deno.test(`${kind.name}: states kept where they are give what copies give, bit for bit`, async () => {
    const design = [0.05, 0.02];
    const [copying, start] = started(fourier, design, { kind });
    copying.load(start);
    const expected = await differentiate(copying, objective, averaging);
    for (const kept of [1, 2, 7, 80, 90]) {
      const [solver] = started(fourier, design, { kind, kept });
      for (let repeat = 0; repeat < 2; repeat++) {
        solver.load(start);
        const found = await differentiate(solver, objective, averaging);
        assert(found.peakSnapshots <= kept);
        assertEquals(found.gradient, expected.gradient);
        assertEquals(found.history, expected.history);
      }
    }
  });
}

Deno.test("a sweep that fails gives back the places of its states", async () => {
  const [solver, start] = started(fourier, [0.05, 0.02], { kept: 5 });
  const sweep = (slopes = objective.slopes): Promise<Derivative> => {
    solver.load(start);
    return differentiate(solver, { ...objective, slopes }, averaging);
  };
  const { gradient } = await sweep();
  const fail = (): never => {
    throw new Error("stop");
  };
  for (let repeat = 0; repeat < 10; repeat++) {
    await assertRejects(() => sweep(fail), Error, "stop");
  }
  assertEquals((await sweep()).gradient, gradient);
});

Deno.test("keptStates() is bounded by memory and steps, and 0 beyond a kernel's memory", () => {
  assertEquals(keptStates(1000, 100, 50), 10);
  assertEquals(keptStates(1000, 100, 7), 7);
  assertEquals(keptStates(50, 100, 7), 0);
  assertEquals(keptStates(2 ** 33, 2 ** 20, 10_000), 0);
});

Deno.test("sweeps of a solver keep their states in the memory of the sweep before", async () => {
  const [solver, start] = started(fourier, [0.05, 0.02]);
  const { save } = solver.keeper;
  const kept: Float64Array[] = [];
  Object.assign(solver.keeper, {
    save(state: Float64Array): Float64Array {
      kept.push(save(state) as Float64Array);
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
