/** Every Tucker integrator through the properties that theory claims for it, in float64. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import type { Algebra } from "../../../../core/algebra/mod.ts";
import { NonFiniteError } from "../../../../core/checks.ts";
import {
  denseField,
  denseTensorField,
  orthogonalityDefect,
  tuckerField,
  viewModes,
} from "../../../../core/geometry/mod.ts";
import {
  conservative,
  euler,
  integrate,
  relativeFrobenius,
  rk4,
  stepOde,
  truncationRules,
} from "../../../../core/integrators/mod.ts";
import {
  augmentedTuckerBug,
  parallelTuckerBug,
  truncateTucker,
  tuckerBug,
  type TuckerIntegrator,
  tuckerIntegrators,
} from "../../../../core/integrators/tucker/mod.ts";
import { Random } from "../../../../core/random.ts";
import {
  denseTensor,
  modeProduct,
  scaleTucker,
  type TuckerTensor,
  tuckerToDense,
  unfold,
} from "../../../../core/tensors/mod.ts";
import { keepAll, SEEDS } from "../../../properties/matrix_measures.ts";
import {
  add,
  RANKS,
  rotationField,
  SHAPE,
  tuckerBasisDependence,
  tuckerDescentExcess,
  tuckerEulerStep as step,
  tuckerEvaluations,
  tuckerExactness,
  tuckerFullRankErrors,
  tuckerIdentityError,
  tuckerNormDrift,
  tuckerRankPath,
  tuckerSmallSingularValues,
  tuckerTangentOrders,
} from "../../../properties/tucker_measures.ts";
import {
  type HostTucker,
  latentProjection,
  TUCKER_ROWS,
  tuckerTangentProjection,
} from "../../../properties/tucker_rows.ts";
import { testAlgebras } from "../../../support/algebras.ts";
import {
  dense,
  gaussian,
  host,
  norm,
  randomLowRank,
  relativeError,
  skew,
} from "../../../support/matrices.ts";
import {
  full,
  gaussianTensor,
  indices,
  lift,
  lower,
  randomTucker,
  tensorError,
} from "../../../support/tensors.ts";

Deno.test("every registered Tucker integrator has a row in the contract table", () => {
  assertEquals(TUCKER_ROWS.map((r) => r.item.name).sort(), tuckerIntegrators.names().sort());
});

for (const row of TUCKER_ROWS) {
  const { item } = row;

  await testAlgebras(`${item.name} keeps the bases orthonormal`, async (a, tol) => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const y = own(a, await randomTucker(random, SHAPE, RANKS));
      const f = lift(a, gaussianTensor(random, SHAPE));
      const rhs = () => denseTensorField(a, f);
      const o = { stepper: euler, truncation: { ...keepAll, maxRank: 3 } };
      const next = (await stepOde(a, item, rhs, y, 0, 0.3, o)).y;
      for (const u of next.factors) assertLess(await orthogonalityDefect(a, u), tol.orthonormal);
    }
  });

  await testAlgebras(`${item.name} takes the same step on every algebra`, async (a, tol) => {
    const random = new Random(6);
    const y = await randomTucker(random, SHAPE, RANKS);
    const f = gaussianTensor(random, SHAPE);
    const wanted = full((await step(item, y, f, 0.2)).y);
    const rhs = () => denseTensorField(a, lift(a, f));
    const o = { stepper: euler, truncation: keepAll };
    const next = (await stepOde(a, item, rhs, own(a, y), 0, 0.2, o)).y;
    assertLess(tensorError(await lower(a, tuckerToDense(a, next)), wanted), 10 * tol.relative);
  });

  Deno.test(`${item.name} leaves its input untouched`, async () => {
    const random = new Random(7);
    const y = await randomTucker(random, SHAPE, RANKS);
    const before = structuredClone(y);
    await step(item, y, gaussianTensor(random, SHAPE), 0.1);
    assertEquals(y, before);
  });

  Deno.test(`${item.name} asks for F as often as it says`, async () => {
    assertEquals(await tuckerEvaluations(item), item.evaluations);
  });

  Deno.test(`${item.name} with F = 0 leaves the tensor as it is`, async () => {
    const y = await randomTucker(new Random(5), SHAPE, RANKS);
    const zero = denseTensor(host, new Float64Array(9 * 8 * 7), SHAPE);
    const next = await step(item, y, zero, 0.1, { rule: relativeFrobenius, tolerance: 1e-14 });
    assertLess(tensorError(full(next.y), full(y)), 1e-13);
    assertEquals(next.y.core.shape, RANKS);
  });

  Deno.test(`${item.name} does not see which bases represent the tensor`, async () => {
    assertLess(await tuckerBasisDependence(item), 1e-12);
  });

  const exactness = row.exact ? "is exact on a flow of its ranks" : "is not exact on such flows";
  Deno.test(`${item.name} ${exactness}`, async () => {
    for (const error of await tuckerExactness(item)) {
      assert(row.exact ? error < 1e-10 : error > 0.1, `error ${error}`);
    }
  });

  Deno.test(`${item.name} at order 2 is ${row.matrix.name}`, async () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const y = await randomLowRank(random, 12, 9, [2, 1, 1e-3]);
      const f = gaussian(random, 12, 9);
      const tucker = { core: { shape: [3, 3], data: y.s }, factors: [y.u, y.v] };
      for (const truncation of [keepAll, { rule: relativeFrobenius, tolerance: 0.05 }]) {
        const o = { stepper: euler, truncation };
        const wanted = await stepOde(host, row.matrix, () => denseField(host, f), y, 0, 0.2, o);
        const got = await step(item, tucker, { shape: [12, 9], data: f }, 0.2, truncation);
        assertLess(relativeError(full(got.y).data, dense(wanted.y)), 1e-12);
        assertEquals(got.y.core.shape[0], wanted.y.u.cols);
        assertAlmostEquals(got.discarded, wanted.discarded, 1e-12);
      }
    }
  });

  if (row.identity) {
    const { identity } = row;
    Deno.test(`${item.name} is Y₀ + dt ${identity.formula} to round-off`, async () => {
      assertLess(await tuckerIdentityError(item, identity), 1e-13);
    });
  }

  const descent = row.identity ? "descends by the bound of its paper" : "may miss that bound";
  Deno.test(`${item.name} ${descent} on smooth functions`, async () => {
    const excess = await tuckerDescentExcess(item);
    assert(row.identity ? excess < 1e-12 : excess > 0.1, `excess ${excess}`);
  });

  const scope = { all: "is", square: "is, where the factors are square,", none: "is not" };
  Deno.test(`${item.name} at full ranks ${scope[row.fullRankIsPlain]} the plain Euler step`, async () => {
    const { square, rectangular } = await tuckerFullRankErrors(item);
    const plain = { all: [true, true], square: [true, false], none: [false, false] };
    for (const [i, error] of [square, rectangular].entries()) {
      assert(plain[row.fullRankIsPlain][i] ? error < 1e-13 : error > 1e-3, `error ${error}`);
    }
  });

  const norms = row.norm ? "keeps the norm up to truncation" : "changes the norm";
  Deno.test(`${item.name} ${norms} where F is orthogonal to Y`, async () => {
    const drift = await tuckerNormDrift(item);
    assert(row.norm ? drift < 1e-8 : drift > 1e-7, `drift ${drift}`);
  });

  Deno.test(`${item.name} converges with order ${row.order}, σ down to 1e-12`, async () => {
    for (const slope of await tuckerTangentOrders(item)) {
      assertAlmostEquals(slope, row.order, 0.25);
    }
  });

  Deno.test(`${item.name} does not feel small singular values of the core`, async () => {
    assertLess(await tuckerSmallSingularValues(item), 2);
  });

  const ranks = item.adaptive ? "follows ranks that grow and shrink" : "keeps its ranks";
  Deno.test(`${item.name} ${ranks}`, async () => {
    const [, up, down] = await tuckerRankPath(item);
    assertEquals(up, item.adaptive ? [4, 3, 4] : [2, 2, 2]);
    assertEquals(down, item.adaptive ? [1, 2, 2] : [2, 2, 2]);
  });

  Deno.test(`${item.name} starts from a core without full ranks`, async () => {
    const random = new Random(19);
    const y = await randomTucker(random, SHAPE, RANKS);
    const core = denseTensor(host, indices(RANKS).map((i) => i.some((j) => j > 0) ? 0 : 1), RANKS);
    const target = full(await randomTucker(random, SHAPE, [1, 1, 1]));
    const start = { ...y, core };
    const { y: next } = await step(item, start, add(target, -1, full(start)), 1);
    const error = tensorError(full(next), target);
    assert(row.exact ? error < 1e-10 : Number.isFinite(error), `error ${error}`);
  });
}

/** A host Tucker tensor as one of the algebra. */
function own<M>(a: Algebra<M>, y: HostTucker): TuckerTensor<M> {
  const factors = y.factors.map((u) => a.from(u.data, u.rows, u.cols));
  return { core: lift(a, y.core), factors };
}

Deno.test("augmented-tucker-bug finds the ranks of the flow and gives them back", async () => {
  const random = new Random(4);
  const shape = [12, 11, 10];
  const y = await randomTucker(random, shape, [2, 2, 2]);
  const grown = add(full(y), 1, full(await randomTucker(random, shape, [2, 1, 2])));
  const tight = { rule: relativeFrobenius, tolerance: 1e-8 };
  const up = (await step(augmentedTuckerBug, y, add(grown, -1, full(y)), 1, tight)).y;
  assertEquals(up.core.shape, [4, 3, 4]);
  assertLess(tensorError(full(up), grown), 1e-8);
  const shrunk = full(await randomTucker(random, shape, [1, 2, 2]));
  const down = (await step(augmentedTuckerBug, up, add(shrunk, -1, full(up)), 1, tight)).y;
  assertEquals(down.core.shape, [1, 2, 2]);
  assertLess(tensorError(full(down), shrunk), 1e-8);
});

Deno.test("augmented-tucker-bug keeps the norm where F is orthogonal to Y, tucker-bug drifts", async () => {
  const random = new Random(28);
  const ws = SHAPE.map((n) => host.scale(2, skew(random, n)));
  const start = await randomTucker(random, SHAPE, RANKS);
  const drift = async (item: TuckerIntegrator): Promise<number> => {
    const rhs = (_t: number, y: HostTucker) => rotationField(ws, 0, y);
    const y = await integrate(host, item, rhs, start, { t1: 1, steps: 40, stepper: rk4 });
    return Math.abs(norm(y.core.data) / norm(start.core.data) - 1);
  };
  assertLess(await drift(augmentedTuckerBug), 1e-5);
  assert(await drift(tuckerBug) > 1e-3);
});

Deno.test("Tucker integrators see the time within a step", async () => {
  const start = await randomTucker(new Random(29), SHAPE, RANKS);
  for (const item of tuckerIntegrators.list()) {
    const rhs = (t: number, y: HostTucker) => tuckerField(host, scaleTucker(host, Math.cos(t), y));
    const o = { t0: 0.5, t1: 1.5, steps: 4, stepper: rk4 };
    const y = await integrate(host, item, rhs, start, o);
    const factor = Math.exp(Math.sin(1.5) - Math.sin(0.5));
    assertLess(tensorError(full(y), full(scaleTucker(host, factor, start))), 1e-4, item.name);
  }
});

Deno.test("a rule that keeps the ranks keeps those of every mode", async () => {
  const random = new Random(27);
  const y = await randomTucker(random, SHAPE, RANKS);
  for (const item of [augmentedTuckerBug, parallelTuckerBug]) {
    const fixed = truncationRules.get("fixed-rank");
    const next = await step(item, y, gaussianTensor(random, SHAPE), 0.2, {
      rule: fixed,
      tolerance: 0,
    });
    assertEquals(next.y.core.shape, RANKS);
  }
});

Deno.test("the latent space of the augmented step contains the tangent space", async () => {
  const random = new Random(20);
  const y = await randomTucker(random, SHAPE, RANKS);
  const f = gaussianTensor(random, SHAPE);
  const { y: next } = await step(augmentedTuckerBug, y, f, 0.1);
  const tangent = await tuckerTangentProjection(y, f);
  assertLess(tensorError(latentProjection(tangent, next), tangent), 1e-13);
});

Deno.test("viewModes() leaves out modes whose basis spans everything", async () => {
  const y = await randomTucker(new Random(26), [6, 3, 5, 2], [2, 3, 2, 2]);
  assertEquals((await viewModes(host, y)).map((v) => v.mode), [0, 2]);
});

Deno.test("viewModes() sees the unfolding as U S Vᵀ with V orthonormal", async () => {
  const y = await randomTucker(new Random(21), SHAPE, RANKS);
  for (const { mode, s, q } of await viewModes(host, y)) {
    assertLess(await orthogonalityDefect(host, q), 1e-13);
    const { sigma } = await host.svd(unfold(host, full(y), mode));
    const own = (await host.svd(s)).sigma;
    own.forEach((x, i) => assertAlmostEquals(x, sigma[i]!, 1e-12));
  }
});

Deno.test("truncateTucker() reports its error exactly and obeys every mode's settings", async () => {
  for (const seed of SEEDS) {
    const y = await randomTucker(new Random(seed), SHAPE, [5, 4, 5]);
    const modes = [
      { rule: relativeFrobenius, tolerance: 0.3 },
      { rule: relativeFrobenius, tolerance: 0, maxRank: 2 },
      { rule: relativeFrobenius, tolerance: 0.9, minRank: 4 },
    ];
    const t = await truncateTucker(host, y, modes);
    const error = norm(add(full(t.y), -1, full(y)).data);
    assertAlmostEquals(error / t.discarded, 1, 1e-12);
    const ranks = t.y.core.shape;
    assert(ranks[1] === 2 && ranks[2]! >= 4);
    const lossless = await truncateTucker(host, y, { rule: relativeFrobenius, tolerance: 0 });
    assertLess(tensorError(full(lossless.y), full(y)), 1e-13);
    assertEquals(lossless.discarded, 0);
  }
});

Deno.test("truncateTucker() keeps the error below √d times the tolerance of the modes", async () => {
  for (const tolerance of [0.05, 0.2, 0.5]) {
    const y = await randomTucker(new Random(22), SHAPE, [5, 4, 5]);
    const { discarded } = await truncateTucker(host, y, { rule: relativeFrobenius, tolerance });
    assertLess(discarded, Math.sqrt(3) * tolerance * norm(y.core.data));
  }
});

Deno.test("truncateTucker() keeps a shared error of the whole tensor, and steps take one", async () => {
  for (const tolerance of [0.05, 0.2, 0.5]) {
    const y = await randomTucker(new Random(22), SHAPE, [5, 4, 5]);
    const size = norm(y.core.data);
    const shared = await truncateTucker(host, y, { tolerance });
    const error = norm(add(full(shared.y), -1, full(y)).data);
    assertAlmostEquals(error, shared.discarded, 1e-12);
    assert(error <= tolerance * size, `${error / size}`);
    if (tolerance === 0.5) assert(error > 0.2 * size, `${error / size}`);
    const capped = await truncateTucker(host, y, { tolerance, maxRanks: [5, 2, 5] });
    assert(capped.y.core.shape[1]! <= 2);
    const f = gaussianTensor(new Random(1), SHAPE);
    const next = await step(augmentedTuckerBug, y, f, 0.01, { tolerance });
    assertLess(next.discarded, tolerance * norm(next.y.core.data) * 1.1);
  }
});

Deno.test("truncateTucker() refuses what is not finite and settings for other orders", async () => {
  const y = await randomTucker(new Random(23), SHAPE, RANKS);
  const broken = { ...y, core: denseTensor(host, new Float64Array(18).fill(NaN), RANKS) };
  await assertRejects(
    () => truncateTucker(host, broken, keepAll),
    NonFiniteError,
    "Cannot truncate: the core must be finite, got NaN or infinity in it",
  );
  await assertRejects(() => truncateTucker(host, broken, { tolerance: 0.1 }), NonFiniteError);
  await assertRejects(
    () => truncateTucker(host, y, [keepAll, keepAll]),
    RangeError,
    "Cannot truncate: one setting or 3, one for each mode, are needed, got 2",
  );
  await assertRejects(
    () => truncateTucker(host, y, { rule: conservative, tolerance: 0.1 }),
    RangeError,
    'Cannot truncate a Tucker tensor by "conservative": a rule without fixed vectors is needed',
  );
});

Deno.test("integrate() refuses a number of steps that is none", async () => {
  const y = await randomTucker(new Random(24), SHAPE, RANKS);
  const rhs = () => tuckerField(host, y);
  await assertRejects(
    () => integrate(host, tuckerBug, rhs, y, { t1: 1, steps: 0, stepper: euler }),
    RangeError,
    "Cannot integrate: expected steps to be an integer ≥ 1, got 0",
  );
});

Deno.test("tuckerField() and denseTensorField() contract alike", async () => {
  const random = new Random(25);
  const y = await randomTucker(random, SHAPE, RANKS);
  const bases = [gaussian(random, 9, 2), undefined, gaussian(random, 7, 4)];
  const wanted = denseTensorField(host, full(y)).contract(bases);
  assertLess(tensorError(tuckerField(host, y).contract(bases), wanted), 1e-13);
  const plain = modeProduct(host, full(y), host.transpose(bases[0]!), 0);
  assertLess(
    tensorError(modeProduct(host, plain, host.transpose(bases[2]!), 2), wanted),
    1e-13,
  );
});
