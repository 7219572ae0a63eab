/** The manifold of Tucker tensors against its dense definitions, in float64. */

import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { type Matrix, transposed } from "../../../core/algebra/mod.ts";
import { fixedTucker, hosvdRetraction, tangentTucker } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import {
  type DenseTensor,
  fold,
  modeProduct,
  modeProducts,
  sequentialHosvd,
  type TuckerTensor,
  tuckerToDense,
  unfold,
} from "../../../core/tensors/mod.ts";
import {
  gaussian,
  host,
  inner,
  minus,
  norm,
  orthonormal,
  plus,
  projector,
  relativeError,
  tangentProjection,
  times,
} from "../../support/matrices.ts";

const SEEDS = [1, 2, 3, 4, 5];
const SHAPE = [6, 5, 4];
const RANKS = [2, 3, 2];

const manifold = fixedTucker(host, { shape: SHAPE, ranks: RANKS });

function randomTensor(random: Random, shape: readonly number[]): DenseTensor<Matrix> {
  const cols = shape.slice(1).reduce((p, n) => p * n, 1);
  return { shape, data: gaussian(random, shape[0]!, cols) };
}

async function pseudoInverse(x: Matrix): Promise<Matrix> {
  const { p, sigma, q } = await host.svd(x);
  return times(q, host.diagonal(sigma.map((s) => 1 / s)), transposed(p));
}

/** P(X) Z by the formula of Koch and Lubich, with the pseudo-inverse of the core's unfoldings. */
async function denseProjection(
  x: TuckerTensor<Matrix>,
  z: DenseTensor<Matrix>,
): Promise<Matrix> {
  const projectors = x.factors.map(projector);
  let result = modeProducts(host, z, projectors).data;
  for (const [k, u] of x.factors.entries()) {
    const c = unfold(host, x.core, k);
    const open = modeProducts(host, z, x.factors.map((v, j) => j === k ? undefined : v), {
      transpose: true,
    });
    const rows = times(unfold(host, open, k), await pseudoInverse(c), c);
    const part = fold(host, rows, k, RANKS.map((r, j) => j === k ? SHAPE[k]! : r));
    const wide = modeProducts(host, part, x.factors.map((v, j) => j === k ? undefined : v));
    const beside = minus(host.identity(SHAPE[k]!), projector(u));
    result = plus(result, modeProduct(host, wide, beside, k).data);
  }
  return result;
}

Deno.test("tucker: the projection is that of Koch and Lubich", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const x = await manifold.randomPoint(random);
    const z = randomTensor(random, SHAPE);
    const xi = await manifold.project(x, manifold.fromDense([z.data]));
    const [full] = await manifold.tangentToDense(x, xi);
    assertLess(relativeError(full!, await denseProjection(x, z)), 1e-12);
  }
});

Deno.test("tucker: X itself is tangent at X", async () => {
  const x = await manifold.randomPoint(new Random(1));
  const xi = await manifold.project(x, manifold.fromDense(manifold.toDense(x)));
  assertLess(relativeError(xi.core.data, x.core.data), 1e-13);
  for (const d of xi.turns) assertLess(norm(d), 1e-13);
});

Deno.test("tucker: of order two it is the manifold of rank-r matrices", async () => {
  const random = new Random(2);
  const flat = fixedTucker(host, { shape: [9, 7], ranks: [3, 3] });
  const x = await flat.randomPoint(random);
  const y = { u: x.factors[0]!, s: x.core.data, v: x.factors[1]! };
  const z = gaussian(random, 9, 7);
  const xi = await flat.project(x, flat.fromDense([z]));
  const wanted = tangentProjection(y, z);
  assertLess(relativeError((await flat.tangentToDense(x, xi))[0]!, wanted), 1e-12);
  assertEquals(flat.dimension, (9 + 7 - 3) * 3);
});

Deno.test("tucker: the metric is the Frobenius inner product of the tensors", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const x = await manifold.randomPoint(random);
    const [xi, eta] = [
      await manifold.randomTangent(x, random),
      await manifold.randomTangent(x, random),
    ];
    const [p] = await manifold.tangentToDense(x, xi);
    const [q] = await manifold.tangentToDense(x, eta);
    assertAlmostEquals(await manifold.inner(x, xi, eta), inner(p!, q!), 1e-14);
  }
});

Deno.test("tucker: tangentTucker() with a weight adds the point", async () => {
  const random = new Random(3);
  const x = await manifold.randomPoint(random);
  const xi = await manifold.randomTangent(x, random);
  const sum = tuckerToDense(host, await tangentTucker(host, x, xi, 2)).data;
  const [p] = await manifold.tangentToDense(x, xi);
  assertLess(relativeError(sum, plus(host.scale(2, manifold.toDense(x)[0]!), p!)), 1e-14);
});

Deno.test("tucker: the retraction is the truncated higher-order SVD of X + ξ", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const x = await manifold.randomPoint(random);
    const xi = await manifold.randomTangent(x, random);
    const [p] = await manifold.tangentToDense(x, xi);
    const sum = { shape: SHAPE, data: plus(manifold.toDense(x)[0]!, p!) };
    const { tucker } = await sequentialHosvd.decompose(host, sum, {
      maxRanks: RANKS,
      minRanks: RANKS,
    });
    const next = await hosvdRetraction.retract(host, x, xi);
    const wanted = tuckerToDense(host, tucker).data;
    assertLess(relativeError(manifold.toDense(next)[0]!, wanted), 1e-12);
  }
});

Deno.test("tucker: small singular values of the core do no harm", async () => {
  for (const small of [1e-4, 1e-8, 1e-12]) {
    const random = new Random(4);
    const x = await manifold.randomPoint(random);
    const thin = { ...x, core: modeProduct(host, x.core, host.diagonal([1, 1, small]), 1) };
    const z = manifold.fromDense([randomTensor(random, SHAPE).data]);
    const xi = await manifold.project(thin, z);
    assertEquals(await manifold.checkTangent(thin, xi), { ok: true });
    const again = await manifold.project(
      thin,
      manifold.fromDense(await manifold.tangentToDense(thin, xi)),
    );
    const rest = manifold.lincomb(1, again, -1, xi);
    assertLess(await manifold.norm(thin, rest) / await manifold.norm(thin, xi), 1e-13);
    assert((await manifold.check(await hosvdRetraction.retract(host, thin, xi))).ok);
  }
});

Deno.test("tucker: nothing depends on the bases that represent the tensor", async () => {
  const random = new Random(5);
  const [x, y] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const turns: Matrix[] = [];
  for (const r of RANKS) turns.push(await orthonormal(random, r, r));
  const other = {
    core: modeProducts(host, x.core, turns, { transpose: true }),
    factors: x.factors.map((u, k) => times(u, turns[k]!)),
  };
  assertLess(await manifold.gap(x, other), 1e-13);
  const z = manifold.fromDense([randomTensor(random, SHAPE).data]);
  const [xi, eta] = [await manifold.project(x, z), await manifold.project(other, z)];
  const dense = async (at: typeof x, v: typeof xi) => (await manifold.tangentToDense(at, v))[0]!;
  assertLess(relativeError(await dense(other, eta), await dense(x, xi)), 1e-12);
  for (const t of manifold.transports) {
    const one = await dense(y, await t.transport(x, y, xi));
    const two = await dense(y, await t.transport(other, y, eta));
    assertLess(relativeError(two, one), 1e-11, t.name);
  }
});

Deno.test("tucker: tensors of order four have the same properties", async () => {
  const random = new Random(6);
  const four = fixedTucker(host, { shape: [4, 3, 5, 3], ranks: [2, 2, 3, 2] });
  const x = await four.randomPoint(random);
  const xi = await four.randomTangent(x, random);
  const [dense] = await four.tangentToDense(x, xi);
  assertAlmostEquals(norm(dense!), 1, 1e-14);
  const back = await four.project(x, four.fromDense([dense!]));
  assertLess(await four.norm(x, four.lincomb(1, back, -1, xi)), 1e-13);
});

Deno.test("tucker: check() names what is wrong", async () => {
  const x = await manifold.randomPoint(new Random(7));
  const reason = async (y: typeof x) => (await manifold.check(y)).reason;
  const [u, v, w] = x.factors as [Matrix, Matrix, Matrix];
  assertEquals(await reason({ ...x, factors: [u, u, w] }), "factor 1 must be 5×3, got 6×2");
  const flat = modeProduct(host, x.core, host.diagonal([1, 1, 0]), 1);
  assertEquals(
    await reason({ core: flat, factors: [u, v, w] }),
    "the rank of mode 1 must be 3, got 2 to working precision",
  );
  const long = await reason({ ...x, factors: [u, host.scale(2, v), w] });
  assert(long!.startsWith("orthonormality of the columns of factor 1 is off by "), long);
});

Deno.test("tucker: sizes that make no sense are refused", () => {
  const cases: [number[], number[] | undefined, string][] = [
    [[4, 4, 4], [1, 1, 2], "tensors of ranks 1, 1, 2: the rank of mode 2 must be <= 1"],
    [[4, 2, 4], [3, 3, 3], "tensors of ranks 3, 3, 3: the rank of mode 1 must be <= 2"],
    [[4, 4], undefined, "ranks must be 2 positive integers, got []"],
    [[4], [1], "shape must be 2 positive integers, got [4]"],
  ];
  for (const [shape, ranks, message] of cases) {
    const size = ranks === undefined ? { shape } : { shape, ranks };
    const error = assertThrows(() => fixedTucker(host, size), RangeError);
    assert(error.message.endsWith(message), error.message);
  }
});
