/** Networks as closures: data, symmetry, convexity, training, folders, and what solvers make of them. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { initialStates, type Layer, openEngine, openHostAlgebra } from "../../../../core/mod.ts";
import { momentSystem, planeSource, quadratures } from "../../../../tasks/kinetic/mod.ts";
import { EntropySolver, NewtonClosure, OrdinatesSolver } from "../../../../tasks/kinetic/mod.ts";
import { momentsOf, solveMoments } from "../../../../tasks/kinetic/mod.ts";
import { relativeError } from "../../../../tasks/kinetic/outcome.ts";
import { NetworkClosure } from "../../../../tasks/kinetic/closures/network_closure.ts";
import { closureNetworks, convexClosure } from "../../../../tasks/kinetic/closures/networks.ts";
import { rotation } from "../../../../tasks/kinetic/closures/rotation.ts";
import {
  readClosureData,
  sampleClosure,
  writeClosureData,
} from "../../../../tasks/kinetic/closures/sampling.ts";
import { loadClosure, saveClosure } from "../../../../tasks/kinetic/closures/saved_closure.ts";
import {
  closureOfModel,
  errorsOf,
  fallingPairs,
  trainClosure,
} from "../../../../tasks/kinetic/closures/training.ts";
import { methodOf } from "../../../../tasks/library/options.ts";
import { inFolder } from "../../../support/command_line.ts";

const rule = quadratures.get("product").ordinates(6);
const plane = (functions: "monomials" | "harmonics", degree = 2) =>
  momentSystem({ dimension: 2, degree, functions }, rule);
const slab = (degree: number) =>
  momentSystem(
    { dimension: 1, degree, functions: "monomials" },
    quadratures.get("gauss").ordinates(20),
  );
// The first test that computes loads a library, which counts as a leak.
const shared = { sanitizeResources: false, sanitizeOps: false };
const SAMPLES = { gamma: 0.01, range: 6, threshold: 1e-4, seed: 3 };

/** A network at random weights. */
async function atRandom(network: Layer, seed = 1) {
  const { engine } = await openEngine("cpu");
  const method = await methodOf({ backend: engine });
  await openHostAlgebra();
  const states = await initialStates(method, network, seed);
  return { engine, network, states, parameters: { stored: 0 } };
}

/** What a closure says of one ū. */
async function multipliers(closure: NetworkClosure | NewtonClosure, u: ArrayLike<number>) {
  const found = { alpha: new Float64Array(u.length), offset: new Float64Array(1) };
  await closure.close(Float64Array.from(u), found);
  return found.alpha;
}

Deno.test("moments turn with their f, multipliers inversely, and turning back undoes it", () => {
  const angle = Math.PI / 3; // the rule has it
  const { x, y } = rule;
  const f = x.map((v, q) => Math.exp(0.7 * v - 0.4 * y[q]! + 0.5 * v * y[q]!));
  const turnedF = f.map((_, q) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const from = x.findIndex((v, p) =>
      Math.abs(c * v - s * y[p]! - x[q]!) < 1e-9 && Math.abs(s * v + c * y[p]! - y[q]!) < 1e-9 &&
      Math.abs(rule.weights[p]! - rule.weights[q]!) < 1e-12
    );
    return f[from]!;
  });
  for (const functions of ["monomials", "harmonics"] as const) {
    const system = plane(functions, 3);
    const { turn, turnDual, undoDual } = rotation(system, angle);
    const [u, expected] = [momentsOf(system, f), momentsOf(system, turnedF)];
    turn(u.subarray(1)).forEach((v, k) => assertAlmostEquals(v, expected[k + 1]!, 1e-13));
    const alpha = solveMoments(system, u, "none").alpha.subarray(1);
    const turned = solveMoments(system, expected, "none").alpha.subarray(1);
    turnDual(alpha).forEach((v, k) => assertAlmostEquals(v, turned[k]!, 1e-8));
    undoDual(turnDual(alpha)).forEach((v, k) => assertAlmostEquals(v, alpha[k]!, 1e-12));
  }
});

Deno.test(
  "a rotated closure turns with its moments; with γ > 0 the exact one does in harmonics",
  shared,
  async () => {
    const data = sampleClosure(plane("harmonics"), { ...SAMPLES, count: 4 });
    const { turn, turnDual } = rotation(plane("harmonics"), Math.PI / 3);
    for (const functions of ["harmonics", "monomials"] as const) {
      const system = plane(functions);
      const own = rotation(system, Math.PI / 3);
      const network = convexClosure.network({ inputs: 5, width: 8, depth: 2 });
      const model = await atRandom(network);
      const closure = new NetworkClosure(system, {
        ...{ kind: convexClosure, model, gamma: 0, rotated: true },
      });
      const u = data.ratios.subarray(0, 5);
      const turned = own.turnDual(await multipliers(closure, u));
      (await multipliers(closure, own.turn(u))).forEach((v, k) =>
        // Float32 inside.
        assertAlmostEquals(v, turned[k]!, 1e-5)
      );
    }
    const newton = new NewtonClosure(plane("harmonics"), 0.01);
    const u = data.ratios.subarray(0, 5);
    const expected = turnDual(await multipliers(newton, u));
    (await multipliers(newton, turn(u))).forEach((v, k) =>
      assertAlmostEquals(v, expected[k]!, 1e-10)
    );
  },
);

Deno.test("samples are pairs of moments and multipliers; those near the boundary are rejected", () =>
  inFolder(async (folder) => {
    const system = plane("monomials");
    const data = sampleClosure(system, { ...SAMPLES, count: 20, range: 10, threshold: 1e-3 });
    assert(data.rejected > 0);
    for (let i = 0; i < 20; i++) {
      const u = data.ratios.subarray(5 * i, 5 * i + 5);
      const { alpha, entropy } = solveMoments(system, [1, ...u], "partial", 0.01);
      assertAlmostEquals(entropy, data.entropies[i]!, 1e-10);
      alpha.subarray(1).forEach((a, k) =>
        assertAlmostEquals(a, data.multipliers[5 * i + k]!, 1e-6)
      );
    }
    const path = join(folder, "samples.safetensors");
    await writeClosureData(path, data);
    assertEquals(await readClosureData(path), data);
    await Deno.writeTextFile(path, "nonsense");
    await assertRejects(() => readClosureData(path), Error, "Cannot read");
    const ball = sampleClosure(system, { ...SAMPLES, count: 50, law: "ball", aligned: true });
    for (let i = 0; i < 50; i++) {
      const [x, y] = ball.ratios.subarray(5 * i);
      assertAlmostEquals(y!, 0, 1e-14);
      assertEquals(x! > 0, i % 2 === 0);
    }
    const radial = sampleClosure(system, { ...SAMPLES, count: 400, law: "radial", threshold: 0 });
    const near = Array.from(
      { length: 400 },
      (_, i) => Math.hypot(...radial.multipliers.subarray(5 * i, 5 * i + 5)),
    ).filter((r) => r < 3);
    assertLess(Math.abs(near.length - 200), 45);
    assertThrows(
      () => sampleClosure(system, { ...SAMPLES, count: 1, threshold: 1 }),
      RangeError,
      "got none in 10000 draws; lower it, or the range 6",
    );
  }));

Deno.test("the derivative of the entropy, extended too, is the multipliers", () => {
  const system = plane("harmonics");
  const { constant: c } = system;
  const gamma = 0.01;
  const u = [0.4, 0.1, 0.2, -0.05, 0.02, 0.1];
  const extended = (v: readonly number[]): number => {
    const { entropy } = solveMoments(system, v, "partial", gamma);
    return v[0]! * entropy + v[0]! * Math.log(v[0]!) / c;
  };
  const { alpha } = solveMoments(system, u, "partial", gamma);
  const square = alpha.subarray(1).reduce((sum, a) => sum + a * a, 0);
  const expected = [alpha[0]! + Math.log(u[0]!) / c - gamma / 2 * square, ...alpha.subarray(1)];
  expected.forEach((value, k) => {
    const at = (h: number): number => extended(u.map((v, i) => i === k ? v + h : v));
    const slope = (8 * (at(1e-3) - at(-1e-3)) - at(2e-3) + at(-2e-3)) / 12e-3;
    assertAlmostEquals(slope, value, 1e-8);
  });
});

Deno.test(
  "an input-convex closure is monotone at any weights; factors of low rank may not be",
  shared,
  async () => {
    const system = plane("monomials");
    const data = sampleClosure(system, { ...SAMPLES, count: 400 });
    const shares = async (format?: string): Promise<number> => {
      const weights = format ? { format, rank: 4 } : {};
      const network = convexClosure.network({ inputs: 5, width: 24, depth: 3, ...weights });
      const model = await atRandom(network);
      const use = { kind: convexClosure, model, gamma: 0, rotated: false };
      return await fallingPairs(new NetworkClosure(system, use), data);
    };
    assertEquals(await shares(), 0);
    assert(await shares("low-rank") > 0.1);
  },
);

Deno.test(
  "training learns multipliers, a folder keeps them, and a solver closed by them is near Newton",
  shared,
  () =>
    inFolder(async (folder) => {
      const system = slab(1);
      const about = {
        ...{ kind: "input-convex", gamma: 0.01, rotated: false, width: 32, depth: 2 },
        ...{ dimension: 1, degree: 1, functions: "monomials", format: "", rank: 0 } as const,
      };
      const options = { gamma: 0.01, range: 10, threshold: 1e-6 };
      const data = sampleClosure(system, { ...options, count: 2048, seed: 1 });
      const test = sampleClosure(system, { ...options, count: 512, seed: 2 });
      const { engine } = await openEngine("auto", { threads: 1 });
      const training = { steps: 400, batch: 256, learningRate: 0.02, seed: 1, backend: engine };
      using model = await trainClosure(system, about, data, test, training);
      const errors = errorsOf(model);
      assertLess(errors.entropy, 0.02);
      assertLess(errors.multipliers, 0.5);
      assertLess(errors.moments, 0.01);
      assertEquals(await fallingPairs(closureOfModel(system, about, model), test), 0);

      await saveClosure(join(folder, "net"), { ...about, errors }, model);
      const loaded = await loadClosure(join(folder, "net"), system.ordinates, engine);
      using again = loaded.model;
      assertEquals(again.parameters, model.parameters);
      assertEquals(loaded.about, { ...about, errors });
      assertEquals(
        await multipliers(loaded.closure, [0.5]),
        await multipliers(closureOfModel(system, about, model), [0.5]),
      );

      const setup = planeSource.setup(60, { width: 0.1, floor: 1e-3, end: 0.5 });
      const flux = async (closure: NetworkClosure | NewtonClosure): Promise<Float64Array> => {
        const solver = new EntropySolver(setup, closure, { cfl: 0.5 });
        let left = 0;
        for (let n = 0; n < solver.steps.count; n++) left += (await solver.step(n)).outflow;
        const sum = (phi: Float64Array): number => setup.grid.hx * phi.reduce((a, b) => a + b, 0);
        assertLess(Math.abs(sum(solver.flux) + left - sum(setup.start)), 1e-12);
        return solver.flux;
      };
      using sweep = new OrdinatesSolver(setup, system.ordinates, { order: 1, cfl: 0.5 });
      for (let n = 0; n < sweep.steps.count; n++) sweep.step(n);
      const exact = relativeError(await flux(new NewtonClosure(system, 0.01)), sweep.flux);
      const learnt = relativeError(await flux(loaded.closure), sweep.flux);
      assertLess(Math.abs(learnt / exact - 1), 0.2);
    }),
);

Deno.test(
  "every kind of closure network learns its task and answers with multipliers",
  shared,
  async () => {
    const system = slab(2);
    const data = sampleClosure(system, { ...SAMPLES, count: 256, threshold: 1e-6 });
    const { engine } = await openEngine("auto", { threads: 1 });
    for (const kind of closureNetworks.names()) {
      const about = {
        ...{ kind, gamma: 0.01, rotated: true, width: 8, depth: 1 },
        ...{ dimension: 1, degree: 2, functions: "monomials", format: "", rank: 0 } as const,
      };
      const train = async (steps: number) => {
        const training = { steps, batch: 64, learningRate: 0.02, seed: 1, backend: engine };
        using model = await trainClosure(system, about, data, data, training);
        const closure = closureOfModel(system, about, model);
        assert((await multipliers(closure, [0.1, 0.3])).every(Number.isFinite));
        return errorsOf(model).multipliers;
      };
      assertLess(await train(120), 0.9 * await train(4));
    }
  },
);
