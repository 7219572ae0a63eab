/** Every algebra through the same properties; what is measured is measured in float64. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertLess,
  assertThrows,
} from "@std/assert";
import {
  type Algebra,
  type Matrix,
  matrix,
  matrixOf,
  transposed,
} from "../../../core/algebra/mod.ts";
import { Random } from "../../../core/random.ts";
import { testAlgebras } from "../../support/algebras.ts";
import { gaussian, host, minus, norm, orthonormal, relativeError } from "../../support/matrices.ts";

/** Rounds to what the algebra can hold, so that both sides start from the same numbers. */
function rounded<M>(a: Algebra<M>, x: Matrix): Matrix {
  return a.epsilon < 1e-10 ? x : { ...x, data: Float64Array.from(Float32Array.from(x.data)) };
}

async function toHost<M>(a: Algebra<M>, x: M): Promise<Matrix> {
  return matrix(await a.read(x), a.rows(x), a.cols(x));
}

/** A host matrix and its twin in the algebra. */
function twins<M>(a: Algebra<M>, x: Matrix): { plain: Matrix; own: M } {
  const plain = rounded(a, x);
  return { plain, own: a.from(plain.data, plain.rows, plain.cols) };
}

/** Largest entry of |QᵀQ − I|. */
function defect(q: Matrix): number {
  const gram = host.multiply(q, q, { transposeLeft: true });
  return Math.max(...minus(gram, host.identity(q.cols)).data.map(Math.abs));
}

/** Largest distance of a column of A from span(Q), relative to the length of the column. */
function worstResidual(q: Matrix, a: Matrix): number {
  const rest = minus(a, host.multiply(q, host.multiply(q, a, { transposeLeft: true })));
  const lengths = (x: Matrix) =>
    Array.from({ length: x.cols }, (_, j) => norm(host.columns(x, j, j + 1)));
  const [over, under] = [lengths(rest), lengths(a)];
  return Math.max(...over.map((r, j) => r / under[j]!));
}

const SHAPES = [[7, 4], [4, 7], [5, 5], [60, 12], [9, 1], [1, 6]] as const;

await testAlgebras("products agree with the triple loop in every transposition", async (a, tol) => {
  const random = new Random(1);
  for (const transposeLeft of [false, true]) {
    for (const transposeRight of [false, true]) {
      for (const [m, k, n] of [[5, 7, 3], [33, 20, 17], [1, 9, 4]] as const) {
        const x = twins(
          a,
          gaussian(random, ...(transposeLeft ? [k, m] : [m, k]) as [number, number]),
        );
        const y = twins(
          a,
          gaussian(random, ...(transposeRight ? [n, k] : [k, n]) as [number, number]),
        );
        const at = (i: number, l: number) => x.plain.data[transposeLeft ? l * m + i : i * k + l]!;
        const bt = (l: number, j: number) => y.plain.data[transposeRight ? j * k + l : l * n + j]!;
        const wanted = new Float64Array(m * n);
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            for (let l = 0; l < k; l++) wanted[i * n + j]! += at(i, l) * bt(l, j);
          }
        }
        const got = a.multiply(x.own, y.own, { transposeLeft, transposeRight });
        assertEquals([a.rows(got), a.cols(got)], [m, n]);
        assertLess(relativeError(await toHost(a, got), matrix(wanted, m, n)), tol.relative);
      }
    }
  }
});

await testAlgebras("element-wise operations agree with their formulas", async (a, tol) => {
  const random = new Random(2);
  const [x, y] = [twins(a, gaussian(random, 6, 5)), twins(a, gaussian(random, 6, 5))];
  const v = twins(a, host.square(gaussian(random, 6, 5)));
  const each = (f: (x: number, y: number, v: number) => number) =>
    matrix(x.plain.data.map((p, i) => f(p, y.plain.data[i]!, v.plain.data[i]!)), 6, 5);
  const c = { gamma: 0.9, alpha: 0.3, delta: 1.7, epsilon: 1e-3 };
  const cases: [got: ReturnType<typeof a.square>, wanted: Matrix][] = [
    [a.lincomb(2, x.own, -3, y.own), each((p, q) => 2 * p - 3 * q)],
    [a.lincombSquare(0.9, v.own, 0.1, y.own), each((_, q, s) => 0.9 * s + 0.1 * q * q)],
    [
      a.adaptiveStep(x.own, y.own, v.own, c),
      each((p, q, s) => 0.9 * p - 0.3 * q / (Math.sqrt(1.7 * s) + 1e-3)),
    ],
    [a.scale(-2.5, x.own), each((p) => -2.5 * p)],
    [a.sqrt(v.own), each((_p, _q, s) => Math.sqrt(s))],
    [a.square(x.own), each((p) => p * p)],
    [a.transpose(a.transpose(x.own)), x.plain],
  ];
  for (const [got, wanted] of cases) {
    assertLess(relativeError(await toHost(a, got), wanted), tol.relative);
  }
  assertEquals(await toHost(a, a.transpose(x.own)), transposed(x.plain));
  assertEquals(norm(await toHost(a, a.zerosLike(x.own))), 0);
  assertAlmostEquals(await a.norm(x.own) / norm(x.plain), 1, tol.relative);
});

await testAlgebras("norm() is right where squares vanish or overflow", async (a, tol) => {
  const x = gaussian(new Random(20), 6, 5);
  const limit = a.epsilon < 1e-10 ? 900 : 110;
  for (const scale of [2 ** -limit, 1, 2 ** limit]) {
    const { plain, own } = twins(a, host.scale(scale, x));
    assertAlmostEquals(await a.norm(own) / scale, norm(host.scale(1 / scale, plain)), tol.relative);
  }
  assertEquals(await a.norm(a.zeros(3, 2)), 0);
});

await testAlgebras(
  "hstack(), vstack() and columns() take matrices apart and together",
  async (a) => {
    const random = new Random(3);
    const parts = [2, 1, 4].map((n) => twins(a, gaussian(random, 5, n)));
    const wide = a.hstack(parts.map((p) => p.own));
    assertEquals(await toHost(a, wide), host.hstack(parts.map((p) => p.plain)));
    const tall = a.vstack(parts.map((p) => a.transpose(p.own)));
    assertEquals(await toHost(a, tall), host.vstack(parts.map((p) => transposed(p.plain))));
    assertEquals(await toHost(a, a.columns(wide, 2, 3)), parts[1]!.plain);
    assertEquals(await toHost(a, a.columns(wide, 3, 7)), parts[2]!.plain);
    assertEquals(await toHost(a, a.columns(wide, 0, 7)), await toHost(a, wide));
  },
);

await testAlgebras(
  "hadamard() multiplies entries, and repeats a row or a column",
  async (a, tol) => {
    const random = new Random(8);
    const [x, ...others] = [[3, 2], [3, 2], [1, 2], [3, 1], [1, 1]].map(([m, n]) =>
      twins(a, gaussian(random, m!, n!))
    );
    for (const { own, plain } of others) {
      const { rows, cols, data } = plain;
      const wanted = matrixOf(3, 2, (i, j) => {
        const y = data[(rows === 1 ? 0 : i) * cols + (cols === 1 ? 0 : j)]!;
        return x!.plain.data[i * 2 + j]! * y;
      });
      const got = await toHost(a, a.hadamard(x!.own, own));
      assertLess(relativeError(got, wanted), tol.relative, `${rows}×${cols}`);
    }
    const error = assertThrows(() => a.hadamard(x!.own, a.zeros(2, 3)), RangeError);
    assertEquals(
      error.message,
      "Cannot multiply element by element: expected 3×2, or one row or column of that, got 2×3",
    );
  },
);

await testAlgebras("weighted() multiplies rows and columns by a number each", async (a, tol) => {
  const { own, plain } = twins(a, gaussian(new Random(6), 3, 2));
  const [rows, columns] = [[2, 0, -1], [0.5, 1e-3]];
  for (const weights of [{}, { rows }, { columns }, { rows, columns }]) {
    const wanted = host.multiply(
      host.multiply(host.diagonal(weights.rows ?? [1, 1, 1]), plain),
      host.diagonal(weights.columns ?? [1, 1]),
    );
    const got = await toHost(a, a.weighted(own, weights));
    assertLess(relativeError(got, wanted), tol.relative);
  }
  const error = assertThrows(() => a.weighted(own, { rows: [1, 2] }), RangeError);
  assertEquals(
    error.message,
    "Cannot weight the rows of a matrix: expected 3 factors, got 2",
  );
});

await testAlgebras("identity(), diagonal() and zeros() hold what their names say", async (a) => {
  assertEquals(await toHost(a, a.identity(3)), matrix([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3));
  assertEquals(await toHost(a, a.diagonal([2, -4])), matrix([2, 0, 0, -4], 2, 2));
  assertEquals(await toHost(a, a.zeros(2, 3)), matrix([0, 0, 0, 0, 0, 0], 2, 3));
});

await testAlgebras("reshape() keeps the row-major order of the elements", async (a) => {
  const x = twins(a, gaussian(new Random(12), 6, 4));
  assertEquals(await toHost(a, a.reshape(x.own, 3, 8)), matrix(x.plain.data, 3, 8));
  assertEquals(await toHost(a, a.reshape(a.transpose(x.own), 24, 1)), {
    ...transposed(x.plain),
    rows: 24,
    cols: 1,
  });
  assertThrows(() => a.reshape(x.own, 5, 5));
  assertEquals(await toHost(a, a.conjugate(x.own)), x.plain);
});

await testAlgebras("qr() rebuilds its matrix from orthonormal and triangular", async (a, tol) => {
  const random = new Random(4);
  for (const [m, n] of SHAPES) {
    const x = twins(a, gaussian(random, m, n));
    const { q, r } = await a.qr(x.own);
    const [hq, hr] = [await toHost(a, q), await toHost(a, r)];
    const k = Math.min(m, n);
    assertEquals([hq.rows, hq.cols, hr.rows, hr.cols], [m, k, k, n]);
    assertLess(defect(hq), tol.orthonormal);
    assertLess(relativeError(host.multiply(hq, hr), x.plain), tol.relative);
    assert(hr.data.every((v, i) => i % n >= Math.floor(i / n) || v === 0), "r is triangular");
  }
});

await testAlgebras("svd() rebuilds its matrix, values descending", async (a, tol) => {
  const random = new Random(5);
  for (const [m, n] of SHAPES) {
    const x = twins(a, gaussian(random, m, n));
    const { p, sigma, q } = await a.svd(x.own);
    const [hp, hq] = [await toHost(a, p), await toHost(a, q)];
    const k = Math.min(m, n);
    assertEquals([hp.rows, hp.cols, hq.rows, hq.cols, sigma.length], [m, k, n, k, k]);
    assertLess(Math.max(defect(hp), defect(hq)), tol.orthonormal);
    const back = host.multiply(host.multiply(hp, host.diagonal(sigma)), hq, {
      transposeRight: true,
    });
    assertLess(relativeError(back, x.plain), tol.relative);
    assert(sigma.every((s, i) => s >= 0 && (i === 0 || s <= sigma[i - 1]!)), `${sigma}`);
  }
});

await testAlgebras(
  "svd() of a matrix without full rank has orthonormal factors",
  async (a, tol) => {
    const random = new Random(6);
    const low = host.multiply(gaussian(random, 12, 3), gaussian(random, 3, 9));
    for (const x of [twins(a, low), twins(a, host.zeros(6, 4))]) {
      const { p, sigma, q } = await a.svd(x.own);
      assertLess(Math.max(defect(await toHost(a, p)), defect(await toHost(a, q))), tol.orthonormal);
      assertLess(sigma[3]!, 10 * tol.relative * Math.max(norm(x.plain), 1e-300));
    }
  },
);

await testAlgebras(
  "orthonormalize() keeps the span, whatever the rank and the scale",
  async (a, tol) => {
    const random = new Random(7);
    const scales = host.diagonal([1, 1e-6, 1e3, 1e-3, 1]);
    const full = gaussian(random, 30, 5);
    const cases: Record<string, Matrix> = {
      "full rank": full,
      "columns of different scale": host.multiply(full, scales),
      "nearly dependent columns": host.lincomb(
        1,
        host.multiply(gaussian(random, 30, 1), gaussian(random, 1, 5)),
        1e-4,
        full,
      ),
      "rank two": host.multiply(gaussian(random, 30, 2), gaussian(random, 2, 5)),
      "a zero column": host.multiply(full, host.diagonal([1, 0, 1, 1, 1])),
      "zero": host.zeros(30, 5),
      "square": gaussian(random, 6, 6),
    };
    for (const [name, x] of Object.entries(cases)) {
      const { plain, own } = twins(a, x);
      const q = await toHost(a, await a.orthonormalize(own));
      assertEquals([q.rows, q.cols], [x.rows, x.cols], name);
      assertLess(defect(q), tol.orthonormal, name);
      const nonzero = keepColumns(plain);
      // Nearly dependent columns: the small part is 1e-4 of a column and is known to 1e-4 of that.
      if (nonzero.cols > 0) assertLess(worstResidual(q, nonzero), 4 * tol.relative, name);
    }
    const wide = twins(a, gaussian(random, 4, 9));
    const q = await toHost(a, await a.orthonormalize(wide.own));
    assertEquals([q.rows, q.cols], [4, 4]);
    assertLess(defect(q), tol.orthonormal);
  },
);

/** The columns that are not zero. */
function keepColumns(x: Matrix): Matrix {
  const some = Array.from({ length: x.cols }, (_, j) => host.columns(x, j, j + 1))
    .filter((c) => norm(c) > 0);
  return some.length === 0 ? host.zeros(x.rows, 0) : host.hstack(some);
}

/** Cases of [U | A]: the rank of U is 4, rows are 25 unless said otherwise. */
async function complementCases(): Promise<Record<string, { u: Matrix; a: Matrix }>> {
  const random = new Random(8);
  const u = await orthonormal(random, 25, 4);
  const inside = host.multiply(u, gaussian(random, 4, 3));
  const any = gaussian(random, 25, 4);
  return {
    "a generic A": { u, a: any },
    "A with fewer columns": { u, a: gaussian(random, 25, 1) },
    "A without full rank": { u, a: host.multiply(gaussian(random, 25, 2), gaussian(random, 2, 4)) },
    "A inside span(U)": { u, a: inside },
    "A partly inside span(U)": { u, a: host.hstack([inside, gaussian(random, 25, 2)]) },
    "A nearly inside span(U)": { u, a: host.lincomb(1, inside, 1e-4, gaussian(random, 25, 3)) },
    "A with columns of different scale": {
      u,
      a: host.multiply(any, host.diagonal([1, 1e-6, 1e6, 1])),
    },
    "A = 0": { u, a: host.zeros(25, 4) },
    "r + k > m": { u: await orthonormal(random, 9, 6), a: gaussian(random, 9, 6) },
    "r + k = m": { u: await orthonormal(random, 9, 5), a: gaussian(random, 9, 4) },
    "r = m − 1": { u: await orthonormal(random, 9, 8), a: gaussian(random, 9, 8) },
    "one row more than one column": { u: matrix([1, 0], 2, 1), a: matrix([3, 1e-3], 2, 1) },
  };
}

const COMPLEMENTS = await complementCases();

for (const [name, { u, a: block }] of Object.entries(COMPLEMENTS)) {
  await testAlgebras(`complement() completes the basis for ${name}`, async (a, tol) => {
    const [basis, added] = [twins(a, u), twins(a, block)];
    const found = await a.complement(basis.own, added.own);
    assertExists(found);
    const extra = await toHost(a, found);
    assertEquals(extra.rows, u.rows);
    assert(extra.cols >= 1 && extra.cols <= Math.min(block.cols, u.rows - u.cols), `${extra.cols}`);
    const q = host.hstack([basis.plain, extra]);
    // U itself is only orthonormal to the rounding of its entries.
    assertLess(defect(q), tol.orthonormal);
    const rest = keepColumns(added.plain);
    if (rest.cols > 0) assertLess(worstResidual(q, rest), 4 * tol.relative);
  });
}

await testAlgebras("complement() is undefined where U spans everything", async (a) => {
  const random = new Random(9);
  const u = twins(a, await orthonormal(random, 6, 6));
  const block = twins(a, gaussian(random, 6, 3));
  assertEquals(await a.complement(u.own, block.own), undefined);
});

await testAlgebras("operations leave their operands untouched", async (a) => {
  const random = new Random(10);
  const [x, u] = [twins(a, gaussian(random, 8, 3)), twins(a, await orthonormal(random, 8, 2))];
  await a.qr(x.own);
  await a.svd(x.own);
  await a.orthonormalize(x.own);
  await a.complement(u.own, x.own);
  a.lincomb(2, x.own, 1, x.own);
  a.scale(3, x.own);
  assertEquals(await toHost(a, x.own), x.plain);
  assertEquals(await toHost(a, u.own), u.plain);
});

await testAlgebras("columns() takes columns that are there, by whole numbers", (a) => {
  const x = a.from(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3);
  for (const [begin, end] of [[0, 4], [-1, 2], [2, 1], [0, 1.5], [0.5, 2], [0, NaN]] as const) {
    assertThrows(() => a.columns(x, begin, end), RangeError, "Cannot take columns: expected their");
  }
  return Promise.resolve();
});
