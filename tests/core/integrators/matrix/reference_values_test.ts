/**
 * Errors on the test problems of the papers beside values that an independent float64 program gave
 * for the same problems with other random numbers: up to a factor of two they are the same.
 */

import { assert, assertAlmostEquals, assertLess } from "@std/assert";
import {
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  complexScale,
  type Matrix,
  matrix,
  matrixOf,
} from "../../../../core/algebra/mod.ts";
import { denseField, type LowRank, lowRankOf, toDense } from "../../../../core/geometry/mod.ts";
import {
  augmentedBug,
  bug,
  integrate,
  type Integrator,
  midpointBug,
  parallelBug,
  projectorSplitting,
  relativeFrobenius,
  rk4,
  secondOrderParallelBug,
  type Stepper,
} from "../../../../core/integrators/mod.ts";
import { Random } from "../../../../core/random.ts";
import { referenceSolution } from "../../../../tasks/ode/problem.ts";
import { eulerStep } from "../../../properties/matrix_measures.ts";
import {
  dense,
  expm,
  host,
  minus,
  norm,
  sylvesterField,
  times,
} from "../../../support/matrices.ts";

const SIZE = 100;

/** Within a factor of two of a value, or below twice the value where less is better. */
function assertNear(found: number, wanted: number, what: string): void {
  assert(found < 2 * wanted && found > wanted / 2, `${what}: ${found}, expected about ${wanted}`);
}

/** (B − Bᵀ) / 2 with B uniform in [0, 1): spectral norm about 3.9 for 100 rows. */
function uniformSkew(random: Random): Matrix {
  const b = matrixOf(SIZE, SIZE, () => random.uniform());
  return host.scale(0.5, minus(b, host.transpose(b)));
}

/** diag(2⁻¹ … 2⁻¹⁰⁰). */
const halves = host.diagonal(Array.from({ length: SIZE }, (_, i) => 2 ** -(i + 1)));

function rotated(left: Matrix, x: Matrix, right: Matrix): Matrix {
  return host.multiply(times(left, x), right, { transposeRight: true });
}

/** Errors at t = 1 from increments of A(t) = exp(t W₁) eᵗ D exp(t W₂)ᵀ. */
async function incrementErrors(rank: number, steps: number, items: readonly Integrator[]) {
  const random = new Random(1);
  const [w1, w2] = [uniformSkew(random), uniformSkew(random)];
  const [left, right] = [w1, w2].map((w) => expm(host.scale(1 / steps, w)));
  const truncation = { rule: relativeFrobenius, tolerance: 0, maxRank: rank };
  let now = halves;
  let ys = await Promise.all(items.map(() => lowRankOf(host, halves, rank)));
  for (let i = 0; i < steps; i++) {
    const next = host.scale(Math.exp(1 / steps), rotated(left!, now, right!));
    const f = minus(next, now);
    ys = await Promise.all(
      ys.map(async (y, k) => (await eulerStep(items[k]!, y, f, 1, truncation)).y),
    );
    now = next;
  }
  return ys.map((y) => norm(minus(dense(y), now)));
}

const BEST = [[5, 4.9e-2], [10, 1.53e-3], [20, 1.5e-6], [32, 3.65e-10]] as const;

for (const [rank, best] of BEST) {
  Deno.test(`exact methods follow increments within 1.6 of the best error at rank ${rank}`, async () => {
    for (const steps of [10, 50]) {
      const items = [projectorSplitting, bug, augmentedBug];
      const errors = await incrementErrors(rank, steps, items);
      for (const [i, error] of errors.entries()) {
        assert(error < 1.6 * best && error > 0.99 * best, `${items[i]!.name}: ${error}`);
      }
    }
  });
}

Deno.test("parallel-bug on increments falls with the step size, as given", async () => {
  const [coarse] = await incrementErrors(20, 10, [parallelBug]);
  const [fine] = await incrementErrors(20, 50, [parallelBug]);
  assertNear(coarse!, 3.8e-2, "h = 0.1");
  assertNear(fine!, 1.6e-3, "h = 0.02");
});

/** Errors at t = 1 of Y' = W₁Y + Y + YW₂ᵀ with W of spectral norm one, RK4 sub-flows. */
async function equationErrors(item: Integrator, rank: number, counts: readonly number[]) {
  const random = new Random(1);
  // The largest singular value of such a matrix with 100 rows is about 3.9.
  const scaled = async () => {
    const w = uniformSkew(random);
    return host.scale(1 / (await host.svd(w)).sigma[0]!, w);
  };
  const [w1, w2] = [await scaled(), await scaled()];
  const end = host.scale(Math.E, rotated(expm(w1), halves, expm(w2)));
  const start = await lowRankOf(host, halves, rank);
  const errors: number[] = [];
  for (const steps of counts) {
    const f = sylvesterField(w1, w2, 1);
    const y = await integrate(host, item, f, start, { t1: 1, steps, stepper: rk4 });
    errors.push(norm(minus(dense(y), end)));
  }
  return errors;
}

const EQUATION: readonly [Integrator, number, readonly number[]][] = [
  [bug, 20, [3.7e-2, 1.85e-2]],
  [bug, 10, [4e-2, 2e-2]],
  [augmentedBug, 20, [1.5e-4, 4e-5]],
  [projectorSplitting, 32, [7.8e-6, 5.1e-7]],
  [midpointBug, 32, [8.6e-6]],
  [secondOrderParallelBug, 20, [3e-4, 8e-5]],
  [parallelBug, 20, [5.9e-3, 2.3e-3]],
];

for (const [item, rank, values] of EQUATION) {
  Deno.test(`${item.name} makes the known errors on the matrix equation at rank ${rank}`, async () => {
    const errors = await equationErrors(item, rank, [10, 20].slice(0, values.length));
    errors.forEach((e, i) => assertNear(e, values[i]!, `h = ${[0.1, 0.05][i]}`));
  });
}

const complex = complexAlgebra(host);

/** Relative error at the end from the best approximation of the start, and drift of the norm. */
async function complexError(
  problem: { f: (y: ComplexMatrix) => ComplexMatrix; start: ComplexMatrix; end: ComplexMatrix },
  item: Integrator,
  rank: number,
  o: { t1: number; steps: number; stepper: Stepper },
): Promise<{ error: number; drift: number }> {
  const y0 = await lowRankOf(complex, problem.start, rank);
  const rhs = (_t: number, y: LowRank<ComplexMatrix>) =>
    denseField(complex, problem.f(toDense(complex, y)));
  const y = await integrate(complex, item, rhs, y0, o);
  const rest = complex.lincomb(1, toDense(complex, y), -1, problem.end);
  const size = await complex.norm(y0.s);
  return {
    error: await complex.norm(rest) / await complex.norm(problem.end),
    drift: Math.abs(await complex.norm(y.s) - size),
  };
}

/** Five-point sums: c Yᵢⱼ over the neighbours, without wrapping. */
function neighbours(y: Float64Array, out: Float64Array, c: number): Float64Array {
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) {
      const k = i * SIZE + j;
      if (i > 0) out[k]! += c * y[k - SIZE]!;
      if (i < SIZE - 1) out[k]! += c * y[k + SIZE]!;
      if (j > 0) out[k]! += c * y[k - 1]!;
      if (j < SIZE - 1) out[k]! += c * y[k + 1]!;
    }
  }
  return out;
}

const square = (data: Float64Array): Matrix => matrix(data, SIZE, SIZE);

/** Y' = −i (D Y + Y Dᵀ + V Y V), D = ½ tridiag(−1, 2, −1), σᵢ = 10⁻ⁱ, normalised. */
async function schroedinger() {
  const random = new Random(1);
  const a = complex;
  const basis = () => a.orthonormalize(complexMatrix(matrixOf(SIZE, SIZE, () => random.uniform())));
  const sigma = a.diagonal(Array.from({ length: SIZE }, (_, i) => 10 ** -(i + 1)));
  const [u, v] = [await basis(), await basis()];
  const y0 = a.multiply(a.multiply(u, sigma), v, { transposeRight: true });
  const start = a.scale(1 / await a.norm(y0), y0);
  const potential = Float64Array.from(
    { length: SIZE },
    (_, j) => 1 - Math.cos(2 * Math.PI * (j - SIZE / 2) / SIZE),
  );
  const energy = (y: Float64Array): Matrix =>
    square(neighbours(
      y,
      y.map((x, k) => (2 + potential[Math.floor(k / SIZE)]! * potential[k % SIZE]!) * x),
      -0.5,
    ));
  const f = (y: ComplexMatrix) => complexScale(0, -1, complexMatrix(energy(y.re), energy(y.im)));
  return { f, start, end: referenceSolution(complex, f, start, 1, 200) };
}

Deno.test("the Schrödinger equation of the rank-adaptive paper gives the known errors at rank 8", async () => {
  const problem = await schroedinger();
  const o = { t1: 1, steps: 10, stepper: rk4 };
  const of = (item: Integrator) => complexError(problem, item, 8, o);
  const [fixed, augmented] = [await of(bug), await of(augmentedBug)];
  assertNear(fixed.error, 2e-2, "bug");
  assertNear(augmented.error, 5.7e-3, "augmented-bug");
  assertNear((await of(parallelBug)).error, 5.1e-2, "parallel-bug");
  assertNear((await of(projectorSplitting)).error, 6e-3, "projector-splitting");
  assertNear((await of(midpointBug)).error, 5.4e-3, "midpoint-bug");
  assertNear((await of(secondOrderParallelBug)).error, 5.5e-3, "second-order-parallel-bug");
  // The fixed-rank integrator drifts with the first power of the step, the augmented one does not.
  assertNear(fixed.drift, 2e-2, "drift of bug");
  assertLess(augmented.drift, fixed.drift / 20);
});

/** Two RK4 steps per sub-flow. */
const rk4Twice: Stepper = {
  name: "rk4-twice",
  description: "two steps of the classical Runge-Kutta method",
  order: 4,
  async *advance(a, flow, dt, moments) {
    const { value } = yield* rk4.advance(a, flow, dt / 2, moments);
    const { known: _, ...rest } = flow;
    const second = { ...rest, start: () => value, time: (flow.time ?? 0) + dt / 2 };
    return yield* rk4.advance(a, second, dt / 2, moments);
  },
};

/** i Y' = −½ (B Y + Y B) − 0.1 |Y|² Y, B = tridiag(1, 0, 1), from two bumps, to t = 5. */
function nonlinear() {
  const bump = (i: number, j: number, p: number, q: number) =>
    Math.exp(-((i - p) ** 2 + (j - q) ** 2) / 100);
  const start = complexMatrix(
    matrixOf(SIZE, SIZE, (i, j) => bump(i + 1, j + 1, 60, 50) + bump(i + 1, j + 1, 50, 40)),
  );
  const f = ({ re, im, ...shape }: ComplexMatrix): ComplexMatrix => {
    const density = re.map((x, k) => 0.1 * (x * x + im[k]! * im[k]!));
    const part = (y: Float64Array): Matrix =>
      square(neighbours(y, y.map((x, k) => density[k]! * x), 0.5));
    return complexScale(0, 1, { ...shape, re: part(re).data, im: part(im).data });
  };
  return { f, start, end: referenceSolution(complex, f, start, 5, 200) };
}

Deno.test("the nonlinear Schrödinger equation gives the known errors from a start of rank 2", async () => {
  const problem = nonlinear();
  assertAlmostEquals(await complex.norm(problem.start), 20.73, 5e-3);
  const of = async (item: Integrator, rank: number) =>
    (await complexError(problem, item, rank, { t1: 5, steps: 40, stepper: rk4Twice })).error;
  assertNear(await of(bug, 6), 8.8e-4, "bug");
  assertNear(await of(parallelBug, 6), 2.1e-3, "parallel-bug");
  assertNear(await of(augmentedBug, 10), 3.1e-5, "augmented-bug");
});
