/** Every integrator through the properties that theory claims for it, in float64. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  augmentedBackwardCorrectedPsi,
  augmentedBug,
  backwardCorrectedPsi,
  bug,
  denseField,
  euler,
  geolora,
  heun,
  integrate,
  type Integrator,
  integrators,
  type LowRank,
  lowRankOf,
  midpointBug,
  midpointBug3r,
  noTruncation,
  orthogonalityDefect,
  parallelBug,
  projectedRungeKutta,
  projectionMethod,
  projectorSplitting,
  relativeFrobenius,
  type RightHandSide,
  rk4,
  secondOrderParallelBug,
  stepOde,
  type Stepper,
  strangSplitting,
} from "../../../core/integrators/mod.ts";
import { hostAlgebra, type Matrix, matrix, matrixOf } from "../../../core/algebra/mod.ts";
import { Random } from "../../../core/random.ts";
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
  projector,
  randomLowRank,
  relativeError,
  skew,
  sylvesterField,
  tangentProjection,
  times,
} from "../../support/matrices.ts";

interface Row {
  readonly item: Integrator;
  /** Reproduces A(t₁) exactly when A has the working rank and F = ΔA / dt. */
  readonly exact: boolean;
  /** Order measured on the Sylvester flow with RK4 sub-flows. */
  readonly order: number;
  /** Dense form of one Euler step before truncation: W₀ + dt × this(F). */
  readonly identity?: (
    y: LowRank<Matrix>,
    f: Matrix,
    after: LowRank<Matrix>,
  ) => Matrix | Promise<Matrix>;
  /** One Euler step at full rank equals the plain Euler step, also where F depends on Y. */
  readonly fullRankIsPlain: boolean;
  /** Keeps symmetric matrices symmetric. */
  readonly symmetric: boolean;
  /** Follows A(t) given by A'(t) up to the quadrature of the stepper. */
  readonly follows: boolean;
}

/** Û Ûᵀ F V̂ V̂ᵀ with the bases of the step's own result. */
const galerkinOfResult: NonNullable<Row["identity"]> = (_y, f, after) =>
  times(projector(after.u), f, projector(after.v));

/** Orthonormal basis of [X | Y]. */
async function spanOf(x: Matrix, y: Matrix): Promise<Matrix> {
  return (await host.qr(host.hstack([x, y]))).q;
}

// F = A Y + Y Bᵀ + c Y is tangent to the manifold, so the Galerkin step is of order 2 there.
const INTEGRATORS: readonly Row[] = [
  { item: bug, exact: true, order: 1, fullRankIsPlain: true, symmetric: true, follows: true },
  {
    item: augmentedBug,
    exact: true,
    order: 2,
    identity: galerkinOfResult,
    fullRankIsPlain: true,
    symmetric: true,
    follows: true,
  },
  {
    item: parallelBug,
    exact: false,
    order: 1,
    identity: (y, f) => tangentProjection(y, f),
    fullRankIsPlain: true,
    symmetric: true,
    follows: false,
  },
  {
    item: geolora,
    exact: false,
    order: 1,
    identity: (y, f) => tangentProjection(y, f),
    fullRankIsPlain: true,
    symmetric: true,
    follows: false,
  },
  {
    item: midpointBug,
    exact: true,
    order: 4, // of the stepper
    identity: galerkinOfResult,
    fullRankIsPlain: true,
    symmetric: true,
    follows: true,
  },
  {
    item: midpointBug3r,
    exact: true,
    order: 2,
    identity: galerkinOfResult,
    fullRankIsPlain: true,
    symmetric: true,
    follows: false,
  },
  {
    item: secondOrderParallelBug,
    exact: true,
    order: 2,
    identity: async (y, f) => {
      const u = await spanOf(y.u, times(f, y.v));
      const v = await spanOf(y.v, host.multiply(f, y.u, { transposeLeft: true }));
      return tangentProjection({ u, s: y.s, v }, f);
    },
    fullRankIsPlain: true,
    symmetric: true,
    follows: true,
  },
  {
    // The splitting is exact where F is tangent: what is left is the order of the stepper.
    item: projectorSplitting,
    exact: true,
    order: 4,
    fullRankIsPlain: false,
    symmetric: false,
    follows: true,
  },
  {
    item: strangSplitting,
    exact: false,
    order: 4,
    fullRankIsPlain: false,
    symmetric: false,
    follows: true,
  },
  {
    item: backwardCorrectedPsi,
    exact: true,
    order: 1,
    fullRankIsPlain: true,
    symmetric: false,
    follows: true,
  },
  {
    item: augmentedBackwardCorrectedPsi,
    exact: true,
    order: 2,
    identity: (_y, f, after) => times(projector(after.u), f),
    fullRankIsPlain: true,
    symmetric: false,
    follows: true,
  },
  {
    item: projectedRungeKutta,
    exact: false,
    order: 2,
    fullRankIsPlain: false, // it is Heun's step
    symmetric: true,
    follows: false,
  },
];

const SEEDS = [1, 2, 3, 4, 5];
const keepAll = { rule: noTruncation, tolerance: 0 };

async function eulerStep(
  item: Integrator,
  y: LowRank<Matrix>,
  f: Matrix,
  dt: number,
  truncation: Parameters<typeof stepOde>[6]["truncation"] = keepAll,
): Promise<LowRank<Matrix>> {
  const rhs = () => denseField(host, f);
  return (await stepOde(host, item, rhs, y, 0, dt, { stepper: euler, truncation })).y;
}

Deno.test("every registered integrator has a row in the contract table", () => {
  assertEquals(INTEGRATORS.map((r) => r.item.name).sort(), integrators.names().sort());
});

for (const row of INTEGRATORS) {
  const { item } = row;

  Deno.test(`${item.name} keeps the bases orthonormal to 1e-13`, async () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const y = await randomLowRank(random, 30, 20, [3, 1, 1e-3, 1e-9]);
      const next = await eulerStep(item, y, gaussian(random, 30, 20), 0.3);
      assertLess(await orthogonalityDefect(host, next.u), 1e-13);
      assertLess(await orthogonalityDefect(host, next.v), 1e-13);
    }
  });

  Deno.test(`${item.name} leaves its input untouched`, async () => {
    const random = new Random(7);
    const y = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
    const before = structuredClone(y);
    await eulerStep(item, y, gaussian(random, 12, 9), 0.1);
    assertEquals(y, before);
  });

  Deno.test(`${item.name} asks for F as often as it says`, async () => {
    const random = new Random(3);
    const y = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
    let asked = 0;
    const f = denseField(host, gaussian(random, 12, 9));
    const rhs = () => (asked++, f);
    await stepOde(host, item, rhs, y, 0, 0.1, { stepper: euler, truncation: keepAll });
    assertEquals(asked, item.evaluations);
  });

  Deno.test(`${item.name} with F = 0 leaves the matrix as it is`, async () => {
    const y = await randomLowRank(new Random(5), 14, 10, [2, 1, 1e-7]);
    const still = { rule: relativeFrobenius, tolerance: 0 };
    const next = await eulerStep(item, y, host.zeros(14, 10), 0.1, still);
    assertLess(relativeError(dense(next), dense(y)), 1e-14);
  });

  Deno.test(`${item.name} does not see which bases represent the matrix`, async () => {
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
      assertLess(relativeError(other, next), 1e-12);
    }
  });

  const exactness = row.exact ? "is exact on a rank-r flow" : "is not exact on rank-r flows";
  Deno.test(`${item.name} ${exactness}`, async () => {
    const random = new Random(11);
    const y = await randomLowRank(random, 40, 40, [5, 4, 3, 2, 1]);
    const target = dense(await randomLowRank(random, 40, 40, [5, 4, 3, 2, 1]));
    const cap = { rule: relativeFrobenius, tolerance: 0, maxRank: 5 };
    const next = await eulerStep(item, y, minus(target, dense(y)), 1, cap);
    const error = relativeError(dense(next), target);
    assert(row.exact ? error < 1e-10 : error > 0.1, `error ${error}`);
  });

  if (row.identity) {
    Deno.test(`${item.name} obeys its one-step identity to round-off`, async () => {
      for (const seed of SEEDS) {
        const random = new Random(seed);
        const y = await randomLowRank(random, 20, 16, [2, 1, 1e-4, 1e-8]);
        const f = gaussian(random, 20, 16);
        const next = await eulerStep(item, y, f, 0.25);
        const expected = plus(dense(y), host.scale(0.25, await row.identity!(y, f, next)));
        assertLess(relativeError(dense(next), expected), 1e-13);
      }
    });

    Deno.test(`${item.name} descends on smooth functions by the bound of its paper`, async () => {
      // L(W) = ½ ‖D∘(W − T)‖² with D² ≤ 1 has smoothness 1: dt = 1 is the largest step allowed.
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
        const random = new Random(seed);
        const y = await randomLowRank(random, 10, 8, [1, 0.3, 1e-5]);
        const weight = matrix(Array.from({ length: 80 }, () => random.uniform()), 10, 8);
        const goal = gaussian(random, 10, 8);
        const gradient = (w: Matrix) => ({
          ...w,
          data: w.data.map((x, i) => weight.data[i]! * (x - goal.data[i]!)),
        });
        const loss = (w: Matrix) => inner(minus(w, goal), gradient(w)) / 2;
        const g = gradient(dense(y));
        const rhs = (_t: number, p: LowRank<Matrix>) =>
          denseField(host, host.scale(-1, gradient(dense(p))));
        const o = { stepper: euler, truncation: keepAll };
        const next = (await stepOde(host, item, rhs, y, 0, 1, o)).y;
        const bound = loss(dense(y)) - 0.5 * norm(tangentProjection(y, g)) ** 2;
        assert(loss(dense(next)) <= bound + 1e-12 * loss(dense(y)));
      }
    });
  }

  const full = row.fullRankIsPlain ? "is the plain Euler step" : "is not the plain Euler step";
  Deno.test(`${item.name} at full rank ${full}`, async () => {
    const random = new Random(13);
    const y = await randomLowRank(random, 6, 6, [3, 2, 1, 0.5, 0.2, 1e-6]);
    const m = gaussian(random, 6, 6);
    const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, times(m, dense(p)));
    const o = { stepper: euler, truncation: keepAll };
    const next = dense((await stepOde(host, item, rhs, y, 0, 0.1, o)).y);
    const error = relativeError(next, plus(dense(y), host.scale(0.1, times(m, dense(y)))));
    assert(row.fullRankIsPlain ? error < 1e-13 : error > 1e-3, `error ${error}`);
  });

  const symmetry = row.symmetric ? "keeps" : "does not keep";
  Deno.test(`${item.name} ${symmetry} symmetric matrices symmetric`, async () => {
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
    const defect = norm(minus(next, host.transpose(next))) / norm(next);
    assert(row.symmetric ? defect < 1e-13 : defect > 1e-3, `defect ${defect}`);
  });

  const follows = row.follows ? "follows" : "does not follow";
  Deno.test(`${item.name} ${follows} A(t) up to the quadrature of the stepper`, async () => {
    const random = new Random(2);
    const [w1, w2] = [skew(random, 20), skew(random, 20)];
    const start = await lowRankStart(20, [1, 0.1, 1e-2, 1e-4]);
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
    const error = relativeError(dense(y), at(1));
    assert(row.follows ? error < 1e-5 : error > 5e-5, `error ${error}`);
  });

  Deno.test(`${item.name} converges with order ${row.order} where F is tangent`, async () => {
    const errors = await sylvesterErrors(item, rk4, [1, 0.5, 0.2, 0.1, 0.05, 0.02], [10, 20]);
    const slope = Math.log2(errors[0]! / errors[1]!);
    assertAlmostEquals(slope, row.order, 0.25, `errors ${errors}`);
  });

  Deno.test(`${item.name} keeps its order ${item.order} where F has a small normal part`, async () => {
    const { start, rhs, reference } = await reactionDiffusion();
    const errors: number[] = [];
    for (const steps of [20, 40]) {
      const y = await integrate(host, item, rhs, start, { t1: 0.5, steps, stepper: rk4 });
      errors.push(relativeError(dense(y), reference));
    }
    const slope = Math.log2(errors[0]! / errors[1]!);
    assertLess(item.order - 0.2, slope, `errors ${errors}`);
    assertLess(errors[1]!, 1e-2);
  });

  Deno.test(`${item.name} makes the same error for σᵣ from 1e-1 to 1e-12`, async () => {
    const errors: number[] = [];
    for (const smallest of [1e-1, 1e-4, 1e-8, 1e-12]) {
      const sigma = [1, 0.8, 0.6, 0.4, smallest];
      errors.push(...await sylvesterErrors(item, rk4, sigma, [20]));
    }
    assertLess(Math.max(...errors), 2 * errors[0]!, `errors ${errors}`);
  });
}

/** Singular values on the leading unit vectors. */
function lowRankStart(n: number, sigma: readonly number[]): LowRank<Matrix> {
  const basis = host.columns(host.identity(n), 0, sigma.length);
  return { u: basis, s: host.diagonal(sigma), v: basis };
}

/** Frobenius errors at t = 1 of Y' = W₁Y + Y + YW₂ᵀ, N = 40, from a start of the working rank. */
async function sylvesterErrors(
  item: Integrator,
  stepper: Stepper,
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
    const y = await integrate(host, item, rhs, start, { t1: 1, steps: count, stepper });
    errors.push(norm(minus(dense(y), exact)));
  }
  return errors;
}

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
    const reaction = matrixOf(n, n, (i, j) => {
      const v = y.data[i * n + j]!;
      return v - v ** 3;
    });
    return plus(plus(times(laplace, y), times(y, laplace)), reaction);
  };
  let reference = initial;
  const dt = 1 / 800;
  for (let i = 0; i < 400; i++) {
    const k1 = field(reference);
    const k2 = field(host.lincomb(1, reference, dt / 2, k1));
    const k3 = field(host.lincomb(1, reference, dt / 2, k2));
    const k4 = field(host.lincomb(1, reference, dt, k3));
    const sum = plus(plus(k1, k4), host.scale(2, plus(k2, k3)));
    reference = host.lincomb(1, reference, dt / 6, sum);
  }
  return {
    start: await lowRankOf(host, initial, 10),
    rhs: (_t, y) => denseField(host, field(dense(y))),
    reference,
  };
}

Deno.test("bc-psi is the Euler step from the old matrix in the new left basis", async () => {
  const random = new Random(23);
  const y = await randomLowRank(random, 14, 11, [2, 1, 1e-6]);
  const m = gaussian(random, 14, 14);
  const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, times(m, dense(p)));
  const o = { stepper: euler, truncation: keepAll };
  const { y: next } = await stepOde(host, backwardCorrectedPsi, rhs, y, 0, 0.1, o);
  const k = plus(times(y.u, y.s), host.scale(0.1, times(m, dense(y), y.v)));
  const p = projector((await host.qr(k)).q);
  const old = times(p, dense(y));
  const expected = plus(old, host.scale(0.1, times(p, m, old)));
  assertLess(relativeError(dense(next), expected), 1e-13);
});

Deno.test("projectionMethod() of Euler's tableau is the step along the projected field", async () => {
  const item = projectionMethod("projected-euler", "", 1, { a: [[]], b: [1], c: [0] });
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 14, 11, [2, 1, 1e-6]);
    const f = gaussian(random, 14, 11);
    const next = await eulerStep(item, y, f, 0.3);
    const expected = plus(dense(y), host.scale(0.3, tangentProjection(y, f)));
    assertLess(relativeError(dense(next), expected), 1e-13);
  }
});

Deno.test("projected-runge-kutta is Heun's method on projected stages", async () => {
  const random = new Random(29);
  const y = await randomLowRank(random, 14, 11, [2, 1, 1e-6]);
  const m = gaussian(random, 14, 14);
  const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, times(m, dense(p)));
  const o = { stepper: rk4, truncation: { ...keepAll, maxRank: 3 } };
  const { y: next } = await stepOde(host, projectedRungeKutta, rhs, y, 0, 0.1, o);
  const first = tangentProjection(y, times(m, dense(y)));
  const middle = await lowRankOf(host, plus(dense(y), host.scale(0.1, first)), 3);
  const second = tangentProjection(middle, times(m, dense(middle)));
  const sum = plus(dense(y), host.scale(0.05, plus(first, second)));
  const expected = dense(await lowRankOf(host, sum, 3));
  assertLess(relativeError(dense(next), expected), 1e-12);
});

for (const item of INTEGRATORS.map((r) => r.item).filter((i) => i.adaptive)) {
  Deno.test(`${item.name} gives back rank that the flow does not need`, async () => {
    const random = new Random(31);
    const y = await randomLowRank(random, 20, 20, [1, 0.5, 1e-7, 1e-8]);
    const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, host.scale(-1, dense(p)));
    const truncation = { rule: relativeFrobenius, tolerance: 1e-5 };
    const { y: next } = await stepOde(host, item, rhs, y, 0, 0.1, { stepper: euler, truncation });
    assertEquals(next.u.cols, 2);
  });
}

Deno.test("augmented-bug finds the rank of the flow and gives it back", async () => {
  const random = new Random(4);
  const y = await randomLowRank(random, 30, 30, [1, 0.5]);
  const grown = await randomLowRank(random, 30, 30, [1, 0.9, 0.8, 0.7]);
  const tight = { rule: relativeFrobenius, tolerance: 1e-8 };
  const up = await eulerStep(augmentedBug, y, minus(dense(grown), dense(y)), 1, tight);
  assertEquals(up.u.cols, 4);
  const shrunk = await randomLowRank(random, 30, 30, [1]);
  const down = await eulerStep(augmentedBug, up, minus(dense(shrunk), dense(up)), 1, tight);
  assertEquals(down.u.cols, 1);
});

Deno.test("bug may increase the loss where augmented-bug may not", async () => {
  // The known exception: fixed-rank BUG has no descent guarantee at dt = 1 / smoothness.
  let worst = -Infinity;
  for (let seed = 1; seed <= 400; seed++) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 2, 2, [1]);
    const goal = gaussian(random, 2, 2);
    const rhs = (_t: number, p: LowRank<Matrix>) => denseField(host, minus(goal, dense(p)));
    const after = await stepOde(host, bug, rhs, y, 0, 1, { stepper: euler, truncation: keepAll });
    const loss = (w: Matrix) => 0.5 * norm(minus(w, goal)) ** 2;
    worst = Math.max(worst, loss(dense(after.y)) - loss(dense(y)));
  }
  assert(worst > 0, `largest change ${worst}`);
});

Deno.test("steppers reach their order on a scalar flow", async () => {
  const one = matrix([1], 1, 1);
  for (
    const { stepper, order } of [
      { stepper: euler, order: 1 },
      { stepper: heun, order: 2 },
      { stepper: rk4, order: 4 },
    ]
  ) {
    const error = async (steps: number): Promise<number> => {
      const rhs = (t: number, y: LowRank<Matrix>) => {
        const [value] = dense(y).data;
        return denseField(hostAlgebra(), matrix([value! * Math.cos(t)], 1, 1));
      };
      const y0 = { u: one, s: one, v: one };
      const y = await integrate(host, augmentedBug, rhs, y0, { t1: 1, steps, stepper });
      return Math.abs(dense(y).data[0]! - Math.exp(Math.sin(1)));
    };
    const slope = Math.log2(await error(10) / await error(20));
    assertAlmostEquals(slope, order, 0.25, `${stepper.name}: ${slope}`);
  }
});
