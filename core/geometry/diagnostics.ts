/**
 * Numerical checks of manifolds and of what people plug into them: is the gradient the gradient,
 * is the retraction of the order that it claims, is the transport what it says.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Random } from "../random.ts";
import { difference, gaussianMatrix, innerProduct, roundOff } from "./matrices.ts";
import { type Objective, randomObjective } from "./objective.ts";
import { logLogSlope, slopeSteps } from "./slopes.ts";
import type { Manifold, Retraction, Transport } from "./types.ts";

/** One measured property. */
export interface Finding {
  /** What was measured. */
  readonly property: string;
  /** What it must be: at least that for slopes, at most that for errors, 1 for facts. */
  readonly expected: number;
  /** What it is; Infinity for the slope of errors that are all round-off. */
  readonly measured: number;
  /** Whether `measured` is a slope of errors, an error itself, or 1 for yes and 0 for no. */
  readonly unit: "slope" | "error" | "fact";
  /** Whether it is as it must be. */
  readonly ok: boolean;
}

/** Slopes may fall this much below the order and pass. */
const SLACK = 0.25;

/** Directions along which a gradient is checked. */
const DIRECTIONS = 6;

/**
 * Checks a gradient: f(R(x, t ξ)) − f(x) − t ⟨grad f, ξ⟩ must fall like t². A wrong gradient, metric
 * or function gives slope 1. The error is the root of the sum of squares over six random ξ, because
 * along one of them terms of higher order may happen to cancel.
 *
 * @param retraction Default: the first of the manifold.
 */
export async function checkGradient<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  f: Objective<P, Z>,
  x: P,
  random: Random,
  retraction: Retraction<P, T> = manifold.retractions[0]!,
): Promise<Finding[]> {
  const gradient = await manifold.gradient(x, await f.gradient(x));
  const start = await f.value(x);
  const { ok } = await manifold.checkTangent(x, gradient);
  const errors = slopeSteps(a.epsilon).map(() => 0);
  for (let i = 0; i < DIRECTIONS; i++) {
    const xi = await manifold.randomTangent(x, random);
    const slope = await manifold.inner(x, gradient, xi);
    const rest = await errorsAt(a, async (t) => {
      const y = await retraction.retract(x, manifold.scale(t, xi));
      return await f.value(y) - start - t * slope;
    });
    rest.errors.forEach((e, k) => errors[k] = Math.hypot(errors[k]!, e));
  }
  const floor = 50 * a.epsilon * Math.max(1, Math.abs(start));
  return [
    holds("gradient is tangent", ok),
    atLeast(
      "f(R(t ξ)) − f − t ⟨grad, ξ⟩",
      logLogSlope(slopeSteps(a.epsilon), errors, floor),
      2,
    ),
  ];
}

/**
 * Checks that a retraction starts at its point, stays on the manifold and has the order it claims.
 *
 * Where the exponential is known, R(t ξ) is measured against it. Otherwise, in the metric of the
 * surrounding space: R(t ξ) − x − t ξ must fall like t², and for second order its tangential part
 * like t³, because geodesics accelerate in normal directions only. With another metric and without
 * an exponential only the first order is measured.
 */
export async function checkRetraction<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  retraction: Retraction<P, T>,
  x: P,
  random: Random,
): Promise<Finding[]> {
  const xi = await manifold.randomTangent(x, random);
  const atZero = await manifold.gap(x, await retraction.retract(x, manifold.scale(0, xi)));
  const far = await manifold.check(await retraction.retract(x, xi));
  const name = `retraction ${retraction.name}`;
  return [
    atMost(`${name}: R(0) = x`, atZero, roundOff(a) * await sizeOf(a, manifold, x)),
    holds(`${name}: R(ξ) is a point`, far.ok),
    ...await orderFindings(a, manifold, retraction, x, xi),
  ];
}

async function orderFindings<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  retraction: Retraction<P, T>,
  x: P,
  xi: T,
): Promise<Finding[]> {
  const name = `retraction ${retraction.name}`;
  const wanted = Math.min(retraction.order, 2) + 1;
  const exp = manifold.exp?.bind(manifold);
  const floor = 40 * a.epsilon * await sizeOf(a, manifold, x);
  if (exp && retraction.order !== Infinity) {
    const { ts, errors } = await errorsAt(a, async (t) => {
      const step = manifold.scale(t, xi);
      return await manifold.gap(await retraction.retract(x, step), await exp(x, step));
    });
    return [atLeast(`${name}: R(t ξ) − Exp(t ξ)`, logLogSlope(ts, errors, floor), wanted)];
  }
  const deviation = async (t: number): Promise<M[]> => {
    const y = await retraction.retract(x, manifold.scale(t, xi));
    return await chord(a, manifold, x, y, manifold.scale(t, xi));
  };
  const first = await errorsAt(a, async (t) => await denseNorm(a, await deviation(t)));
  const found = [
    atLeast(`${name}: R(t ξ) − x − t ξ`, logLogSlope(first.ts, first.errors, floor), 2),
  ];
  if (!manifold.induced || wanted < 3) return found;
  const second = await errorsAt(a, async (t) => {
    const z = manifold.fromDense(await deviation(t));
    return await manifold.norm(x, await manifold.project(x, z));
  });
  const slope = logLogSlope(second.ts, second.errors, floor);
  return [...found, atLeast(`${name}: tangential part of it`, slope, 3)];
}

/** Y − X − ξ as plain matrices. */
async function chord<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  x: P,
  y: P,
  xi: T,
): Promise<M[]> {
  const [from, to] = [manifold.toDense(x), manifold.toDense(y)];
  const step = await manifold.tangentToDense(x, xi);
  return to.map((m, i) => difference(a, difference(a, m, from[i]!), step[i]!));
}

/**
 * Checks a transport along a retraction: the result is tangent at the end, standing still changes
 * nothing, and inner products stay where it claims so.
 */
export async function checkTransport<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  transport: Transport<P, T>,
  x: P,
  random: Random,
): Promise<Finding[]> {
  const [xi, eta] = [
    await manifold.randomTangent(x, random),
    await manifold.randomTangent(x, random),
  ];
  const along = manifold.scale(0.3, await manifold.randomTangent(x, random));
  const y = await manifold.retractions[0]!.retract(x, along);
  const [moved, other] = [
    await transport.transport(x, y, xi),
    await transport.transport(x, y, eta),
  ];
  const { ok } = await manifold.checkTangent(y, moved);
  const still = manifold.lincomb(1, await transport.transport(x, x, xi), -1, xi);
  const name = `transport ${transport.name}`;
  const change = Math.max(
    Math.abs(await manifold.norm(y, moved) - 1),
    Math.abs(await manifold.inner(y, moved, other) - await manifold.inner(x, xi, eta)),
  );
  return [
    holds(`${name}: result is tangent`, ok),
    atMost(`${name}: from x to x changes nothing`, await manifold.norm(x, still), roundOff(a)),
    ...(transport.isometric
      ? [atMost(`${name}: keeps inner products`, change, 10 * roundOff(a))]
      : []),
  ];
}

/**
 * Checks that the projection is the orthogonal one onto the whole tangent space: its results are
 * tangent, tangent vectors stay as they are, and it is idempotent and self-adjoint.
 */
export async function checkProjection<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  x: P,
  random: Random,
): Promise<Finding[]> {
  const ambient = (): M[] =>
    manifold.toDense(x).map((m) => {
      const z = gaussianMatrix(a, random, a.rows(m), a.cols(m));
      return a.scale(1 / Math.sqrt(a.rows(m) * a.cols(m)), z);
    });
  const dense = async (z: readonly M[]): Promise<readonly M[]> =>
    manifold.tangentToDense(x, await manifold.project(x, manifold.fromDense(z)));
  const [z, w] = [ambient(), ambient()];
  const [pz, pw] = [await dense(z), await dense(w)];
  const again = await dense(pz);
  const left = await denseInner(a, pz, w);
  const { ok } = await manifold.checkTangent(x, await manifold.project(x, manifold.fromDense(z)));
  const twice = again.map((m, i) => difference(a, m, pz[i]!));
  const xi = await manifold.tangentToDense(x, await manifold.randomTangent(x, random));
  const moved = (await dense(xi)).map((m, i) => difference(a, m, xi[i]!));
  return [
    holds("projection is tangent", ok),
    atMost("tangent vectors stay as they are", await denseNorm(a, moved), roundOff(a)),
    atMost("projecting twice changes nothing", await denseNorm(a, twice), roundOff(a)),
    atMost("projection is self-adjoint", Math.abs(left - await denseInner(a, z, pw)), roundOff(a)),
  ];
}

/**
 * Runs every check on a manifold at a random point: projection, gradient along each retraction,
 * order of each retraction, each transport.
 */
export async function diagnose<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  random: Random,
): Promise<Finding[]> {
  const x = await manifold.randomPoint(random);
  const f = randomObjective(a, manifold, x, random);
  const { ok } = await manifold.check(x);
  const found = [holds("random point is a point", ok)];
  found.push(...await checkProjection(a, manifold, x, random));
  found.push(...await checkGradient(a, manifold, f, x, random));
  for (const r of manifold.retractions) {
    found.push(...await checkRetraction(a, manifold, r, x, random));
  }
  for (const t of manifold.transports) {
    found.push(...await checkTransport(a, manifold, t, x, random));
  }
  return found;
}

async function errorsAt<M>(
  a: Algebra<M>,
  error: (t: number) => Promise<number>,
): Promise<{ ts: number[]; errors: number[] }> {
  const ts = slopeSteps(a.epsilon);
  const errors: number[] = [];
  for (const t of ts) errors.push(await error(t));
  return { ts, errors };
}

async function sizeOf<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  x: P,
): Promise<number> {
  return Math.max(1, await denseNorm(a, manifold.toDense(x)));
}

async function denseNorm<M>(a: Algebra<M>, xs: readonly M[]): Promise<number> {
  let norm = 0;
  for (const x of xs) norm = Math.hypot(norm, await a.norm(x));
  return norm;
}

async function denseInner<M>(
  a: Algebra<M>,
  xs: readonly M[],
  ys: readonly M[],
): Promise<number> {
  let result = 0;
  for (const [i, x] of xs.entries()) result += await innerProduct(a, x, ys[i]!);
  return result;
}

function atLeast(property: string, measured: number, expected: number): Finding {
  return { property, expected, measured, unit: "slope", ok: measured >= expected - SLACK };
}

function atMost(property: string, measured: number, expected: number): Finding {
  return { property, expected, measured, unit: "error", ok: measured <= expected };
}

function holds(property: string, ok: boolean): Finding {
  return { property, expected: 1, measured: ok ? 1 : 0, unit: "fact", ok };
}
