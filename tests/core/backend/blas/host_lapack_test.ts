import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type HostLapack, openHostLapack } from "../../../../core/backend/blas/host_lapack.ts";
import { blas } from "../../../../core/backend/blas/mod.ts";
import { Random } from "../../../../core/random.ts";
import { unlessPresent } from "../../../support/backend_checks.ts";
import { type Dense, dense, flip, times } from "../../../support/dense_oracle.ts";

const EXACT = 1e-13;

function matrix(rows: number, cols: number, seed = 1): Dense {
  const random = new Random(seed);
  return dense(rows, cols, () => random.normal());
}

const of = (rows: number, cols: number, data: Float64Array): Dense => ({ rows, cols, data });

function distance(x: Dense, y: Dense): number {
  assertEquals([x.rows, x.cols, x.data.length], [y.rows, y.cols, y.data.length]);
  return x.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - y.data[i]!)), 0);
}

const identity = (n: number): Dense => dense(n, n, (i, j) => i === j ? 1 : 0);

async function withLapack(name: string, f: (lapack: HostLapack) => void): Promise<void> {
  // The library stays loaded for the life of the process.
  Deno.test({
    ...await unlessPresent(blas, name),
    sanitizeResources: false,
    fn: () => {
      const lapack = openHostLapack();
      assert(lapack);
      f(lapack);
    },
  });
}

const SHAPES = [[1, 1], [5, 3], [3, 5], [17, 17], [200, 40], [40, 200]] as const;

await withLapack("gemm() multiplies in every transposition", ({ gemm }) => {
  const extent = fc.integer({ min: 1, max: 20 });
  const property = fc.property(
    extent,
    extent,
    extent,
    fc.boolean(),
    fc.boolean(),
    (m, n, k, transA, transB) => {
      const [a, b, c] = [matrix(m, k, 1), matrix(k, n, 2), matrix(m, n, 3)];
      const expected = times(a, b);
      const out = c.data.slice();
      const [x, y] = [transA ? flip(a) : a, transB ? flip(b) : b];
      gemm(transA, transB, m, n, k, 2, x.data, y.data, -0.5, out);
      const wanted = dense(m, n, (i, j) => 2 * expected.data[i * n + j]! - c.data[i * n + j]! / 2);
      assertLess(distance(of(m, n, out), wanted), EXACT * 10);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 50 });
});

await withLapack("qr() gives orthonormal columns and the matrix back", ({ qr }) => {
  for (const [m, n] of SHAPES) {
    const a = matrix(m, n);
    const l = Math.min(m, n);
    const { q, r } = qr(a.data, m, n);
    assertLess(distance(times(flip(of(m, l, q)), of(m, l, q)), identity(l)), EXACT);
    assertLess(distance(times(of(m, l, q), of(l, n, r)), a), 1e-12);
    assert(r.every((v, at) => at % n >= Math.floor(at / n) || v === 0), "R is upper triangular");
  }
});

await withLapack(
  "svd() gives orthonormal factors, falling values and the matrix back",
  ({ svd }) => {
    for (const [m, n] of SHAPES) {
      const a = matrix(m, n);
      const l = Math.min(m, n);
      const { p, sigma, q } = svd(a.data, m, n);
      const [left, right] = [of(m, l, p), of(n, l, q)];
      assertLess(distance(times(flip(left), left), identity(l)), EXACT);
      assertLess(distance(times(flip(right), right), identity(l)), EXACT);
      const scaled = dense(m, l, (i, j) => p[i * l + j]! * sigma[j]!);
      assertLess(distance(times(scaled, flip(right)), a), 1e-12);
      assert(sigma.every((s, i) => s >= 0 && (i === 0 || s <= sigma[i - 1]!)));
    }
  },
);

await withLapack(
  "cholesky() factors what is positive definite and nothing else",
  ({ cholesky }) => {
    const b = matrix(30, 9);
    const gram = times(flip(b), b);
    const r = cholesky(gram.data, 9)!;
    assertLess(distance(times(flip(of(9, 9, r)), of(9, 9, r)), gram), 1e-12);
    assert(r.every((v, at) => at % 9 >= Math.floor(at / 9) || v === 0), "R is upper triangular");
    gram.data[80] = -1;
    assertEquals(cholesky(gram.data, 9), undefined);
  },
);

await withLapack("functions of LAPACK leave their operands untouched", ({ qr, svd, cholesky }) => {
  const a = matrix(6, 6);
  const spd = times(flip(a), a);
  const [before, beforeSpd] = [a.data.slice(), spd.data.slice()];
  qr(a.data, 6, 6);
  svd(a.data, 6, 6);
  cholesky(spd.data, 6);
  assertEquals([a.data, spd.data], [before, beforeSpd]);
});

await withLapack("functions of LAPACK refuse arrays that are too short", (lapack) => {
  const short = new Float64Array(5);
  const message = "Cannot read a 2×3 matrix: expected 6 entries, got 5";
  assertThrows(() => lapack.qr(short, 2, 3), RangeError, message);
  assertThrows(() => lapack.svd(short, 2, 3), RangeError, message);
  const c = new Float64Array(4);
  const fine = new Float64Array(6);
  assertThrows(
    () => lapack.gemm(false, false, 2, 2, 3, 1, short, fine, 0, c),
    RangeError,
    message,
  );
});
