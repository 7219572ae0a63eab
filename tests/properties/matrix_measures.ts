/** What is measured of an integrator of matrices, in float64; asserted and tabled elsewhere. */

import { type Matrix, matrix, matrixOf } from "../../core/algebra/mod.ts";
import {
  denseField,
  type LowRank,
  lowRankOf,
  orthogonalityDefect,
} from "../../core/geometry/mod.ts";
import {
  euler,
  integrate,
  type Integrator,
  noTruncation,
  relativeFrobenius,
  type RightHandSide,
  rk4,
  stepOde,
  type StepResult,
  type Truncation,
} from "../../core/integrators/mod.ts";
import { Random } from "../../core/random.ts";
import { referenceSolution } from "../../tasks/ode/problem.ts";
import {
  dense,
  expm,
  gaussian,
  host,
  inner,
  minus,
  norm,
  orthonormal,
  plus,
  randomLowRank,
  relativeError,
  skew,
  sylvesterField,
  tangentProjection,
  times,
} from "../support/matrices.ts";
import type { Identity } from "./matrix_rows.ts";

/** Seeds of measurements that take the worst of several. */
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5];

/** Every new direction stays. */
export const keepAll: Truncation = { rule: noTruncation, tolerance: 0 };

/** One Euler step of a constant field. */
export async function eulerStep(
  item: Integrator,
  y: LowRank<Matrix>,
  f: Matrix,
  dt: number,
  truncation: Truncation = keepAll,
): Promise<StepResult<Matrix>> {
  const rhs = () => denseField(host, f);
  return await stepOde(host, item, rhs, y, 0, dt, { stepper: euler, truncation });
}

/** How often a step of one-stage sub-flows asks for F. */
export async function evaluations(item: Integrator): Promise<number> {
  const random = new Random(3);
  const y = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
  let asked = 0;
  const f = denseField(host, gaussian(random, 12, 9));
  const o = { stepper: euler, truncation: keepAll };
  await stepOde(host, item, () => (asked++, f), y, 0, 0.1, o);
  return asked;
}

/** Largest deviation of the new bases from orthonormal, singular values down to 1e-9. */
export async function orthonormality(item: Integrator): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 30, 20, [3, 1, 1e-3, 1e-9]);
    const { y: next } = await eulerStep(item, y, gaussian(random, 30, 20), 0.3);
    for (const q of [next.u, next.v]) {
      worst = Math.max(worst, await orthogonalityDefect(host, q));
    }
  }
  return worst;
}

/** Relative change of a step when other bases represent the same matrix. */
export async function basisDependence(item: Integrator): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 30, 25, [2, 1, 0.1]);
    const [q, r] = [await orthonormal(random, 3, 3), await orthonormal(random, 3, 3)];
    const s = host.multiply(q, times(y.s, r), { transposeLeft: true });
    const turned = { u: times(y.u, q), s, v: times(y.v, r) };
    // F depends on Y from both sides: else the midpoint adds directions that are round-off.
    const [m, n, b] = [[30, 30], [25, 25], [30, 25]].map(([p, q]) => gaussian(random, p!, q!));
    const rhs = (_t: number, p: LowRank<Matrix>) =>
      denseField(host, plus(times(m!, dense(p), n!), b!));
    const o = { stepper: euler, truncation: keepAll };
    const next = dense((await stepOde(host, item, rhs, y, 0, 0.2, o)).y);
    const other = dense((await stepOde(host, item, rhs, turned, 0, 0.2, o)).y);
    worst = Math.max(worst, relativeError(other, next));
  }
  return worst;
}

/**
 * Relative error after one step of increments between two 40×40 matrices of rank 5.
 *
 * @param rank Working rank, at least 5; what is above belongs to singular values of zero.
 */
export async function exactness(item: Integrator, rank = 5): Promise<number> {
  const random = new Random(11);
  const start = dense(await randomLowRank(random, 40, 40, [5, 4, 3, 2, 1]));
  const target = dense(await randomLowRank(random, 40, 40, [5, 4, 3, 2, 1]));
  const y = await lowRankOf(host, start, rank);
  const cap = { rule: relativeFrobenius, tolerance: 0, maxRank: rank };
  const { y: next } = await eulerStep(item, y, minus(target, dense(y)), 1, cap);
  return relativeError(dense(next), target);
}

/** Relative error of the closed form of one Euler step, singular values down to 1e-8. */
export async function identityError(item: Integrator, identity: Identity): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 20, 16, [2, 1, 1e-4, 1e-8]);
    const f = gaussian(random, 20, 16);
    const { y: next } = await eulerStep(item, y, f, 0.25);
    const expected = plus(dense(y), host.scale(0.25, await identity.dense(y, f, next)));
    worst = Math.max(worst, relativeError(dense(next), expected));
  }
  return worst;
}

/**
 * Gradient flow at the largest step that theory allows, dt = 1 / smoothness: the largest excess of
 * the loss over L(Y₀) − ½ ‖P(Y₀) G‖², relative to L(Y₀); at most round-off where the bound holds.
 */
export async function descentExcess(item: Integrator): Promise<number> {
  let worst = -Infinity;
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    // Half of the cases are small, where a wrong step shows most.
    const [m, n, sigma] = seed % 2 ? [10, 8, [1, 0.3, 1e-5]] as const : [2, 2, [1]] as const;
    const y = await randomLowRank(random, m, n, sigma);
    const weight = Array.from({ length: m * n }, () => seed % 2 ? random.uniform() : 1);
    const goal = gaussian(random, m, n);
    // L(W) = ½ ‖D∘(W − T)‖² with D² ≤ 1 has smoothness 1.
    const gradient = (w: Matrix) => ({
      ...w,
      data: w.data.map((x, i) => weight[i]! * (x - goal.data[i]!)),
    });
    const loss = (w: Matrix) => inner(minus(w, goal), gradient(w)) / 2;
    const rhs = (_t: number, p: LowRank<Matrix>) =>
      denseField(host, host.scale(-1, gradient(dense(p))));
    const o = { stepper: euler, truncation: keepAll };
    const { y: next } = await stepOde(host, item, rhs, y, 0, 1, o);
    const before = loss(dense(y));
    const bound = before - 0.5 * norm(tangentProjection(y, gradient(dense(y)))) ** 2;
    worst = Math.max(worst, (loss(dense(next)) - bound) / before);
  }
  return worst;
}

/** Errors at full rank. */
export interface FullRankErrors {
  /** Where both bases span everything. */
  readonly square: number;
  /** Where one of them does. */
  readonly rectangular: number;
}

/** Relative distances from the plain Euler step of Y' = M Y + Y N at full rank. */
export async function fullRankErrors(item: Integrator): Promise<FullRankErrors> {
  const error = async (rows: number, cols: number): Promise<number> => {
    const random = new Random(13);
    const y = await randomLowRank(random, rows, cols, [3, 2, 1, 0.5, 0.2, 1e-6]);
    const [m, n] = [gaussian(random, rows, rows), gaussian(random, cols, cols)];
    const field = (w: Matrix): Matrix => plus(times(m, w), times(w, n));
    const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, field(dense(p)));
    const o = { stepper: euler, truncation: keepAll };
    const next = dense((await stepOde(host, item, rhs, y, 0, 0.1, o)).y);
    return relativeError(next, plus(dense(y), host.scale(0.1, field(dense(y)))));
  };
  return { square: await error(6, 6), rectangular: Math.max(await error(8, 6), await error(6, 8)) };
}

/** ‖Y₁ − Y₁ᵀ‖ / ‖Y₁‖ after a step of Y' = M Y + Y Mᵀ + b bᵀ from a symmetric matrix. */
export async function asymmetry(item: Integrator): Promise<number> {
  const random = new Random(17);
  const u = await orthonormal(random, 20, 4);
  const y = { u, s: host.diagonal([4, 2, 1, 0.5]), v: u };
  const [m, b] = [gaussian(random, 20, 20), gaussian(random, 20, 1)];
  const bb = host.multiply(b, b, { transposeRight: true });
  const rhs = (_t: number, p: LowRank<Matrix>) => {
    const w = dense(p);
    const across = host.multiply(w, m, { transposeRight: true });
    return denseField(host, plus(plus(times(m, w), across), bb));
  };
  const o = { stepper: euler, truncation: keepAll };
  const next = dense((await stepOde(host, item, rhs, y, 0, 0.1, o)).y);
  return norm(minus(next, host.transpose(next))) / norm(next);
}

/**
 * | ‖Y₁‖² + ‖discarded‖² − ‖Y₀‖² | / ‖Y₀‖² for F orthogonal to Y but not tangent, RK4 sub-flows:
 * what the step itself does to the norm.
 */
export async function normDrift(item: Integrator): Promise<number> {
  const random = new Random(19);
  const symmetric = () => {
    const b = gaussian(random, 12, 12);
    return host.scale(1 / Math.sqrt(48), plus(b, host.transpose(b)));
  };
  // ⟨Y, A Y B⟩ = 0 where A is skew-symmetric and B symmetric.
  const [a, b, c, d] = [skew(random, 12), symmetric(), symmetric(), skew(random, 12)];
  const y = await randomLowRank(random, 12, 12, [2, 1, 0.5]);
  const rhs = (_t: number, p: LowRank<Matrix>) => {
    const w = dense(p);
    return denseField(host, plus(times(a, w, b), times(c, w, d)));
  };
  const truncation = { rule: relativeFrobenius, tolerance: 0, maxRank: 3 };
  const next = await stepOde(host, item, rhs, y, 0, 0.05, { stepper: rk4, truncation });
  const before = norm(y.s) ** 2;
  return Math.abs(norm(next.y.s) ** 2 + next.discarded ** 2 - before) / before;
}

/** Relative error at t = 1 of following A(t) of rank 4 given by A'(t) alone, in ten steps. */
export async function followingError(item: Integrator): Promise<number> {
  const random = new Random(2);
  const [w1, w2] = [skew(random, 20), skew(random, 20)];
  const start = lowRankStart(20, [1, 0.1, 1e-2, 1e-4]);
  const at = (t: number) => {
    const left = times(expm(host.scale(t, w1)), dense(start));
    const right = expm(host.scale(t, w2));
    return host.scale(Math.exp(t), host.multiply(left, right, { transposeRight: true }));
  };
  const rhs = (t: number) => {
    const x = at(t);
    const across = host.multiply(x, w2, { transposeRight: true });
    return denseField(host, plus(plus(times(w1, x), x), across));
  };
  const y = await integrate(host, item, rhs, start, { t1: 1, steps: 10, stepper: rk4 });
  return relativeError(dense(y), at(1));
}

/** Order on Y' = W₁Y + Y + YW₂ᵀ, whose F is tangent to the manifold. */
export async function tangentOrder(item: Integrator): Promise<number> {
  const sigma = [1, 0.5, 0.2, 0.1, 0.05, 0.02];
  const [coarse, fine] = await sylvesterErrors(item, sigma, [10, 20]);
  return Math.log2(coarse! / fine!);
}

/** Largest error for smallest singular values from 1e-1 to 1e-12, over that for 1e-1. */
export async function smallSingularValues(item: Integrator): Promise<number> {
  const errors: number[] = [];
  for (const smallest of [1e-1, 1e-4, 1e-8, 1e-12]) {
    errors.push(...await sylvesterErrors(item, [1, 0.8, 0.6, 0.4, smallest], [20]));
  }
  return Math.max(...errors) / errors[0]!;
}

/** Singular values on the leading unit vectors. */
function lowRankStart(n: number, sigma: readonly number[]): LowRank<Matrix> {
  const basis = host.columns(host.identity(n), 0, sigma.length);
  return { u: basis, s: host.diagonal(sigma), v: basis };
}

/** Frobenius errors at t = 1 of Y' = W₁Y + Y + YW₂ᵀ, N = 40, from a start of the working rank. */
async function sylvesterErrors(
  item: Integrator,
  sigma: readonly number[],
  steps: readonly number[],
): Promise<number[]> {
  const random = new Random(2);
  const n = 40;
  const [w1, w2] = [skew(random, n), skew(random, n)];
  const start = lowRankStart(n, sigma);
  const exact = host.scale(
    Math.E,
    host.multiply(times(expm(w1), dense(start)), expm(w2), { transposeRight: true }),
  );
  const errors: number[] = [];
  for (const count of steps) {
    const rhs = sylvesterField(w1, w2, 1);
    const y = await integrate(host, item, rhs, start, { t1: 1, steps: count, stepper: rk4 });
    errors.push(norm(minus(dense(y), exact)));
  }
  return errors;
}

/** Order where F has a small normal part, and the relative error of the finer run. */
export async function normalOrder(
  item: Integrator,
): Promise<{ readonly slope: number; readonly error: number }> {
  const { start, rhs, reference } = await (reaction ??= reactionDiffusion());
  const errors: number[] = [];
  for (const steps of [20, 80]) {
    const y = await integrate(host, item, rhs, start, { t1: 0.5, steps, stepper: rk4 });
    errors.push(relativeError(dense(y), reference));
  }
  return { slope: Math.log2(errors[0]! / errors[1]!) / 2, error: errors[1]! };
}

let reaction: ReturnType<typeof reactionDiffusion> | undefined;

/** Y' = D Y + Y D + Y − Y³ element by element on 16×16 points, to t = 0.5. */
async function reactionDiffusion(): Promise<
  { start: LowRank<Matrix>; rhs: RightHandSide<Matrix>; reference: Matrix }
> {
  const n = 16;
  const h = 2 / n;
  const laplace = matrixOf(n, n, (i, j) => {
    const gap = Math.min((i - j + n) % n, (j - i + n) % n);
    return 0.05 / h ** 2 * (gap === 0 ? -2 : gap === 1 ? 1 : 0);
  });
  const bump = (i: number) => Math.sin(Math.PI * i * h);
  const initial = matrixOf(n, n, (i, j) => Math.exp(bump(i) + 0.5 * bump(j + 3) * bump(i + 1)));
  const field = (y: Matrix): Matrix => {
    const reaction = matrix(y.data.map((v) => v - v ** 3), n, n);
    return plus(plus(times(laplace, y), times(y, laplace)), reaction);
  };
  return {
    // The largest rank whose singular values are not round-off: with others the start is arbitrary.
    start: await lowRankOf(host, initial, 9),
    rhs: (_t, y) => denseField(host, field(dense(y))),
    reference: referenceSolution(host, field, initial, 0.5, 400),
  };
}

/**
 * Ranks along Y' = T − Y from rank 2, at the end of a T of rank 4 and then of one of rank 1:
 * [2, 4, 1] where ranks adapt.
 */
export async function rankPath(item: Integrator): Promise<readonly number[]> {
  const random = new Random(4);
  let y = await randomLowRank(random, 16, 14, [1, 0.5]);
  const ranks = [2];
  for (const sigma of [[1, 0.9, 0.8, 0.7], [1]]) {
    const goal = dense(await randomLowRank(random, 16, 14, sigma));
    const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, minus(goal, dense(p)));
    const truncation = { rule: relativeFrobenius, tolerance: 1e-3 };
    y = await integrate(host, item, rhs, y, { t1: 12, steps: 24, stepper: rk4, truncation });
    ranks.push(y.u.cols);
  }
  return ranks;
}
