/** Momentum on the manifold: what heavy ball owes whichever integrator carries it. */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  augmentedBug,
  bug,
  denseField,
  euler,
  type LowRank,
  type Matrix,
  type MomentSlots,
  movesFactors,
  noTruncation,
  type OptimizerRule,
  optimizerStepper,
  parallelBug,
  Random,
  relativeFrobenius,
  transposed,
  type Updated,
} from "../../core/mod.ts";
import { ranksGrown } from "../../core/integrators/truncation.ts";
import {
  adam,
  heavyBall,
  muon,
  nesterov,
  type Optimizer,
  optimizers,
  sgd,
} from "../../optimizers/mod.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  plus,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../support/matrices.ts";
import { momentsIn } from "../support/moments.ts";
import { keepAll, step } from "./descent.ts";

/** Gradient of ½‖tanh(A W) − C‖²: neither linear nor separable. */
function nonlinearGradient(random: Random, m: number, n: number): (w: Matrix) => Matrix {
  const [a, c] = [gaussian(random, m, m), gaussian(random, m, n)];
  return (w) => {
    const t = times(a, w);
    t.data.forEach((x, i) => t.data[i] = Math.tanh(x));
    const r = minus(t, c);
    r.data.forEach((x, i) => r.data[i] = x * (1 - t.data[i]! ** 2));
    return host.multiply(a, r, { transposeLeft: true });
  };
}

/** W after `count` steps on whole matrices by the same rule. */
async function denseRun(
  rule: OptimizerRule,
  w: Matrix,
  gradient: (w: Matrix) => Matrix,
  rate: number,
  count: number,
): Promise<Matrix> {
  let state: Updated<Matrix> = { value: w };
  for (let i = 0; i < count; i++) {
    const flow = host.scale(-1, gradient(state.value));
    state = await rule.update(host, state.value, flow, { rate, decay: 0 }, state.state);
  }
  return state.value;
}

/** A rule with a momentum of 0.9 where it has one. */
function ruleOf(optimizer: Optimizer): OptimizerRule {
  return optimizer.create("momentum" in optimizer.defaults ? { momentum: 0.9 } : {});
}

for (const integrator of [augmentedBug, parallelBug]) {
  for (const optimizer of [heavyBall, nesterov, sgd, muon]) {
    // Factors that are made orthogonal one by one are no tangent vector of W.
    if (integrator === parallelBug && optimizer === muon) continue;
    Deno.test(`${integrator.name} at full rank is ${optimizer.name} on the whole matrix`, async () => {
      for (const [m, n] of [[6, 6], [7, 5], [4, 9]] as const) {
        // The length of its steps goes by the shape of what moves, here the augmented core.
        if (optimizer === muon && n > m) continue;
        const random = new Random(m);
        const gradient = nonlinearGradient(random, m, n);
        const sigma = Array.from({ length: Math.min(m, n) }, (_, i) => 2 ** -i);
        let y = await randomLowRank(random, m, n, sigma);
        const rule = ruleOf(optimizer);
        const wanted = await denseRun(rule, dense(y), gradient, 0.02, 20);
        const start = dense(y);
        let moments: MomentSlots<Matrix> | undefined;
        for (let i = 0; i < 20; i++) {
          ({ y, moments } = await step(integrator, rule, y, gradient, 0.02, moments));
        }
        assertLess(relativeError(dense(y), wanted), 1e-12, `${m}×${n}`);
        assertGreater(relativeError(wanted, start), 0.3, "the run must move");
      }
    });
  }
}

for (const integrator of [augmentedBug, parallelBug]) {
  Deno.test(`${integrator.name} at full rank, in bases of unit vectors, is adam on the whole matrix`, async () => {
    // Adam divides entry by entry: in other bases its entries are others.
    const m = 6;
    const random = new Random(m);
    const gradient = nonlinearGradient(random, m, m);
    const start = gaussian(random, m, m);
    const one = host.identity(m);
    let y: LowRank<Matrix> = { u: one, s: start, v: one };
    const rule = adam.create();
    const wanted = await denseRun(rule, start, gradient, 0.02, 20);
    let moments: MomentSlots<Matrix> | undefined;
    for (let i = 0; i < 20; i++) {
      ({ y, moments } = await step(integrator, rule, y, gradient, 0.02, moments, ranksGrown));
    }
    assertLess(relativeError(dense(y), wanted), 1e-12);
    assertGreater(relativeError(wanted, start), 0.1, "the run must move");
  });
}

for (const integrator of [augmentedBug, parallelBug, bug]) {
  Deno.test(`${integrator.name} with β = 0 is ${integrator.name} without momentum`, async () => {
    const random = new Random(3);
    const gradient = nonlinearGradient(random, 12, 9);
    const start = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
    const cap = { rule: noTruncation, tolerance: 0, maxRank: 3 };
    const run = async (rule: OptimizerRule): Promise<Matrix> => {
      let y = start;
      let moments: MomentSlots<Matrix> | undefined;
      for (let i = 0; i < 10; i++) {
        ({ y, moments } = await step(integrator, rule, y, gradient, 0.02, moments, cap));
      }
      return dense(y);
    };
    const plain = await run(sgd.create());
    assertLess(relativeError(await run(heavyBall.create({ momentum: 0 })), plain), 1e-12);
    assertGreater(relativeError(await run(heavyBall.create({ momentum: 0.9 })), plain), 1e-3);
  });
}

for (const integrator of [augmentedBug, parallelBug, bug]) {
  for (const optimizer of optimizers.list().filter((o) => movesFactors(o.create()))) {
    const name = `${optimizer.name} with ${integrator.name}`;
    Deno.test(`${name} does not see the signs of the bases`, async () => {
      // Adam depends on the coordinates in which it squares; their signs may not matter.
      const random = new Random(5);
      const gradient = nonlinearGradient(random, 10, 8);
      const y = await randomLowRank(random, 10, 8, [2, 1, 0.5]);
      const q = host.diagonal([-1, 1, -1]);
      const p = host.diagonal([1, -1, -1]);
      const turned = { u: times(y.u, q), s: times(q, y.s, p), v: times(y.v, p) };
      const run = async (from: LowRank<Matrix>): Promise<Matrix> => {
        const rule = optimizer.create();
        const cap = { rule: noTruncation, tolerance: 0, maxRank: 3 };
        let [z, moments]: [LowRank<Matrix>, MomentSlots<Matrix> | undefined] = [from, undefined];
        for (let i = 0; i < 4; i++) {
          ({ y: z, moments } = await step(integrator, rule, z, gradient, 0.02, moments, cap));
        }
        return dense(z);
      };
      assertLess(relativeError(await run(turned), await run(y)), 1e-10);
    });

    Deno.test(`${name} keeps second moments non-negative while ranks change`, async () => {
      const random = new Random(6);
      const gradient = nonlinearGradient(random, 14, 10);
      let y = await randomLowRank(random, 14, 10, [2, 1]);
      let moments: MomentSlots<Matrix> | undefined;
      const ranks = new Set<number>();
      for (let i = 0; i < 12; i++) {
        const truncation = { rule: relativeFrobenius, tolerance: i % 2 ? 0.3 : 1e-4 };
        ({ y, moments } = await step(
          integrator,
          optimizer.create(),
          y,
          gradient,
          0.02,
          moments,
          truncation,
        ));
        ranks.add(y.u.cols);
        for (const m of Object.values(momentsIn(moments))) {
          assertEquals(m.second?.data.every((v) => v >= 0 && Number.isFinite(v)) ?? true, true);
        }
      }
      if (integrator.adaptive) assertGreater(ranks.size, 1, "the rank must change");
    });
  }
}

for (const integrator of [augmentedBug, parallelBug]) {
  Deno.test(`${integrator.name} hands on momentum that is tangent at the new point`, async () => {
    const random = new Random(8);
    const gradient = nonlinearGradient(random, 13, 9);
    let y = await randomLowRank(random, 13, 9, [2, 1, 0.5]);
    let moments: MomentSlots<Matrix> | undefined;
    for (let i = 0; i < 6; i++) {
      const truncation = { rule: relativeFrobenius, tolerance: 0.1, maxRank: 5 };
      const rule = heavyBall.create();
      ({ y, moments } = await step(integrator, rule, y, gradient, 0.02, moments, truncation));
      const { k, l, s } = momentsIn(moments);
      // ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ is tangent whatever the factors are; they must agree with it.
      const [vt, lt] = [transposed(y.v), transposed(l!.first!)];
      const xi = minus(
        plus(times(k!.first!, vt), times(y.u, lt)),
        times(y.u, s!.first!, vt),
      );
      assertLess(relativeError(tangentProjection(y, xi), xi), 1e-12);
      assertLess(relativeError(times(xi, y.v), k!.first!), 1e-12);
      assertLess(relativeError(times(transposed(xi), y.u), l!.first!), 1e-12);
      assertLess(relativeError(times(transposed(y.u), xi, y.v), s!.first!), 1e-12);
    }
  });
}

Deno.test("an optimizer stepper with sgd is the Euler stepper", async () => {
  const random = new Random(2);
  const y = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
  const f = gaussian(random, 12, 9);
  for (const integrator of [augmentedBug, parallelBug, bug]) {
    const results: Matrix[] = [];
    for (const stepper of [euler, optimizerStepper(sgd.create())]) {
      const generator = integrator.step(host, y, 0.1, { stepper, truncation: keepAll });
      let state = await generator.next();
      while (!state.done) state = await generator.next(denseField(host, f));
      results.push(dense(state.value.y));
    }
    assertLess(relativeError(results[0]!, results[1]!), 1e-13, integrator.name);
  }
});
