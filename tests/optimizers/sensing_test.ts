/**
 * Matrix sensing, where momentum that respects the geometry converges and naive momentum stalls: losses
 * beside those of an independent program in float64 with other random numbers.
 */

import { assert, assertGreater, assertLess } from "@std/assert";
import {
  augmentedBug,
  type BasisMomentum,
  type LowRank,
  type Matrix,
  type MomentSlots,
  noTruncation,
  optimizerStepper,
  parallelBug,
  Random,
  transposed,
} from "../../core/mod.ts";
import { heavyBall, sgd } from "../../optimizers/mod.ts";
import {
  dense,
  gaussian,
  host,
  inner,
  minus,
  norm,
  orthonormal,
  randomLowRank,
  times,
} from "../support/matrices.ts";
import { step } from "./descent.ts";

/** Steps at which losses are compared. */
const AT = [10, 50, 100, 200, 400];
/** Losses at these steps. */
const TABLE = {
  tangent: [1.7, 1.1e-2, 4.9e-5, 1.1e-9, 1.0e-18],
  core: [1.2, 5.1e-4, 8.6e-8, 1.1e-14, 2.8e-27],
  none: [1e-1, 4e-6, 5e-11, 5e-20],
};

/** ½ Σ (⟨Aᵢ, W⟩ − bᵢ)² with b from a 30×20 matrix of singular values 5, 1, 0.2, 0.04. */
async function sensing(): Promise<{
  start: LowRank<Matrix>;
  loss: (w: Matrix) => number;
  gradient: (w: Matrix) => Matrix;
  rate: number;
}> {
  const random = new Random(6);
  const [m, n, count] = [30, 20, 900];
  // Rows Aᵢ, scaled so that the Hessian AᵀA is near the identity.
  const a = host.scale(1 / Math.sqrt(count), gaussian(random, count, m * n));
  const hessian = host.multiply(a, a, { transposeLeft: true });
  const truth = dense(await randomLowRank(random, m, n, [5, 1, 0.2, 0.04]));
  const gradient = (w: Matrix): Matrix => {
    const off = host.from(minus(w, truth).data, m * n, 1);
    return host.from(host.multiply(hessian, off).data, m, n);
  };
  let probe = host.from(gaussian(random, m * n, 1).data, m * n, 1);
  let smoothness = 0;
  for (let i = 0; i < 60; i++) {
    const next = host.multiply(hessian, probe);
    smoothness = norm(next) / norm(probe);
    probe = host.scale(1 / norm(next), next);
  }
  const start = {
    u: await orthonormal(random, m, 4),
    s: host.identity(4),
    v: await orthonormal(random, n, 4),
  };
  const loss = (w: Matrix) => 0.5 * inner(minus(w, truth), gradient(w));
  return { start, loss, gradient, rate: 1 / smoothness };
}

Deno.test("momentum on the manifold takes matrix sensing down as published losses do; naive stalls", async () => {
  const { start, loss, gradient, rate } = await sensing();
  const cap = { rule: noTruncation, tolerance: 0, maxRank: 4 };
  const ball = heavyBall.create({ momentum: 0.9 });
  const stepperOf = (momentum: BasisMomentum) => optimizerStepper(ball, { momentum });
  const runs = [
    { integrator: parallelBug, by: stepperOf("tangent"), expected: TABLE.tangent },
    { integrator: augmentedBug, by: stepperOf("tangent"), expected: TABLE.tangent },
    { integrator: augmentedBug, by: stepperOf("core"), expected: TABLE.core },
    { integrator: parallelBug, by: sgd.create(), expected: TABLE.none },
  ];
  for (const { integrator, by, expected } of runs) {
    let [y, moments]: [LowRank<Matrix>, MomentSlots<Matrix> | undefined] = [start, undefined];
    const losses: number[] = [];
    for (let i = 1; i <= AT[expected.length - 1]!; i++) {
      ({ y, moments } = await step(integrator, by, y, gradient, rate, moments, cap));
      if (AT.includes(i)) losses.push(loss(dense(y)));
    }
    // Below that, what is left is round-off.
    const within = losses.every((x, i) =>
      x < 3 * expected[i]! && (3 * x > expected[i]! || expected[i]! < 1e-26)
    );
    assert(within, `${integrator.name} with ${by.name}: ${losses}`);
  }
  const naive = factorHeavyBall(start, gradient, rate / 25, 0.9, 400);
  const [early, late] = [loss(naive[1]!), loss(naive[4]!)];
  assertGreater(late, 1e-3, "the factors stall on the small singular values");
  assertLess(early, 1, "a longer step would diverge, this one comes down at first");
});

/** Heavy ball on U, S and V as if they were independent variables: what not to do; W at {@linkcode AT}. */
function factorHeavyBall(
  start: LowRank<Matrix>,
  gradient: (w: Matrix) => Matrix,
  rate: number,
  beta: number,
  steps: number,
): Matrix[] {
  let y = start;
  const seen: Matrix[] = [];
  let velocity = { u: host.zerosLike(y.u), s: host.zerosLike(y.s), v: host.zerosLike(y.v) };
  for (let i = 1; i <= steps; i++) {
    const g = gradient(dense(y));
    const grads = {
      u: host.multiply(times(g, y.v), y.s, { transposeRight: true }),
      s: times(transposed(y.u), g, y.v),
      v: times(transposed(g), y.u, y.s),
    };
    const each = (f: (key: "u" | "s" | "v") => Matrix) => ({ u: f("u"), s: f("s"), v: f("v") });
    velocity = each((key) => host.lincomb(beta, velocity[key], 1, grads[key]));
    y = each((key) => host.lincomb(1, y[key], -rate, velocity[key]));
    if (AT.includes(i)) seen.push(dense(y));
  }
  return seen;
}
