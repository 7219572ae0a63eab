/** Momentum on the manifold: what heavy ball owes whichever integrator carries it. */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  augmentedBug,
  bug,
  denseField,
  euler,
  type Integrator,
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
  type StepResult,
  transposed,
  type Truncation,
  type Updated,
} from "../../core/mod.ts";
import {
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
  norm,
  orthonormal,
  plus,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../support/matrices.ts";
import { momentsIn } from "../support/moments.ts";

const keepAll: Truncation = { rule: noTruncation, tolerance: 0 };

/** One step of training with F = −gradient, moments included. */
async function step(
  integrator: Integrator,
  rule: OptimizerRule,
  y: LowRank<Matrix>,
  gradient: (w: Matrix) => Matrix,
  rate: number,
  moments: MomentSlots<Matrix> | undefined,
  truncation: Truncation = keepAll,
): Promise<StepResult<Matrix>> {
  const generator = integrator.step(host, y, rate, {
    stepper: optimizerStepper(rule),
    truncation,
    ...(moments ? { moments } : {}),
  });
  let state = await generator.next();
  while (!state.done) {
    const field = denseField(host, host.scale(-1, gradient(dense(state.value))));
    state = await generator.next(field);
  }
  return state.value;
}

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
        // Nesterov's step and velocity are two directions; augmentation by r columns spans one.
        if (integrator === augmentedBug && optimizer === nesterov && n > 2 * m) continue;
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
        assertLess(relativeError(dense(y), wanted), 1e-11, `${m}×${n}`);
        assertGreater(relativeError(wanted, start), 0.3, "the run must move");
      }
    });
  }
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

/** Matrix sensing: ½ Σ (⟨Aᵢ, W⟩ − bᵢ)² with b from a matrix of singular values 5, 1, 0.2, 0.04. */
async function sensing(): Promise<{
  start: LowRank<Matrix>;
  loss: (w: Matrix) => number;
  gradient: (w: Matrix) => Matrix;
  rate: number;
}> {
  const random = new Random(1);
  const [m, n, count] = [30, 20, 1200];
  // Rows Aᵢ, scaled so that the Hessian AᵀA is near the identity.
  const a = host.scale(1 / Math.sqrt(count), gaussian(random, count, m * n));
  const truth = dense(await randomLowRank(random, m, n, [5, 1, 0.2, 0.04]));
  const residual = (w: Matrix): Matrix =>
    host.multiply(a, host.from(minus(w, truth).data, m * n, 1));
  let probe = host.from(gaussian(random, m * n, 1).data, m * n, 1);
  let smoothness = 0;
  for (let i = 0; i < 30; i++) {
    const next = host.multiply(a, host.multiply(a, probe), { transposeLeft: true });
    smoothness = norm(next) / norm(probe);
    probe = host.scale(1 / norm(next), next);
  }
  return {
    start: {
      u: await orthonormal(random, m, 4),
      s: host.diagonal([1, 1, 1, 1]),
      v: await orthonormal(random, n, 4),
    },
    loss: (w) => 0.5 * norm(residual(w)) ** 2,
    gradient: (w) => host.from(host.multiply(a, residual(w), { transposeLeft: true }).data, m, n),
    rate: 1 / smoothness,
  };
}

Deno.test("tangent momentum converges where heavy ball on the factors stalls", async () => {
  const { start, loss, gradient, rate } = await sensing();
  const steps = 120;
  const cap = { rule: noTruncation, tolerance: 0, maxRank: 4 };
  const losses: Record<string, number> = {};
  for (const integrator of [augmentedBug, parallelBug]) {
    const rule = heavyBall.create({ momentum: 0.9 });
    let [y, moments]: [LowRank<Matrix>, MomentSlots<Matrix> | undefined] = [start, undefined];
    for (let i = 0; i < steps; i++) {
      ({ y, moments } = await step(integrator, rule, y, gradient, rate, moments, cap));
    }
    losses[integrator.name] = loss(dense(y));
  }
  const naive = loss(factorHeavyBall(start, gradient, rate / 25, 0.9, steps));
  assertGreater(naive, 1e-3, "the factors stall on the small singular values");
  for (const [name, value] of Object.entries(losses)) assertLess(value, naive / 100, name);
});

/** Heavy ball on U, S and V as if they were independent variables: what not to do. */
function factorHeavyBall(
  start: LowRank<Matrix>,
  gradient: (w: Matrix) => Matrix,
  rate: number,
  beta: number,
  steps: number,
): Matrix {
  let y = start;
  let velocity = { u: host.zerosLike(y.u), s: host.zerosLike(y.s), v: host.zerosLike(y.v) };
  for (let i = 0; i < steps; i++) {
    const g = gradient(dense(y));
    const grads = {
      u: host.multiply(times(g, y.v), y.s, { transposeRight: true }),
      s: times(transposed(y.u), g, y.v),
      v: times(transposed(g), y.u, y.s),
    };
    const each = (f: (key: "u" | "s" | "v") => Matrix) => ({ u: f("u"), s: f("s"), v: f("v") });
    velocity = each((key) => host.lincomb(beta, velocity[key], 1, grads[key]));
    y = each((key) => host.lincomb(1, y[key], -rate, velocity[key]));
  }
  return dense(y);
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
