/** What is measured of an integrator of Tucker tensors, in float64. */

import type { Matrix } from "../../core/algebra/mod.ts";
import {
  denseTensorField,
  orthogonalityDefect,
  sumTuckerField,
  tuckerField,
  type TuckerFieldAt,
} from "../../core/geometry/mod.ts";
import { euler, integrate, relativeFrobenius, rk4, stepOde } from "../../core/integrators/mod.ts";
import type {
  ModeTruncation,
  TuckerIntegrator,
  TuckerStepResult,
} from "../../core/integrators/tucker/mod.ts";
import { Random } from "../../core/random.ts";
import { combineTensors, denseTensor, modeProducts, scaleTucker } from "../../core/tensors/mod.ts";
import {
  expm,
  gaussian,
  host,
  inner,
  norm,
  orthonormal,
  skew,
  times,
} from "../support/matrices.ts";
import {
  full,
  gaussianTensor,
  type HostTensor,
  indices,
  randomTucker,
  tensorError,
} from "../support/tensors.ts";
import { type FullRankErrors, keepAll, SEEDS } from "./matrix_measures.ts";
import { type HostTucker, type TuckerIdentity, tuckerTangentProjection } from "./tucker_rows.ts";

/** Extents and ranks of measurements that need no others. */
export const SHAPE: readonly number[] = [9, 8, 7];
/** Ranks that go with {@linkcode SHAPE}. */
export const RANKS: readonly number[] = [3, 2, 3];

/** X + factor Y. */
export function add(x: HostTensor, factor: number, y: HostTensor): HostTensor {
  return combineTensors(host, 1, x, factor, y);
}

/** One Euler step of a constant field. */
export function tuckerEulerStep(
  item: TuckerIntegrator,
  y: HostTucker,
  f: HostTensor,
  dt: number,
  truncation: ModeTruncation = keepAll,
): Promise<TuckerStepResult<Matrix>> {
  const rhs = () => denseTensorField(host, f);
  return stepOde(host, item, rhs, y, 0, dt, { stepper: euler, truncation });
}

/** How often a step of one-stage sub-flows asks for F. */
export async function tuckerEvaluations(item: TuckerIntegrator): Promise<number> {
  const random = new Random(3);
  const y = await randomTucker(random, SHAPE, RANKS);
  const f = denseTensorField(host, gaussianTensor(random, SHAPE));
  let asked = 0;
  const o = { stepper: euler, truncation: keepAll };
  await stepOde(host, item, () => (asked++, f), y, 0, 0.1, o);
  return asked;
}

/** Largest deviation of the new bases from orthonormal. */
export async function tuckerOrthonormality(item: TuckerIntegrator): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomTucker(random, SHAPE, RANKS);
    const { y: next } = await tuckerEulerStep(item, y, gaussianTensor(random, SHAPE), 0.3);
    for (const u of next.factors) worst = Math.max(worst, await orthogonalityDefect(host, u));
  }
  return worst;
}

/** Relative change of a step when other bases represent the same tensor. */
export async function tuckerBasisDependence(item: TuckerIntegrator): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomTucker(random, SHAPE, RANKS);
    const turns: Matrix[] = [];
    for (const r of RANKS) turns.push(await orthonormal(random, r, r));
    const turned = {
      core: modeProducts(host, y.core, turns, { transpose: true }),
      factors: y.factors.map((u, k) => times(u, turns[k]!)),
    };
    const f = gaussianTensor(random, SHAPE);
    const next = full((await tuckerEulerStep(item, y, f, 0.2)).y);
    const other = full((await tuckerEulerStep(item, turned, f, 0.2)).y);
    worst = Math.max(worst, tensorError(other, next));
  }
  return worst;
}

/** Relative errors after one step of increments between tensors of the working ranks. */
export async function tuckerExactness(item: TuckerIntegrator): Promise<readonly number[]> {
  const random = new Random(11);
  const errors: number[] = [];
  for (const [shape, ranks] of [[[12, 11, 10], [3, 2, 3]], [[6, 5, 6, 5], [2, 2, 2, 2]]]) {
    const y = await randomTucker(random, shape!, ranks!);
    const target = full(await randomTucker(random, shape!, ranks!));
    const caps = ranks!.map((maxRank) => ({ rule: relativeFrobenius, tolerance: 0, maxRank }));
    const { y: next } = await tuckerEulerStep(item, y, add(target, -1, full(y)), 1, caps);
    errors.push(tensorError(full(next), target));
  }
  return errors;
}

/** Relative error of the closed form of one Euler step. */
export async function tuckerIdentityError(
  item: TuckerIntegrator,
  identity: TuckerIdentity,
): Promise<number> {
  let worst = 0;
  for (const seed of SEEDS) {
    const random = new Random(seed);
    // Full ranks in some modes, as windows of convolutions have them.
    for (const [shape, ranks] of [[SHAPE, RANKS], [[5, 4, 6, 3], [2, 3, 2, 3]]]) {
      const y = await randomTucker(random, shape!, ranks!);
      const f = gaussianTensor(random, shape!);
      const { y: next } = await tuckerEulerStep(item, y, f, 0.25);
      const expected = add(full(y), 0.25, await identity.dense(y, f, next));
      worst = Math.max(worst, tensorError(full(next), expected));
    }
  }
  return worst;
}

/**
 * Gradient flow at the largest step that theory allows: the largest excess of the loss over
 * L(Y₀) − ½ ‖P(Y₀) G‖², relative to L(Y₀).
 */
export async function tuckerDescentExcess(item: TuckerIntegrator): Promise<number> {
  let worst = -Infinity;
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    // Half of the cases are small, where a wrong step shows most.
    const [shape, ranks] = seed % 2 ? [[6, 5, 4], [2, 3, 2]] : [[2, 2, 2], [1, 1, 1]];
    const y = await randomTucker(random, shape!, ranks!);
    const goal = gaussianTensor(random, shape!).data;
    const weight = goal.data.map(() => seed % 2 ? random.uniform() : 1);
    // L(W) = ½ ‖D∘(W − T)‖² with D² ≤ 1 has smoothness 1.
    const gradient = (w: HostTensor): HostTensor =>
      denseTensor(host, w.data.data.map((x, i) => weight[i]! * (x - goal.data[i]!)), w.shape);
    const loss = (w: HostTensor) => inner(host.lincomb(1, w.data, -1, goal), gradient(w).data) / 2;
    const rhs = (_t: number, p: HostTucker) =>
      denseTensorField(host, combineTensors(host, -1, gradient(full(p)), 0, full(p)));
    const o = { stepper: euler, truncation: keepAll };
    const { y: next } = await stepOde(host, item, rhs, y, 0, 1, o);
    const before = loss(full(y));
    const along = await tuckerTangentProjection(y, gradient(full(y)));
    worst = Math.max(worst, (loss(full(next)) - before + 0.5 * norm(along.data) ** 2) / before);
  }
  return worst;
}

/**
 * Relative distances from the plain Euler step at full ranks, F depending on Y. A rank at the product
 * of the others is full, too: such tensors are the rectangular ones.
 */
export async function tuckerFullRankErrors(item: TuckerIntegrator): Promise<FullRankErrors> {
  const error = async (shape: readonly number[], ranks: readonly number[]): Promise<number> => {
    const random = new Random(13);
    const y = await randomTucker(random, shape, ranks);
    const b = gaussianTensor(random, shape);
    const factors = shape.map((n) => gaussian(random, n, n));
    const field = (w: HostTensor): HostTensor => add(b, 1, modeProducts(host, w, factors));
    const rhs = (_t: number, p: HostTucker) => denseTensorField(host, field(full(p)));
    const o = { stepper: euler, truncation: keepAll };
    const { y: next } = await stepOde(host, item, rhs, y, 0, 0.1, o);
    return tensorError(full(next), add(full(y), 0.1, field(full(y))));
  };
  return {
    square: Math.max(await error([4, 5, 3], [4, 5, 3]), await error([3, 2, 3, 2], [3, 2, 3, 2])),
    rectangular: await error([8, 2, 3], [6, 2, 3]),
  };
}

/**
 * | ‖Y₁‖² + ‖discarded‖² − ‖Y₀‖² | / ‖Y₀‖² where F turns all modes at once, orthogonal to Y but not
 * tangent; RK4 sub-flows.
 */
export async function tuckerNormDrift(item: TuckerIntegrator): Promise<number> {
  const random = new Random(28);
  // ⟨Y, Y ×₁ A ×₂ B⟩ = 0 where A is skew-symmetric and B symmetric.
  const a = skew(random, SHAPE[0]!);
  const b = skew(random, SHAPE[1]!);
  const square = times(b, b);
  const y = await randomTucker(random, SHAPE, RANKS);
  const rhs = (_t: number, p: HostTucker) =>
    denseTensorField(host, modeProducts(host, full(p), [a, square, undefined]));
  const truncation = RANKS.map((maxRank) => ({ rule: relativeFrobenius, tolerance: 0, maxRank }));
  const o = { stepper: rk4, truncation };
  const next = await stepOde(host, item, rhs, y, 0, 0.1, o);
  const before = norm(y.core.data) ** 2;
  return Math.abs(norm(next.y.core.data) ** 2 + next.discarded ** 2 - before) / before;
}

/** Order where F is tangent, for smallest singular values of 0.25 and of 1e-12. */
export async function tuckerTangentOrders(item: TuckerIntegrator): Promise<readonly number[]> {
  const orders: number[] = [];
  for (const small of [0.25, 1e-12]) {
    const errors = await rotationErrors(item, [1, 0.5, small], [20, 80]);
    orders.push(Math.log2(errors[0]! / errors[1]!) / 2);
  }
  return orders;
}

/** Largest error for smallest singular values from 1e-1 to 1e-12, over that for 1e-1. */
export async function tuckerSmallSingularValues(item: TuckerIntegrator): Promise<number> {
  const errors: number[] = [];
  for (const small of [1e-1, 1e-3, 1e-6, 1e-9, 1e-12]) {
    errors.push((await rotationErrors(item, [1, 0.5, small], [20]))[0]!);
  }
  return Math.max(...errors) / errors[0]!;
}

/** Y ↦ Σ Y ×ₖ Wₖ + c Y, the flow that turns every mode. */
export function rotationField(
  ws: readonly Matrix[],
  c: number,
  y: HostTucker,
): TuckerFieldAt<Matrix> {
  const terms = ws.map((w, mode) =>
    tuckerField(host, { ...y, factors: y.factors.map((u, k) => k === mode ? times(w, u) : u) })
  );
  return sumTuckerField(host, [...terms, tuckerField(host, scaleTucker(host, c, y))]);
}

/** Errors at t = 1 of Y' = Σ Y ×ₖ Wₖ + Y from a superdiagonal core, n = 10. */
async function rotationErrors(
  item: TuckerIntegrator,
  entries: readonly number[],
  steps: readonly number[],
): Promise<number[]> {
  const random = new Random(2);
  const ws = [0, 1, 2].map(() => skew(random, 10));
  const ranks = ws.map(() => entries.length);
  const diagonal = indices(ranks).map(([i, j, k]) => i === j && j === k ? entries[i!]! : 0);
  const identity = host.columns(host.identity(10), 0, entries.length);
  const start = { core: denseTensor(host, diagonal, ranks), factors: ws.map(() => identity) };
  const turned = modeProducts(host, full(start), ws.map(expm));
  const exact = combineTensors(host, Math.E, turned, 0, turned);
  const errors: number[] = [];
  for (const count of steps) {
    const rhs = (_t: number, y: HostTucker) => rotationField(ws, 1, y);
    const o = { t1: 1, steps: count, stepper: rk4 };
    errors.push(norm(add(full(await integrate(host, item, rhs, start, o)), -1, exact).data));
  }
  return errors;
}

/**
 * Ranks along Y' = T − Y from ranks 2, at the end of a T of ranks (4, 3, 4) and then of (1, 2, 2).
 */
export async function tuckerRankPath(
  item: TuckerIntegrator,
): Promise<readonly (readonly number[])[]> {
  const random = new Random(4);
  let y = await randomTucker(random, SHAPE, [2, 2, 2]);
  const path = [y.core.shape];
  for (const ranks of [[4, 3, 4], [1, 2, 2]]) {
    const goal = full(await randomTucker(random, SHAPE, ranks));
    const rhs = (_t: number, p: HostTucker) => denseTensorField(host, add(goal, -1, full(p)));
    const truncation = { rule: relativeFrobenius, tolerance: 1e-3 };
    const o = { t1: 12, steps: 24, stepper: rk4, truncation };
    y = await integrate(host, item, rhs, y, o);
    path.push(y.core.shape);
  }
  return path;
}
