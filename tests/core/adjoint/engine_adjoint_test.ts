/** Automatic differentiation step by step: the derivative is right and no tensor is left behind. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  engineAdjoint,
  type EngineAdjointOptions,
  forwardSteps,
} from "../../../core/adjoint/mod.ts";
import { type Engine, openEngine, type Tensor } from "../../../core/backend/mod.ts";
import { hannWindow, windowSeeds } from "../../../core/windowing/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";

const steps = 24;
const dt = 0.1;
const seeds = windowSeeds(hannWindow, steps + 1, { start: 3 });
/** Weights of a ring of three, row-major. */
const W = [0, 1.1, -0.7, -0.9, 0.1, 1.2, 0.8, -1.3, 0];
const START = [0.5, -0.2, 0.9];

/** A recurrent network x ↦ x + dt (tanh(x W) − x) in engine operations, with a step counter along. */
function network(engine: Engine): Omit<EngineAdjointOptions, "initial" | "parameters"> {
  return {
    engine,
    steps,
    seeds,
    snapshots: 4,
    step: ([x, constant], [w]) => {
      const f = engine.activate(engine.matMul(x!, w!), "tanh");
      return [engine.add(engine.lincomb(1 - dt, x!, dt, f), constant!), constant!];
    },
    output: ([x]) => engine.sum(engine.square(x!)),
  };
}

/** The objective in float64. */
function objective(start: readonly number[], w: readonly number[], constant: number): number {
  let x = [...start];
  let sum = 0;
  for (let n = 0; n <= steps; n++) {
    sum += seeds[n]! * x.reduce((s, v) => s + v * v, 0);
    x = x.map((v, j) => {
      const input = x.reduce((s, u, i) => s + u * w[i * 3 + j]!, 0);
      return (1 - dt) * v + dt * Math.tanh(input) + constant;
    });
  }
  return sum;
}

/** Central differences of the objective in float64 in one list of numbers. */
function differences(f: (x: readonly number[]) => number, at: readonly number[]): number[] {
  const h = 1e-5;
  return at.map((_, i) => {
    const moved = (s: number): number => f(at.map((x, j) => j === i ? x + s * h : x));
    return (moved(1) - moved(-1)) / (2 * h);
  });
}

async function close(engine: Engine, t: Tensor, expected: readonly number[]): Promise<void> {
  const scale = Math.hypot(...expected);
  const found = await engine.read(t);
  found.forEach((x, i) => assertLess(Math.abs(x - expected[i]!) / scale, 2e-5, `${found}`));
}

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(
      backend,
      "engineAdjoint() agrees with differences in float64, and leaks nothing",
    ),
    fn: async () => {
      const { engine } = await openEngine(backend);
      const before = engine.memory().numTensors;
      const x = engine.tensor(Float32Array.from(START), [1, 3]);
      const w = engine.tensor(Float32Array.from(W), [3, 3]);
      const c = engine.fill([1, 3], 0.01);
      const found = await engineAdjoint({ ...network(engine), initial: [x, c], parameters: [w] });
      const { value, gradients, initialGradients } = found;
      assertAlmostEquals((await engine.read(value))[0]!, objective(START, W, 0.01), 1e-5);
      await close(engine, initialGradients[0]!, differences((s) => objective(s, W, 0.01), START));
      await close(engine, gradients[0]!, differences((v) => objective(START, v, 0.01), W));
      const sum = [...await engine.read(initialGradients[1]!)].reduce((a, b) => a + b, 0);
      const slope = differences(([k]) => objective(START, W, k!), [0.01])[0]!;
      assertLess(Math.abs(sum / slope - 1), 2e-5);
      assertEquals(found.forwardSteps, forwardSteps(steps + 1, 4));
      assertEquals(found.peakSnapshots, 4);
      assertEquals([...await engine.read(x)], [...Float32Array.from(START)], "inputs stay");
      for (const t of [x, w, c, value, ...gradients, ...initialGradients]) t.dispose();
      assertEquals(engine.memory().numTensors, before);
    },
  });

  Deno.test({
    ...await onBackend(backend, "memory is that of the snapshots, however long the simulation"),
    fn: async () => {
      const { engine } = await openEngine(backend);
      const x = engine.tensor(Float32Array.from(START), [1, 3]);
      const c = engine.fill([1, 3], 0.01);
      const w = engine.tensor(Float32Array.from(W), [3, 3]);
      const peaks: number[] = [];
      for (const n of [20, 80]) {
        let peak = 0;
        const o = network(engine);
        const { value, gradients, initialGradients } = await engineAdjoint({
          ...o,
          steps: n,
          seeds: windowSeeds(hannWindow, n + 1),
          initial: [x, c],
          parameters: [w],
          step: (state, p, k) => {
            peak = Math.max(peak, engine.memory().numTensors);
            return o.step(state, p, k);
          },
        });
        peaks.push(peak);
        for (const t of [value, ...gradients, ...initialGradients]) t.dispose();
      }
      [x, c, w].forEach((t) => t.dispose());
      assertEquals(peaks[0], peaks[1]);
    },
  });
}

Deno.test({
  name: "a step that fails, or changes shapes, leaves no tensor behind",
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const { engine } = await openEngine("cpu");
    const before = engine.memory().numTensors;
    const x = engine.fill([2], 1);
    const run = (step: EngineAdjointOptions["step"]) =>
      engineAdjoint({
        engine,
        steps: 6,
        snapshots: 2,
        initial: [x],
        step,
        output: ([u]) => engine.sum(u!),
        seeds: new Float64Array(7).fill(1),
      });
    let calls = 0;
    const failing = run(([u]) => {
      if (++calls === 9) throw new Error("no luck");
      return [engine.scale(0.9, u!)];
    });
    await assertRejects(() => failing, Error, "no luck");
    await assertRejects(
      () => run(([u]) => [engine.concat([u!, u!], 0)]),
      RangeError,
      "Cannot take step 0: expected tensors of shapes [2], got [4]",
    );
    x.dispose();
    assertEquals(engine.memory().numTensors, before);
    assert(calls === 9);
  },
});

Deno.test({
  name: "zero seeds give zero gradients; a wrong number of seeds is refused",
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const { engine } = await openEngine("cpu");
    const before = engine.memory().numTensors;
    const x = engine.fill([], 2);
    const o: EngineAdjointOptions = {
      engine,
      steps: 3,
      initial: [x],
      step: ([u]) => [engine.square(u!)],
      output: ([u]) => u!,
      seeds: new Float64Array(4),
    };
    const found = await engineAdjoint(o);
    assertEquals((await engine.read(found.initialGradients[0]!))[0], 0);
    [found.value, ...found.initialGradients].forEach((t) => t.dispose());
    await assertRejects(
      () => engineAdjoint({ ...o, seeds: [1] }),
      RangeError,
      "Cannot weight the outputs of 3 steps: expected 4 seeds, got 1",
    );
    x.dispose();
    assertEquals(engine.memory().numTensors, before);
  },
});
