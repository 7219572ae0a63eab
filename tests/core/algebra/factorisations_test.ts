/** Every factorisation of every algebra on matrices that break factorisations. */

import { assert, assertEquals, assertExists, assertLessOrEqual } from "@std/assert";
import {
  type Algebra,
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  matrix,
} from "../../../core/algebra/mod.ts";
import { lowRankOf } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { testAlgebras, type Tolerance } from "../../support/algebras.ts";
import {
  FLOAT32_RANGE,
  FLOAT64_RANGE,
  hardMatrices,
  type NumberRange,
  type Shape,
} from "../../support/hard_matrices.ts";
import { gaussian } from "../../support/matrices.ts";

const SHAPES: readonly Shape[] = [
  [1, 1],
  [1, 7],
  [7, 1],
  [3, 3],
  [2, 40],
  [40, 2],
  [48, 26],
  [26, 48],
  [33, 33],
];

/** What is measured is measured in complex float64, of which the real matrices are a part. */
const exact = complexAlgebra();

/** An algebra with the way into it and out of it. */
interface Subject<M> {
  readonly a: Algebra<M>;
  readonly range: NumberRange;
  readonly tolerance: Tolerance;
  into(x: ComplexMatrix): M;
  outOf(x: M): Promise<ComplexMatrix>;
}

function real<M>(a: Algebra<M>, tolerance: Tolerance): Subject<M> {
  return {
    a,
    range: a.epsilon < 1e-10 ? FLOAT64_RANGE : FLOAT32_RANGE,
    tolerance,
    into: (x) => a.from(x.re, x.rows, x.cols),
    outOf: async (x) => complexMatrix(matrix(await a.read(x), a.rows(x), a.cols(x))),
  };
}

/** The power of two just above the largest entry; one where all are zero. */
function unitOf(x: ComplexMatrix): number {
  let largest = 0;
  for (const v of [...x.re, ...x.im]) largest = Math.max(largest, Math.abs(v));
  assert(Number.isFinite(largest), "entries must be finite");
  return largest === 0 ? 1 : 2 ** Math.max(-1074, Math.floor(Math.log2(largest)));
}

/** x / unit, exactly. */
function over(x: ComplexMatrix, unit: number): ComplexMatrix {
  return { ...x, re: x.re.map((v) => v / unit), im: x.im.map((v) => v / unit) };
}

const largest = (x: ComplexMatrix): number =>
  x.re.reduce((most, re, i) => Math.max(most, Math.hypot(re, x.im[i]!)), 0);

const product = (x: ComplexMatrix, y: ComplexMatrix): ComplexMatrix => exact.multiply(x, y);

function assertOrthonormal(q: ComplexMatrix, allowed: number, what: string): void {
  assert(q.re.every(Number.isFinite) && q.im.every(Number.isFinite), `${what} is not finite`);
  const gram = exact.multiply(q, q, { transposeLeft: true });
  const defect = largest(exact.lincomb(1, gram, -1, exact.identity(q.cols)));
  assertLessOrEqual(defect, allowed, `${what} is orthonormal to ${defect}`);
}

/** Asserts ‖x − y‖ ≤ error × ‖x‖ + `rounding`. */
async function assertNear(
  { tolerance }: Pick<Subject<never>, "tolerance">,
  y: ComplexMatrix,
  x: ComplexMatrix,
  what: string,
  rounding = 0,
): Promise<void> {
  const distance = await exact.norm(exact.lincomb(1, x, -1, y));
  const allowed = tolerance.relative * await exact.norm(x) + rounding;
  assertLessOrEqual(distance, allowed, `${what}: off by ${distance}`);
}

/** What entries of a factor lose next to the smallest numbers. */
function rounding({ range }: Pick<Subject<never>, "range">, x: ComplexMatrix): number {
  return range.smallest / unitOf(x) * Math.sqrt(x.rows * x.cols);
}

/** The part of `x` in span(Q). */
const within = (q: ComplexMatrix, x: ComplexMatrix): ComplexMatrix =>
  product(q, exact.multiply(q, x, { transposeLeft: true }));

/** What is checked of one matrix. */
type Check = <M>(s: Subject<M>, x: ComplexMatrix) => Promise<void>;

const checks: Record<string, Check> = {
  async "qr()"(s, x) {
    const { q, r } = await s.a.qr(s.into(x));
    const [hq, hr, unit] = [await s.outOf(q), await s.outOf(r), unitOf(x)];
    const k = Math.min(x.rows, x.cols);
    assertEquals([hq.rows, hq.cols, hr.rows, hr.cols], [x.rows, k, k, x.cols]);
    assertOrthonormal(hq, s.tolerance.orthonormal, "Q");
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < i; j++) {
        assertEquals([hr.re[i * x.cols + j], hr.im[i * x.cols + j]].map(Math.abs as never), [0, 0]);
      }
    }
    await assertNear(s, product(hq, over(hr, unit)), over(x, unit), "Q R", rounding(s, x));
  },

  async "svd()"(s, x) {
    const { p, sigma, q } = await s.a.svd(s.into(x));
    const [hp, hq, unit] = [await s.outOf(p), await s.outOf(q), unitOf(x)];
    const k = Math.min(x.rows, x.cols);
    assertEquals([hp.cols, sigma.length, hq.cols], [k, k, k]);
    assertOrthonormal(hp, s.tolerance.orthonormal, "P");
    assertOrthonormal(hq, s.tolerance.orthonormal, "Q");
    assert(sigma.every((v, i) => v >= 0 && (i === 0 || v <= sigma[i - 1]!)), `σ = ${sigma}`);
    const scaled = product(hp, exact.diagonal(sigma.map((v) => v / unit)));
    const back = exact.multiply(scaled, hq, { transposeRight: true });
    await assertNear(s, back, over(x, unit), "P Σ Qᵀ", rounding(s, x));
  },

  async "leftSvd()"(s, x) {
    if (x.rows > x.cols) return;
    const found = await s.a.leftSvd?.(s.into(x));
    if (!found) return;
    const [p, unit] = [await s.outOf(found.p), unitOf(x)];
    assertOrthonormal(p, s.tolerance.orthonormal, "P");
    const { sigma } = await exact.svd(over(x, unit));
    for (const [i, v] of sigma.entries()) {
      const off = Math.abs(found.sigma[i]! / unit - v);
      assertLessOrEqual(off, s.tolerance.relative * sigma[0]! + s.range.smallest / unit, `σ${i}`);
    }
  },

  async "orthonormalize()"(s, x) {
    const [q, unit] = [await s.outOf(await s.a.orthonormalize(s.into(x))), unitOf(x)];
    assertEquals([q.rows, q.cols], [x.rows, Math.min(x.rows, x.cols)]);
    assertOrthonormal(q, s.tolerance.orthonormal, "Q");
    await assertNear(s, within(q, over(x, unit)), over(x, unit), "Q Qᵀ X");
  },

  async "complement()"(s, x) {
    const [r, random] = [Math.floor(x.rows / 2), new Random(x.rows)];
    if (r === 0) return;
    const bases = [
      await s.a.orthonormalize(s.a.from(gaussian(random, x.rows, r).data, x.rows, r)),
      await s.a.orthonormalize(s.into(columns(x, r))), // A is partly inside its span
    ];
    for (const u of bases) {
      const found = await s.a.complement(u, s.into(x));
      assertExists(found);
      const [q, unit] = [await s.outOf(s.a.hstack([u, found])), unitOf(x)];
      assertOrthonormal(q, s.tolerance.orthonormal, "[U | Q]");
      await assertNear(s, within(q, over(x, unit)), over(x, unit), "[U | Q] [U | Q]ᵀ X");
    }
  },

  async "inverseFactor()"(s, x) {
    const unit = unitOf(x);
    const gram = exact.multiply(over(x, unit), over(x, unit), { transposeLeft: true });
    const found = s.a.inverseFactor?.(s.into(gram));
    if (!found) return;
    // R⁻ᵀ G R⁻¹ = I to the condition of G.
    const inverse = await s.outOf(found.inverse);
    const unity = exact.multiply(inverse, product(gram, inverse), { transposeLeft: true });
    const off = largest(exact.lincomb(1, unity, -1, exact.identity(x.cols)));
    assertLessOrEqual(off, 10 * s.range.epsilon * found.condition ** 2, "R⁻ᵀ G R⁻¹ = I");
  },

  async "lowRankOf()"(s, x) {
    const [rank, unit] = [Math.ceil(Math.min(x.rows, x.cols) / 2), unitOf(x)];
    const y = await lowRankOf(s.a, s.into(x), rank);
    const [u, core, v] = [await s.outOf(y.u), await s.outOf(y.s), await s.outOf(y.v)];
    assertOrthonormal(u, s.tolerance.orthonormal, "U");
    assertOrthonormal(v, s.tolerance.orthonormal, "V");
    const { sigma } = await exact.svd(over(x, unit));
    const tail = Math.hypot(...sigma.subarray(rank));
    const back = exact.multiply(product(u, over(core, unit)), v, { transposeRight: true });
    await assertNear(s, back, over(x, unit), "the best of its rank", tail + rounding(s, x));
  },
};

/** The first columns, of which there may be fewer. */
function columns(x: ComplexMatrix, count: number): ComplexMatrix {
  return exact.columns(x, 0, Math.min(count, x.cols));
}

/** Runs a check on every hard matrix; collects what fails, to see the kind and not the first. */
async function runAll<M>(s: Subject<M>, check: Check, complex: boolean): Promise<void> {
  const failures: string[] = [];
  for (const { name, x } of hardMatrices(s.range, SHAPES, complex)) {
    try {
      await check(s, x);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message.split("\n").slice(0, 3).join(" ")}`);
    }
  }
  assert(failures.length === 0, `${failures.length} fail:\n${failures.slice(0, 40).join("\n")}`);
}

for (const [what, check] of Object.entries(checks)) {
  const title = `${what} holds on deficient, graded, constant, zero, denormal and huge matrices`;
  await testAlgebras(title, (a, tolerance) => runAll(real(a, tolerance), check, false));
  Deno.test(`${title} of complex numbers`, async () => {
    const s: Subject<ComplexMatrix> = {
      ...real(exact, { orthonormal: 1e-13, relative: 1e-13 }),
      into: (x) => x,
      outOf: (x) => Promise.resolve(x),
    };
    await runAll(s, check, true);
  });
}
