/**
 * Minimising within bounds: projected L-BFGS with a backtracking line search.
 *
 * The gradient projection of Bertsekas (1982) on the variables at their bounds, the two-loop
 * recursion of Nocedal (1980) on the others. Steps are limited in size, because a shape must not
 * leave the range where its gradient means something.
 *
 * @module
 */

/** What is minimised. */
export interface BoundedProblem {
  /** Where the search starts, within the bounds. */
  readonly start: Float64Array;
  /** Largest size of each variable: |xᵢ| ≤ bound. */
  readonly bound: number;
  /** Largest change of a variable in one step. */
  readonly stepLimit: number;
  /** Steps to take. */
  readonly steps: number;
  /** Trials of a line search; when all fail the design stays, and the step limit is halved. */
  readonly trials: number;
  /** The objective. */
  value(x: Float64Array): Promise<number>;
  /** The objective and its gradient. */
  derivative(x: Float64Array): Promise<{ value: number; gradient: Float64Array }>;
}

/** A point of the search. */
export interface SearchPoint {
  /** Steps taken. */
  readonly step: number;
  /** The variables. */
  readonly x: Float64Array;
  /** The objective. */
  readonly value: number;
  /** Its gradient. */
  readonly gradient: Float64Array;
  /** Values asked for in the line search that led here. */
  readonly trials: number;
  /** Whether that search found a lower value; true for the start. */
  readonly moved: boolean;
}

/** Share of the decrease that the gradient promises which a step must have. */
const SUFFICIENT = 1e-3;
/** Pairs of steps and gradient changes that are remembered. */
const MEMORY = 6;

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
}

/** Yields the start and the point after each step. */
export async function* minimise(problem: BoundedProblem): AsyncGenerator<SearchPoint> {
  const pairs: Pair[] = [];
  let limit = problem.stepLimit;
  let x = problem.start;
  let { value, gradient } = await problem.derivative(x);
  yield { step: 0, x, value, gradient, trials: 1, moved: true };
  for (let step = 1; step <= problem.steps; step++) {
    const d = direction(problem, x, gradient, pairs, limit);
    const { next, trials } = await lineSearch(problem, x, value, gradient, d);
    if (next === undefined) {
      pairs.length = 0;
      limit /= 2;
    } else {
      const found = await problem.derivative(next);
      remember(
        pairs,
        next.map((v, i) => v - x[i]!),
        found.gradient.map((v, i) => v - gradient[i]!),
      );
      ({ value, gradient } = found);
      x = next;
    }
    yield { step, x, value, gradient, trials, moved: next !== undefined };
  }
}

/** Keeps a pair where the objective curves upwards along it. */
function remember(pairs: Pair[], s: Float64Array, y: Float64Array): void {
  if (dot(s, y) > 1e-10 * dot(y, y)) pairs.push({ s, y });
  if (pairs.length > MEMORY) pairs.shift();
}

/** Halves the step until the objective falls; `next` is undefined when it never does. */
async function lineSearch(
  problem: BoundedProblem,
  x: Float64Array,
  value: number,
  gradient: Float64Array,
  d: Float64Array,
): Promise<{ next: Float64Array | undefined; trials: number }> {
  for (let trial = 0; trial < problem.trials; trial++) {
    const next = x.map((v, i) => clamp(v + d[i]! / 2 ** trial, problem.bound));
    const promised = dot(gradient, next.map((v, i) => v - x[i]!));
    if (await problem.value(next) <= value + SUFFICIENT * promised) {
      return { next, trials: trial + 1 };
    }
  }
  return { next: undefined, trials: problem.trials };
}

/** Downhill on the variables that are free to go there, no variable by more than the limit. */
function direction(
  { bound }: BoundedProblem,
  x: Float64Array,
  gradient: Float64Array,
  pairs: readonly Pair[],
  limit: number,
): Float64Array {
  const free = x.map((v, i) => Math.abs(v) >= bound && v * gradient[i]! < 0 ? 0 : 1);
  const on = (v: Float64Array): Float64Array => v.map((e, i) => e * free[i]!);
  const g = on(gradient);
  const quasi = twoLoops(g, pairs.map(({ s, y }) => ({ s: on(s), y: on(y) }))).map((e) => -e);
  const d = dot(quasi, g) < 0 ? on(quasi) : g.map((e) => -e);
  const largest = Math.max(...d.map(Math.abs));
  // Without curvature the first step is as long as it may be.
  const scale = pairs.length === 0 || largest > limit ? limit / Math.max(largest, 1e-300) : 1;
  return d.map((e) => e * scale);
}

/** The inverse Hessian of the pairs times a vector. */
function twoLoops(g: Float64Array, all: readonly Pair[]): Float64Array {
  const pairs = all.filter(({ s, y }) => dot(s, y) > 1e-10 * dot(y, y));
  let v = g;
  const alphas = new Array<number>(pairs.length);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y } = pairs[k]!;
    alphas[k] = dot(s, v) / dot(s, y);
    v = v.map((e, i) => e - alphas[k]! * y[i]!);
  }
  const last = pairs.at(-1);
  const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1;
  v = v.map((e) => e * scale);
  pairs.forEach(({ s, y }, k) => {
    const beta = dot(y, v) / dot(s, y);
    v = v.map((e, i) => e + (alphas[k]! - beta) * s[i]!);
  });
  return v;
}

const clamp = (v: number, bound: number): number => Math.max(-bound, Math.min(bound, v));

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, v, i) => sum + v * b[i]!, 0);
}
