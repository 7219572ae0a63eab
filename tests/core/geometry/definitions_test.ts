/** Fast versions against the plain dense definitions, in float64. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { type Matrix, matrix, transposed } from "../../../core/algebra/mod.ts";
import {
  alignment,
  canonicalStiefel,
  cayleyRetraction,
  denseField,
  fixedRank,
  grassmann,
  inverseOrthographic,
  type LowRank,
  type LowRankTangent,
  orthographicRetraction,
  polarRetraction,
  productManifold,
  qrRetraction,
  rotate,
  splittingRetraction,
  stiefel,
  svdRetraction,
  tangentFactors,
  tangentOf,
} from "../../../core/geometry/mod.ts";
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
  tangentProjection,
  times,
} from "../../support/matrices.ts";

const SEEDS = [1, 2, 3, 4, 5];

/** ξ as an m×n matrix, by its definition. */
function denseTangent(y: LowRank<Matrix>, xi: LowRankTangent<Matrix>): Matrix {
  const inside = times(y.u, xi.core, transposed(y.v));
  return plus(plus(inside, times(xi.left, transposed(y.v))), times(y.u, transposed(xi.right)));
}

/** A point of rank 3 and a tangent vector of unit norm there. */
async function lowRankCase(seed: number, sigma: readonly number[] = [3, 2, 1]): Promise<{
  manifold: ReturnType<typeof fixedRank<Matrix>>;
  y: LowRank<Matrix>;
  xi: LowRankTangent<Matrix>;
  random: Random;
}> {
  const random = new Random(seed);
  const y = await randomLowRank(random, 12, 9, sigma);
  const manifold = fixedRank(host, { shape: [12, 9], ranks: [sigma.length] });
  return { manifold, y, xi: await manifold.randomTangent(y, random), random };
}

/** Best approximation of rank r, by its definition. */
async function best(w: Matrix, rank: number): Promise<Matrix> {
  const { p, sigma, q } = await host.svd(w);
  const kept = host.diagonal(sigma.map((s, i) => i < rank ? s : 0));
  return times(p, kept, transposed(q));
}

Deno.test("fixed-rank: the projection is UUᵀZ + ZVVᵀ − UUᵀZVVᵀ", async () => {
  for (const seed of SEEDS) {
    const { manifold, y, random } = await lowRankCase(seed, [2, 1, 1e-9]);
    const z = gaussian(random, 12, 9);
    const xi = await manifold.project(y, denseField(host, z));
    assertLess(relativeError(denseTangent(y, xi), tangentProjection(y, z)), 1e-14);
    assertLess(
      relativeError((await manifold.tangentToDense(y, xi))[0]!, denseTangent(y, xi)),
      1e-14,
    );
  }
});

Deno.test("fixed-rank: Y itself is tangent at Y", async () => {
  const { manifold, y } = await lowRankCase(1);
  const xi = await manifold.project(y, denseField(host, dense(y)));
  assertLess(norm(minus(xi.core, y.s)) + norm(xi.left) + norm(xi.right), 1e-13);
});

Deno.test("fixed-rank: the metric is the Frobenius inner product of the matrices", async () => {
  for (const seed of SEEDS) {
    const { manifold, y, xi, random } = await lowRankCase(seed);
    const eta = await manifold.randomTangent(y, random);
    const wanted = inner(denseTangent(y, xi), denseTangent(y, eta));
    assertAlmostEquals(await manifold.inner(y, xi, eta), wanted, 1e-14);
  }
});

Deno.test("tangentFactors() gives ξV, ξᵀU and UᵀξV, tangentOf() takes them back", async () => {
  const { y, xi } = await lowRankCase(2);
  const full = denseTangent(y, xi);
  const { k, l, s } = tangentFactors(host, y, xi);
  assertLess(relativeError(k, times(full, y.v)), 1e-14);
  assertLess(relativeError(l, times(transposed(full), y.u)), 1e-14);
  assertLess(relativeError(s, times(transposed(y.u), full, y.v)), 1e-13);
  const back = tangentOf(host, y, { k, l, s });
  assertLess(relativeError(denseTangent(y, back), full), 1e-14);
});

Deno.test("fixed-rank: nothing depends on the bases that represent the matrix", async () => {
  const { manifold, y, random } = await lowRankCase(3);
  const [p, q] = [await orthonormal(random, 3, 3), await orthonormal(random, 3, 3)];
  const turned = { u: times(y.u, p), s: times(transposed(p), y.s, q), v: times(y.v, q) };
  const z = denseField(host, gaussian(random, 12, 9));
  const [xi, eta] = [await manifold.project(y, z), await manifold.project(turned, z)];
  assertLess(relativeError(denseTangent(turned, eta), denseTangent(y, xi)), 1e-13);
  for (const r of manifold.retractions) {
    const next = dense(await r.retract(y, xi));
    assertLess(relativeError(dense(await r.retract(turned, eta)), next), 1e-12, r.name);
  }
  const to = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
  for (const t of manifold.transports) {
    const moved = denseTangent(to, await t.transport(y, to, xi));
    const other = denseTangent(to, await t.transport(turned, to, eta));
    assertLess(relativeError(other, moved), 1e-12, t.name);
  }
  assertLess(await manifold.gap(y, turned), 1e-13);
});

Deno.test("svd retraction is the best approximation of Y + ξ", async () => {
  for (const seed of SEEDS) {
    const { y, xi } = await lowRankCase(seed);
    const sum = plus(dense(y), denseTangent(y, xi));
    assertLess(
      relativeError(dense(await svdRetraction.retract(host, y, xi)), await best(sum, 3)),
      1e-13,
    );
  }
});

Deno.test("splitting retraction is U₁U₁ᵀ(Y + ξ) with U₁ = orth((Y + ξ)V)", async () => {
  for (const seed of SEEDS) {
    const { y, xi } = await lowRankCase(seed);
    const sum = plus(dense(y), denseTangent(y, xi));
    const { q } = await host.qr(times(sum, y.v));
    const next = dense(await splittingRetraction.retract(host, y, xi));
    assertLess(relativeError(next, times(projector(q), sum)), 1e-13);
  }
});

Deno.test("orthographic retraction projects back onto Y + ξ, and its inverse finds ξ", async () => {
  for (const seed of SEEDS) {
    const { y, xi, random } = await lowRankCase(seed);
    const next = await orthographicRetraction.retract(host, y, xi);
    const back = tangentProjection(y, minus(dense(next), dense(y)));
    assertLess(relativeError(back, denseTangent(y, xi)), 1e-13);
    const found = await inverseOrthographic(host, y, next);
    assertLess(relativeError(denseTangent(y, found), denseTangent(y, xi)), 1e-13);
    const far = await randomLowRank(random, 12, 9, [4, 2, 1]);
    const way = await inverseOrthographic(host, y, far);
    const there = await orthographicRetraction.retract(host, y, way);
    assertLess(relativeError(dense(there), dense(far)), 1e-10);
  }
});

Deno.test("orthographic retraction refuses a core that turns singular", async () => {
  const { y } = await lowRankCase(1);
  const zero = { core: host.scale(-1, y.s), left: host.zeros(12, 3), right: host.zeros(9, 3) };
  const error = await assertRejects(
    () => orthographicRetraction.retract(host, y, zero),
    RangeError,
  );
  assertEquals(
    error.message,
    "Cannot retract orthographically: the points are too far apart, a matrix to invert is " +
      "singular; take a shorter step",
  );
});

Deno.test("svd and splitting retractions do not feel small singular values", async () => {
  for (const small of [1e-4, 1e-8, 1e-12, 0]) {
    const { manifold, y, xi } = await lowRankCase(4, [2, 1, small]);
    const sum = plus(dense(y), denseTangent(y, xi));
    const svd = await svdRetraction.retract(host, y, xi);
    assertLess(relativeError(dense(svd), await best(sum, 3)), 1e-13);
    const split = await splittingRetraction.retract(host, y, xi);
    assertLess((await manifold.check(split)).ok ? 0 : 1, 1);
    const { q } = await host.qr(times(sum, y.v));
    assertLess(relativeError(dense(split), times(projector(q), sum)), 1e-12);
  }
});

Deno.test("fixed-rank at full rank is flat space", async () => {
  const random = new Random(7);
  const y = await randomLowRank(random, 6, 4, [4, 3, 2, 1]);
  const manifold = fixedRank(host, { shape: [6, 4], ranks: [4] });
  assertEquals(manifold.dimension, 24);
  const z = gaussian(random, 6, 4);
  const xi = await manifold.project(y, denseField(host, z));
  assertLess(relativeError(denseTangent(y, xi), z), 1e-14);
  const next = await svdRetraction.retract(host, y, xi);
  assertLess(relativeError(dense(next), plus(dense(y), z)), 1e-13);
});

Deno.test("fixed-rank: projection transport is P(Y₁)ξ, rotation is R ξ Qᵀ", async () => {
  for (const seed of SEEDS) {
    const { manifold, y, xi, random } = await lowRankCase(seed);
    const to = await randomLowRank(random, 12, 9, [3, 2, 1]);
    const [projection, rotation] = manifold.transports;
    const moved = denseTangent(to, await projection!.transport(y, to, xi));
    assertLess(relativeError(moved, tangentProjection(to, denseTangent(y, xi))), 1e-13);
    const [left, right] = [await denseRotation(y.u, to.u), await denseRotation(y.v, to.v)];
    const turned = times(left, denseTangent(y, xi), transposed(right));
    assertLess(
      relativeError(denseTangent(to, await rotation!.transport(y, to, xi)), turned),
      1e-12,
    );
  }
});

/** exp of the skew-symmetric matrix of principal angles: the shortest rotation of the spans. */
async function denseRotation(u: Matrix, w: Matrix): Promise<Matrix> {
  const gr = grassmann(host, { shape: [u.rows, u.cols] });
  const xi = await gr.log!(u, w);
  return expm(minus(times(xi, transposed(u)), times(u, transposed(xi))));
}

Deno.test("fixed-rank: gap() is the Frobenius distance, also of near points", async () => {
  const { manifold, y, xi, random } = await lowRankCase(5);
  const far = await randomLowRank(random, 12, 9, [1, 1, 1]);
  assertAlmostEquals(await manifold.gap(y, far), norm(minus(dense(y), dense(far))), 1e-13);
  const near = await svdRetraction.retract(host, y, manifold.scale(1e-7, xi));
  assertAlmostEquals(await manifold.gap(y, near), 1e-7, 1e-13);
});

Deno.test("fixed-rank: check() names what is wrong", async () => {
  const { manifold, y } = await lowRankCase(6);
  const reason = async (x: LowRank<Matrix>) => (await manifold.check(x)).reason;
  assertEquals(await reason({ ...y, u: y.v }), "the left basis must be 12×3, got 9×3");
  assertEquals(await reason({ ...y, s: host.identity(2) }), "the core must be 3×3, got 2×2");
  assertEquals(
    await reason({ ...y, s: host.diagonal([2, 1, 1e-17]) }),
    "the rank must be 3, got 2 to working precision",
  );
  const off = await reason({ ...y, v: host.scale(1.001, y.v) });
  assert(/^orthonormality of the columns of the right basis is off by 3\.\de-3$/.test(off!), off);
  const nan = { ...y, u: host.scale(NaN, y.u) };
  assertEquals((await manifold.check(nan)).ok, false);
});

Deno.test("manifolds refuse sizes that make no sense", () => {
  const cases: [() => unknown, string][] = [
    [
      () => fixedRank(host, { shape: [4, 3], ranks: [4] }),
      "Cannot make a manifold of 4×3 matrices of rank 4: the rank must be <= 3",
    ],
    [
      () => fixedRank(host, { shape: [4, 3] }),
      "Cannot make a manifold: ranks must be 1 positive integers, got []",
    ],
    [
      () => stiefel(host, { shape: [3, 4] }),
      "Cannot make a manifold of orthonormal columns: columns <= rows must hold, got 3×4",
    ],
    [
      () => grassmann(host, { shape: [3, 3] }),
      "Cannot make a manifold of a single point: there is no direction at 3×3",
    ],
    [
      () => grassmann(host, { shape: [3, 0] }),
      "Cannot make a manifold: shape must be 2 positive integers, got [3, 0]",
    ],
    [() => productManifold([]), "Cannot make a product of no manifolds: name one"],
  ];
  for (const [make, message] of cases) {
    assertEquals(assertThrows(make, RangeError).message, message);
  }
});

Deno.test("rotate() is the dense rotation that takes U to W and keeps the rest", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const [u, w] = [await orthonormal(random, 9, 3), await orthonormal(random, 9, 3)];
    const r = await rotate(host, u, w, host.identity(9));
    assertLess(relativeError(times(r, u), w), 1e-13);
    assertLess(norm(minus(times(transposed(r), r), host.identity(9))), 1e-12);
    const { q } = await host.qr(host.hstack([u, w, gaussian(random, 9, 3)]));
    const rest = host.columns(q, 6, 9);
    assertLess(relativeError(times(r, rest), rest), 1e-12);
    const z = gaussian(random, 9, 2);
    assertLess(relativeError(await rotate(host, u, w, z), times(r, z)), 1e-12);
  }
});

Deno.test("rotate() of aligned frames is the shortest rotation", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const [u, y] = [await orthonormal(random, 8, 3), await orthonormal(random, 8, 3)];
    const w = times(y, await alignment(host, u, y));
    const r = await rotate(host, u, w, host.identity(8));
    assertLess(relativeError(r, await denseRotation(u, y)), 1e-11);
  }
});

Deno.test("rotate() refuses to turn a direction around", async () => {
  const u = matrix([1, 0, 0], 3, 1);
  await assertRejects(() => rotate(host, u, host.scale(-1, u), u), RangeError, "Cannot rotate");
});

/** The skew-symmetric W with W X = ξ whose exponential is the canonical geodesic. */
function generator(x: Matrix, xi: Matrix): Matrix {
  const h = minus(xi, host.scale(0.5, times(x, transposed(x), xi)));
  return minus(times(h, transposed(x)), times(x, transposed(h)));
}

Deno.test("stiefel-canonical: exp is exp(W)X with the skew-symmetric WX = ξ", async () => {
  for (const [n, p] of [[8, 3], [5, 4], [4, 4], [6, 1]] as const) {
    const random = new Random(n);
    const manifold = canonicalStiefel(host, { shape: [n, p] });
    const x = await manifold.randomPoint(random);
    const xi = manifold.scale(2, await manifold.randomTangent(x, random));
    const w = generator(x, xi);
    assertLess(relativeError(times(w, x), xi), 1e-13);
    assertLess(relativeError(await manifold.exp!(x, xi), times(expm(w), x)), 1e-12);
  }
});

Deno.test("stiefel-canonical: the metric is tr(ξᵀ(I − XXᵀ/2)η)", async () => {
  const random = new Random(3);
  const manifold = canonicalStiefel(host, { shape: [8, 3] });
  const x = await manifold.randomPoint(random);
  const [xi, eta] = [
    await manifold.randomTangent(x, random),
    await manifold.randomTangent(x, random),
  ];
  const wanted = inner(xi, minus(eta, host.scale(0.5, times(projector(x), eta))));
  assertAlmostEquals(await manifold.inner(x, xi, eta), wanted, 1e-14);
});

Deno.test("on spheres both Stiefel metrics have great circles", async () => {
  for (const make of [stiefel, canonicalStiefel]) {
    const random = new Random(5);
    const manifold = make(host, { shape: [6, 1] });
    const x = await manifold.randomPoint(random);
    const xi = await manifold.randomTangent(x, random);
    const t = 1.2 / norm(xi);
    const circle = plus(
      host.scale(Math.cos(1.2), x),
      host.scale(Math.sin(1.2) / norm(xi), xi),
    );
    assertLess(relativeError(await manifold.exp!(x, host.scale(t, xi)), circle), 1e-13);
  }
});

Deno.test("on the rotations both Stiefel metrics have one-parameter groups", async () => {
  for (const make of [stiefel, canonicalStiefel]) {
    const random = new Random(6);
    const manifold = make(host, { shape: [4, 4] });
    const x = await manifold.randomPoint(random);
    const xi = await manifold.randomTangent(x, random);
    const group = times(x, expm(times(transposed(x), xi)));
    assertLess(relativeError(await manifold.exp!(x, xi), group), 1e-13);
  }
});

Deno.test("cayley retraction is (I − W/2)⁻¹(I + W/2)X", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const manifold = stiefel(host, { shape: [7, 3] });
    const x = await manifold.randomPoint(random);
    const xi = manifold.scale(3, await manifold.randomTangent(x, random));
    const y = await cayleyRetraction.retract(host, x, xi);
    const half = host.scale(0.5, generator(x, xi));
    // (I − W/2) Y = (I + W/2) X
    assertLess(relativeError(minus(y, times(half, y)), plus(x, times(half, x))), 1e-13);
  }
});

Deno.test("polar retraction is (X + ξ)(I + ξᵀξ)^(−1/2), qr has a triangular factor", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const manifold = stiefel(host, { shape: [7, 3] });
    const x = await manifold.randomPoint(random);
    const xi = await manifold.randomTangent(x, random);
    const sum = plus(x, xi);
    // Yᵀ(X + ξ) is the symmetric positive root of (X + ξ)ᵀ(X + ξ).
    const root = times(transposed(await polarRetraction.retract(host, x, xi)), sum);
    assertLess(relativeError(transposed(root), root), 1e-13);
    assertLess(relativeError(times(root, root), times(transposed(sum), sum)), 1e-13);
    assertLess(0, (await host.svd(root)).sigma.at(-1)!);
    const r = times(transposed(await qrRetraction.retract(host, x, xi)), sum);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < i; j++) assertLess(Math.abs(r.data[3 * i + j]!), 1e-14);
      assertLess(0, r.data[4 * i]!);
    }
  }
});

Deno.test("grassmann: log at the cut of right angles and of equal spans", async () => {
  const manifold = grassmann(host, { shape: [6, 2] });
  const identity = host.identity(6);
  const [x, y] = [host.columns(identity, 0, 2), host.columns(identity, 2, 4)];
  assertAlmostEquals(await manifold.distance!(x, y), Math.PI / Math.SQRT2, 1e-14);
  assertLess(await manifold.gap(await manifold.exp!(x, await manifold.log!(x, y)), y), 1e-13);
  const turned = times(x, await orthonormal(new Random(1), 2, 2));
  assertLess(await manifold.distance!(x, turned), 1e-15);
});

Deno.test("grassmann: distances see angles far below the square root of round-off", async () => {
  const manifold = grassmann(host, { shape: [6, 2] });
  const random = new Random(2);
  const x = await manifold.randomPoint(random);
  const xi = await manifold.randomTangent(x, random);
  for (const t of [1e-12, 1e-6, 1e-3]) {
    const y = await manifold.exp!(x, manifold.scale(t, xi));
    assertAlmostEquals(await manifold.distance!(x, y), t, 1e-15 + 1e-12 * t);
  }
});

Deno.test("grassmann: representatives make no difference", async () => {
  const random = new Random(4);
  const manifold = grassmann(host, { shape: [8, 3] });
  const [x, y] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const [o, q] = [await orthonormal(random, 3, 3), await orthonormal(random, 3, 3)];
  const xi = await manifold.randomTangent(x, random);
  for (const r of manifold.retractions) {
    const [one, other] = [await r.retract(x, xi), await r.retract(times(x, o), times(xi, o))];
    assertLess(await manifold.gap(one, other), 1e-13, r.name);
  }
  for (const t of manifold.transports) {
    const one = times(await t.transport(x, y, xi), q);
    const other = await t.transport(times(x, o), times(y, q), times(xi, o));
    assertLess(relativeError(other, one), 1e-12, t.name);
  }
  assertAlmostEquals(
    await manifold.distance!(times(x, o), times(y, q)),
    await manifold.distance!(x, y),
    1e-13,
  );
});

Deno.test("grassmann: parallel transport turns a geodesic's start into its end", async () => {
  const random = new Random(5);
  const manifold = grassmann(host, { shape: [8, 3] });
  const [x, y] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const parallel = manifold.transports.find((t) => t.name === "parallel")!;
  const end = await parallel.transport(x, y, await manifold.log!(x, y));
  assertLess(relativeError(end, host.scale(-1, await manifold.log!(y, x))), 1e-12);
});
