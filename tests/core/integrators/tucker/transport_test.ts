/** Moments of Tucker tensors: what optimizers owe whichever integrator carries them. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  assembleCore,
  contractAlong,
  denseTensorField,
  tuckerField,
} from "../../../../core/geometry/mod.ts";
import { augmentTucker } from "../../../../core/integrators/tucker/mod.ts";
import {
  augmentedTuckerBug,
  embed,
  euler,
  type Matrix,
  type MomentSlots,
  noTruncation,
  type OptimizerRule,
  optimizerStepper,
  parallelTuckerBug,
  Random,
  relativeFrobenius,
  type Stepper,
  transportTuckerSlots,
  type Truncation,
  tuckerBug,
  type TuckerIntegrator,
  type TuckerStepResult,
  tuckerTangentField,
  type TuckerTensor,
  type Updated,
  viewModes,
} from "../../../../core/mod.ts";
import { ranksGrown } from "../../../../core/integrators/truncation.ts";
import { combineTensors, denseTensor, modeProducts } from "../../../../core/tensors/mod.ts";
import { adam, heavyBall, type Moments, nesterov, sgd } from "../../../../optimizers/mod.ts";
import { gaussian, host, norm, orthonormal, projector, times } from "../../../support/matrices.ts";
import { carrying, momentsIn } from "../../../support/moments.ts";
import {
  full,
  gaussianTensor,
  type HostTensor,
  randomTucker,
  tensorError,
} from "../../../support/tensors.ts";

type HostTucker = TuckerTensor<Matrix>;

const keepAll: Truncation = { rule: noTruncation, tolerance: 0 };
const SHAPE = [7, 6, 5];
const RANKS = [3, 2, 3];
const EVERYWHERE = [undefined, undefined, undefined];

/** One step of training with F = −gradient, moments included. */
async function step(
  integrator: TuckerIntegrator,
  stepper: Stepper,
  y: HostTucker,
  gradient: (w: HostTensor) => HostTensor,
  rate: number,
  moments?: MomentSlots<Matrix>,
  truncation: Truncation = keepAll,
): Promise<TuckerStepResult<Matrix>> {
  const o = { stepper, truncation, ...(moments ? { moments } : {}) };
  const generator = integrator.step(host, y, rate, o);
  let state = await generator.next();
  while (!state.done) {
    const g = gradient(full(state.value));
    state = await generator.next(denseTensorField(host, combineTensors(host, -1, g, 0, g)));
  }
  return state.value;
}

/** Gradient of ½‖tanh(W ×ₖ Aₖ) − C‖²: neither linear nor separable. */
function nonlinearGradient(random: Random, shape: readonly number[]) {
  const as = shape.map((n) => host.scale(0.7, gaussian(random, n, n)));
  const c = gaussianTensor(random, shape);
  return (w: HostTensor): HostTensor => {
    const t = modeProducts(host, w, as).data.data.map(Math.tanh);
    const r = t.map((x, i) => (x - c.data.data[i]!) * (1 - x * x));
    return modeProducts(host, denseTensor(host, r, shape), as, { transpose: true });
  };
}

/** W after `count` steps on whole tensors by the same rule. */
async function denseRun(
  rule: OptimizerRule,
  w: HostTensor,
  gradient: (w: HostTensor) => HostTensor,
  rate: number,
  count: number,
): Promise<HostTensor> {
  let state: Updated<Matrix> = { value: w.data };
  for (let i = 0; i < count; i++) {
    const flow = host.scale(-1, gradient({ ...w, data: state.value }).data);
    state = await rule.update(host, state.value, flow, { rate, decay: 0 }, state.state);
  }
  return { ...w, data: state.value };
}

/** Random moments at a point: dKₖ = anything, dS = anything. */
async function randomMoments(random: Random, y: HostTucker, second = false) {
  const views = await viewModes(host, y);
  const one = (rows: number, cols: number) => ({
    count: 4,
    first: gaussian(random, rows, cols),
    ...(second ? { second: host.square(gaussian(random, rows, cols)) } : {}),
  });
  const slots: Record<string, Moments<Matrix>> = {
    s: one(y.core.data.rows, y.core.data.cols),
  };
  for (const { mode, s } of views) slots[`k${mode}`] = one(y.factors[mode]!.rows, s.cols);
  return { views, slots };
}

/** A point with other bases and other ranks. */
async function elsewhere(y: HostTucker, random: Random): Promise<HostTucker> {
  const f = gaussianTensor(random, SHAPE);
  return (await step(augmentedTuckerBug, euler, y, () => f, 0.3)).y;
}

Deno.test("a tangent vector of all first moments is tangent", async () => {
  const random = new Random(1);
  const y = await randomTucker(random, SHAPE, RANKS);
  const { views, slots } = await randomMoments(random, y);
  const ks = y.factors.map((_, mode) => slots[`k${mode}`]?.first);
  const xi = tuckerTangentField(host, y, views, ks, slots.s!.first!).contract(EVERYWHERE);
  // Off all bases but one it is off nothing: no part is outside two bases at once.
  const off = y.factors.map((u) => host.lincomb(1, host.identity(u.rows), -1, projector(u)));
  for (const [i, j] of [[0, 1], [0, 2], [1, 2]]) {
    const both = off.map((p, k) => k === i || k === j ? p : undefined);
    assertLess(norm(modeProducts(host, xi, both).data), 1e-13 * norm(xi.data));
  }
  const inside = modeProducts(host, xi, y.factors, { transpose: true });
  assertLess(norm(host.lincomb(1, inside.data, -1, slots.s!.first!)), 1e-12);
});

Deno.test("transportTuckerSlots() is the orthogonal projection of the tangent vector", async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = new Random(seed);
    const y = await randomTucker(random, SHAPE, RANKS);
    const { views, slots } = await randomMoments(random, y);
    const to = await elsewhere(y, random);
    const moved = momentsIn(await transportTuckerSlots(host, carrying, slots, y, views, to));
    const after = await viewModes(host, to);
    const tangent = (p: HostTucker, v: typeof views, m: Record<string, Moments<Matrix>>) =>
      tuckerTangentField(host, p, v, p.factors.map((_, k) => m[`k${k}`]?.first), m.s!.first!)
        .contract(EVERYWHERE);
    const xi = tangent(y, views, slots);
    const carried = tangent(to, after, moved);
    // ξ − P ξ is orthogonal to every tangent vector at the new point, and P ξ is one of them.
    const rest = combineTensors(host, 1, xi, -1, carried);
    for (let i = 0; i < 5; i++) {
      const other = await randomMoments(random, to);
      const eta = tangent(to, after, other.slots);
      const dot = rest.data.data.reduce((s, x, k) => s + x * eta.data.data[k]!, 0);
      assertLess(Math.abs(dot), 1e-12 * norm(xi.data) * norm(eta.data));
    }
    assertEquals(moved.s!.count, 4);
  }
});

Deno.test("transportTuckerSlots() to the same point changes nothing, whatever the bases", async () => {
  const random = new Random(6);
  const y = await randomTucker(random, SHAPE, RANKS);
  for (const second of [false, true]) {
    const { views, slots } = await randomMoments(random, y, second);
    const still = async (m: MomentSlots<Matrix>) =>
      momentsIn(await transportTuckerSlots(host, carrying, m, y, views, y));
    const consistent = second ? slots : await still(slots);
    const again = await still(consistent);
    for (const [name, m] of Object.entries(consistent)) {
      assertLess(norm(host.lincomb(1, again[name]!.first!, -1, m.first!)), 1e-12, name);
      if (second) assertLess(norm(host.lincomb(1, again[name]!.second!, -1, m.second!)), 1e-12);
    }
  }
});

Deno.test("transportTuckerSlots() keeps second moments non-negative and, turned, their sum", async () => {
  const random = new Random(7);
  const y = await randomTucker(random, SHAPE, RANKS);
  const { views, slots } = await randomMoments(random, y, true);
  const turns: Matrix[] = [];
  for (const r of RANKS) turns.push(await orthonormal(random, r, r));
  const turned = {
    core: modeProducts(host, y.core, turns, { transpose: true }),
    factors: y.factors.map((u, k) => times(u, turns[k]!)),
  };
  const moved = momentsIn(await transportTuckerSlots(host, carrying, slots, y, views, turned));
  const sum = (x: Matrix) => x.data.reduce((s, v) => s + v, 0);
  for (const [name, m] of Object.entries(slots)) {
    assert(moved[name]!.second!.data.every((v) => v >= 0));
    assertLess(Math.abs(sum(moved[name]!.second!) / sum(m.second!) - 1), 1e-12, name);
  }
});

for (const integrator of [tuckerBug, augmentedTuckerBug, parallelTuckerBug]) {
  Deno.test(`${integrator.name} with plain descent is its Euler step`, async () => {
    const random = new Random(8);
    const y = await randomTucker(random, SHAPE, RANKS);
    const gradient = nonlinearGradient(random, SHAPE);
    const plain = await step(integrator, euler, y, gradient, 0.05);
    const trained = await step(integrator, optimizerStepper(sgd.create({})), y, gradient, 0.05);
    assertLess(tensorError(full(trained.y), full(plain.y)), 1e-12);
    assertEquals(trained.moments, {});
  });

  for (const optimizer of [heavyBall, nesterov]) {
    Deno.test(`${integrator.name} at full ranks is ${optimizer.name} on the whole tensor`, async () => {
      for (
        const [shape, ranks] of [[[4, 3, 5], [4, 3, 5]], [[8, 2, 3], [6, 2, 3]], [[14, 2, 2], [
          4,
          2,
          2,
        ]]]
      ) {
        // Fixed bases cannot follow momentum out of their span where a mode has more room.
        if (integrator === tuckerBug && shape![0] !== ranks![0]) continue;
        const random = new Random(9);
        const gradient = nonlinearGradient(random, shape!);
        let y = await randomTucker(random, shape!, ranks!);
        const [start, rule] = [full(y), optimizer.create({ momentum: 0.9 })];
        const wanted = await denseRun(rule, start, gradient, 0.02, 12);
        let moments: MomentSlots<Matrix> = {};
        for (let i = 0; i < 12; i++) {
          const o = optimizerStepper(rule);
          ({ y, moments } = await step(integrator, o, y, gradient, 0.02, moments));
        }
        assertLess(tensorError(full(y), wanted), 1e-12, `${shape}`);
        assertGreater(tensorError(wanted, start), 0.3, "the run must move");
      }
    });
  }

  Deno.test(`${integrator.name} at full ranks, in bases of unit vectors, is adam on the whole tensor`, async () => {
    const shape = [4, 3, 5];
    const random = new Random(9);
    const gradient = nonlinearGradient(random, shape);
    const start = gaussianTensor(random, shape);
    let y: HostTucker = { core: start, factors: shape.map((n) => host.identity(n)) };
    const rule = adam.create();
    const wanted = await denseRun(rule, start, gradient, 0.02, 12);
    let moments: MomentSlots<Matrix> = {};
    for (let i = 0; i < 12; i++) {
      const o = optimizerStepper(rule);
      ({ y, moments } = await step(integrator, o, y, gradient, 0.02, moments, ranksGrown));
    }
    assertLess(tensorError(full(y), wanted), 1e-12);
    assertGreater(tensorError(wanted, start), 0.1, "the run must move");
  });

  Deno.test(`${integrator.name} with Adam comes down, ranks changing on the way`, async () => {
    const random = new Random(10);
    const goal = full(await randomTucker(random, SHAPE, [2, 2, 2]));
    const gradient = (w: HostTensor) => combineTensors(host, 1, w, -1, goal);
    let y = await randomTucker(random, SHAPE, RANKS);
    const before = tensorError(full(y), goal);
    const truncation = { rule: relativeFrobenius, tolerance: 0.02, maxRank: 4 };
    let moments: MomentSlots<Matrix> = {};
    const seen = new Set<string>();
    const stepper = optimizerStepper(adam.create({}));
    for (let i = 0; i < 120; i++) {
      const rate = 0.05 * (1 - i / 120);
      ({ y, moments } = await step(integrator, stepper, y, gradient, rate, moments, truncation));
      seen.add(y.core.shape.join());
      for (const m of Object.values(momentsIn(moments))) {
        assert(m.second?.data.every((v) => v >= 0) ?? true);
      }
    }
    assertLess(tensorError(full(y), goal), 0.15 * before);
    assertEquals(seen.size > 1, integrator.adaptive, [...seen].join(" "));
  });
}

Deno.test("in grown bases the tangent vector of the moments has blocks that are new in one mode", async () => {
  const random = new Random(31);
  const y = await randomTucker(random, SHAPE, RANKS);
  const views = await viewModes(host, y);
  const ks = SHAPE.map((n, k) => gaussian(random, n, views[k]!.q.cols));
  const s = gaussian(random, RANKS[0]!, RANKS[1]! * RANKS[2]!);
  const grown = await augmentTucker(host, y, SHAPE.map((n, k) => gaussian(random, n, RANKS[k]!)));
  const gains = grown.added.map((u, k) => u && host.multiply(u, ks[k]!, { transposeLeft: true }));
  const found = assembleCore(host, y, views, { ...y.core, data: s }, gains);
  const tangent = tuckerTangentField(host, y, views, ks, s).contract(EVERYWHERE);
  const wanted = denseTensorField(host, tangent).contract(grown.factors);
  assertLess(tensorError(found, wanted), 1e-12);
});

Deno.test("tuckerField() projects along a mode as its whole contraction does", async () => {
  const random = new Random(32);
  const f = await randomTucker(random, SHAPE, RANKS);
  const y = await randomTucker(random, SHAPE, [2, 3, 2]);
  const shared = { ...y, factors: [f.factors[0]!, y.factors[1]!, y.factors[2]!] };
  for (const mode of SHAPE.keys()) {
    const shape = SHAPE.map((_, k) => k === mode ? 4 : shared.factors[k]!.cols);
    const core = gaussianTensor(random, shape);
    const others = { core, factors: shared.factors.map((u, k) => k === mode ? undefined : u) };
    const { contract } = tuckerField(host, f);
    const wanted = contractAlong(host, { contract }, mode, others);
    for (const orthonormal of [false, true]) {
      const found = tuckerField(host, f, orthonormal).along!(mode, others);
      assertLess(norm(host.lincomb(1, found, -1, wanted)) / norm(wanted), 1e-12);
    }
  }
});

Deno.test("transportTuckerSlots() to bases that have grown leaves new directions a mean second moment", async () => {
  const random = new Random(33);
  const y = await randomTucker(random, SHAPE, RANKS);
  const { views, slots } = await randomMoments(random, y, true);
  const grown = await augmentTucker(host, y, SHAPE.map((n, k) => gaussian(random, n, RANKS[k]!)));
  const moved = momentsIn(await transportTuckerSlots(host, carrying, slots, y, views, grown));
  const core = { ...grown.core, data: moved.s!.second! };
  const least = Math.min(...slots.s!.second!.data);
  const most = Math.max(...slots.s!.second!.data);
  // Means of what was there: nothing is zero, and nothing above the largest.
  for (const x of core.data.data) assert(x > 0.999 * least && x < 1.001 * most, `${x}`);
  const old = modeProducts(
    host,
    core,
    RANKS.map((r, k) => embed(host, host.identity(r), r, grown.factors[k]!.cols)),
  );
  assertLess(norm(host.lincomb(1, old.data, -1, slots.s!.second!)), 1e-12);
});
