/** Every kind of field against the dense matrix that it stands for. */

import { assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  type Algebra,
  denseField,
  factoredField,
  type FieldAt,
  type LowRank,
  type Matrix,
  matrixMap,
  pairField,
  projectLowRank,
  Random,
  reducedField,
  separableField,
  type SeparableTerm,
  sumField,
  sumTuckerField,
  tangentLowRank,
  transposed,
} from "../../../../core/mod.ts";
import { countingAlgebra } from "../../../support/counting_algebra.ts";
import {
  dense,
  gaussian,
  host,
  norm,
  plus,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../../../support/matrices.ts";

/** A field with its bases and what it is. */
interface Known {
  readonly field: FieldAt<Matrix>;
  /** F as a matrix, formed at once or when asked. */
  readonly whole: () => Matrix;
}

/** A kind of field; `at` is a point of rank 3. */
interface Kind {
  make(a: Algebra<Matrix>, random: Random, at: LowRank<Matrix>): Known | Promise<Known>;
  /** Whether it is a full matrix by nature. */
  readonly full?: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "denseField()": {
    full: true,
    make(a, random, at) {
      const f = gaussian(random, at.u.rows, at.v.rows);
      return { field: denseField(a, f), whole: () => f };
    },
  },
  "factoredField() with any bases": {
    make(a, random, at) {
      const [u, s, v] = [[at.u.rows, 4], [4, 2], [at.v.rows, 2]]
        .map(([m, n]) => gaussian(random, m!, n!)) as [Matrix, Matrix, Matrix];
      return { field: factoredField(a, { u, s, v }), whole: () => dense({ u, s, v }) };
    },
  },
  "factoredField() with the orthonormal bases of the point": {
    make(a, random, { u, v }) {
      const term = { u, s: gaussian(random, 3, 3), v };
      return { field: factoredField(a, term, true), whole: () => dense(term) };
    },
  },
  "factoredField() without a core": {
    make(a, random, at) {
      const [u, v] = [gaussian(random, at.u.rows, 2), gaussian(random, at.v.rows, 2)];
      return { field: factoredField(a, { u, v }), whole: () => times(u, transposed(v)) };
    },
  },
  "separableField()": {
    make(a, _random, at) {
      const [m, n] = [at.u.rows, at.v.rows];
      return { field: separableField(a, at, transport(n)), whole: () => transported(m, n, at) };
    },
  },
  "pairField() of pairs without products": {
    make: (a, random, at) => pairs(a, random, at, false),
  },
  "pairField() of pairs that know theirs": {
    make: (a, random, at) => pairs(a, random, at, true),
  },
  "sumField() with weights": {
    async make(a, random, at) {
      const parts = [await pairs(a, random, at, true), await pairs(a, random, at, false)];
      const source = { u: gaussian(random, at.u.rows, 1), v: gaussian(random, at.v.rows, 1) };
      const fields = [...parts.map((p) => p.field), factoredField(a, source)];
      const whole = (): Matrix => {
        const [p, q] = parts.map((part) => part.whole());
        return plus(host.lincomb(2, p!, -0.5, q!), times(source.u, transposed(source.v)));
      };
      return { field: sumField(a, fields, [2, -0.5, 1]), whole };
    },
  },
  "reducedField()": {
    async make(a, random, at) {
      const part = await pairs(a, random, at, true);
      const reduce = (x: Matrix): Promise<Matrix> => Promise.resolve(a.scale(3, x));
      return { field: reducedField(part.field, reduce), whole: () => host.scale(3, part.whole()) };
    },
  },
  "the projection of a field onto the tangent space": {
    async make(a, random, at) {
      const part = await pairs(a, random, at, false);
      const xi = await projectLowRank(a, at, part.field);
      const field = factoredField(a, tangentLowRank(a, at, xi));
      return { field, whole: () => tangentProjection(at, part.whole()) };
    },
  },
};

/** Upwind differences along rows with a speed for each column, and a rank-one operator. */
function transport(n: number): SeparableTerm<Matrix>[] {
  const speed = (j: number): number => Math.cos(j);
  const mean: Matrix = { rows: n, cols: 1, data: new Float64Array(n).fill(1 / n) };
  return [
    { left: differences, right: (x) => scaledRows(x, speed) },
    { right: (x) => host.multiply(mean, host.multiply(mean, x, { transposeLeft: true })) },
    { left: (x) => host.scale(-0.7, x) },
  ];
}

function transported(m: number, n: number, at: LowRank<Matrix>): Matrix {
  const y = dense(at);
  const terms = transport(n).map(({ left, right }) => {
    const rows = left ? left(host.identity(m)) : host.identity(m);
    const cols = right ? right(host.identity(n)) : host.identity(n);
    return times(rows, y, transposed(cols));
  });
  return terms.reduce(plus);
}

function differences(x: Matrix): Matrix {
  const before = (i: number, j: number): number => i > 0 ? x.data[(i - 1) * x.cols + j]! : 0;
  const data = x.data.map((value, e) => value - before(Math.floor(e / x.cols), e % x.cols));
  return { ...x, data };
}

function scaledRows(x: Matrix, factor: (i: number) => number): Matrix {
  return { ...x, data: x.data.map((value, e) => factor(Math.floor(e / x.cols)) * value) };
}

/** Two uses of a weight with batches of five. */
function pairs(
  a: Algebra<Matrix>,
  random: Random,
  at: LowRank<Matrix>,
  known: boolean,
): Known {
  const uses = [0, 1].map(() => ({
    x: gaussian(random, 5, at.u.rows),
    d: gaussian(random, 5, at.v.rows),
  }));
  const kept = uses.map(({ x, d }) => ({
    x: matrixMap(a, x),
    d,
    ...(known ? { xu: times(x, at.u), dv: times(d, at.v) } : {}),
  }));
  const whole = (): Matrix => uses.map(({ x, d }) => times(transposed(x), d)).reduce(plus);
  const core = known ? times(transposed(at.u), whole(), at.v) : undefined;
  return { field: pairField(a, kept, { u: at.u, v: at.v, core }), whole };
}

for (const [title, kind] of Object.entries(KINDS)) {
  Deno.test(`${title} is the matrix that it stands for, against any bases`, async () => {
    for (const [m, n] of [[14, 11], [9, 20], [6, 6]] as const) {
      const random = new Random(m);
      const at = await randomLowRank(random, m, n, [3, 1, 1e-9]);
      const { field, whole } = await kind.make(host, random, at);
      const f = whole();
      const near = (got: Matrix, wanted: Matrix, what: string): void => {
        assertEquals([got.rows, got.cols], [wanted.rows, wanted.cols], what);
        assertLess(norm(host.lincomb(1, got, -1, wanted)), 1e-13 * norm(f) * 10, what);
      };
      const lefts = [at.u, host.hstack([at.u, gaussian(random, m, 2)]), gaussian(random, m, 1)];
      const rights = [at.v, host.hstack([at.v, gaussian(random, n, 2)]), gaussian(random, n, 1)];
      // Twice: the second time it may have kept products.
      for (const round of ["first", "again"]) {
        for (const v of rights) near(await field.times(v), times(f, v), `F V ${round}`);
        for (const u of lefts) {
          near(await field.adjointTimes(u), times(transposed(f), u), `Fᵀ U ${round}`);
          for (const v of rights) {
            const wanted = times(transposed(u), f, v);
            near(await field.galerkin(u, v), wanted, `Uᵀ F V ${round}`);
          }
        }
      }
    }
  });

  if (kind.full) continue;
  Deno.test(`${title} forms nothing of the size of the matrix`, async () => {
    const [m, n] = [300, 400];
    const random = new Random(1);
    const at = await randomLowRank(random, m, n, [3, 2, 1]);
    const { algebra, largest } = countingAlgebra(host);
    const { field } = await kind.make(algebra, random, at);
    await field.times(at.v);
    await field.adjointTimes(at.u);
    await field.galerkin(gaussian(random, m, 6), gaussian(random, n, 6));
    assertGreater(largest(), 0);
    assertLess(largest(), 20 * Math.max(m, n));
  });
}

Deno.test("separableField() applies each operator once, whatever it is asked for", async () => {
  const random = new Random(2);
  const y = await randomLowRank(random, 12, 9, [2, 1]);
  const applied = { left: 0, right: 0 };
  const field = separableField(host, y, [{
    left: (x) => (applied.left += x.cols, x),
    right: (x) => (applied.right += x.cols, x),
  }]);
  field.times(y.v);
  field.adjointTimes(y.u);
  field.galerkin(gaussian(random, 12, 4), gaussian(random, 9, 4));
  assertEquals(applied, { left: 2, right: 2 });
});

Deno.test("separableField() takes points whose bases are not orthonormal", () => {
  const random = new Random(3);
  const [m, n] = [10, 8];
  const y = { u: gaussian(random, m, 3), s: gaussian(random, 3, 3), v: gaussian(random, n, 3) };
  const field = separableField(host, y, transport(n));
  const whole = field.times(host.identity(n));
  assertLess(relativeError(whole, transported(m, n, y)), 1e-14);
});

Deno.test("a field of no terms says that one is needed", async () => {
  const wanted = "Cannot form the field: a sum of one or more terms is needed, got none";
  const one = host.identity(1);
  assertThrows(() => pairField(host, []).times(one), RangeError, wanted);
  assertThrows(() => separableField(host, { u: one, s: one, v: one }, []), RangeError, wanted);
  const sums = [sumField(host, []).times(one), sumTuckerField(host, []).contract([one])];
  for (const sum of sums) await assertRejects(async () => await sum, RangeError, wanted);
});
