/** What every integrator owes whoever answers it: nothing formed, and no field that is its own. */

import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  augmentedBug,
  denseField,
  euler,
  integrators,
  type LowRank,
  type Matrix,
  matrixMap,
  matrixOf,
  pairField,
  Random,
  reducedField,
  relativeFrobenius,
  type RightHandSide,
  separableField,
  type SeparableTerm,
  stepOde,
  sumField,
  transposed,
} from "../../../../core/mod.ts";
import { countingAlgebra } from "../../../support/counting_algebra.ts";
import { holders } from "../../../support/holders.ts";
import {
  dense,
  gaussian,
  host,
  orthonormal,
  plus,
  randomLowRank,
  relativeError,
  times,
} from "../../../support/matrices.ts";

/** Second differences on a ring. */
const differences = (x: Matrix): Matrix => ({
  ...x,
  data: x.data.map((value, e) => {
    const [i, j] = [Math.floor(e / x.cols), e % x.cols];
    const at = (row: number): number => x.data[((row + x.rows) % x.rows) * x.cols + j]!;
    return at(i - 1) - 2 * value + at(i + 1);
  }),
});

/** Diffusion along rows and columns with a reaction. */
const TERMS: readonly SeparableTerm<Matrix>[] = [
  { left: differences },
  { right: differences },
  { left: (x) => host.scale(0.3, x) },
];

const truncation = { rule: relativeFrobenius, tolerance: 1e-3 };

for (const item of integrators.list()) {
  Deno.test(`${item.name} forms nothing of the size of the matrix`, async () => {
    const [m, n, r] = [300, 400, 2];
    const y = await randomLowRank(new Random(1), m, n, [2, 1]);
    const { algebra, largest } = countingAlgebra(host);
    const rhs = (_t: number, at: LowRank<Matrix>) => separableField(algebra, at, TERMS);
    await stepOde(algebra, item, rhs, y, 0, 0.01, { stepper: euler, truncation });
    // Bases of 4r columns, and fields of three terms at points of that rank.
    assertLess(largest(), 1 + 3 * 4 * r * Math.max(m, n));
    assertLess(largest(), m * n / 10);
  });

  Deno.test(`${item.name} takes the step of the sum where three hold a part of the field`, async () => {
    const random = new Random(2);
    const [m, n] = [12, 9];
    const y = await randomLowRank(random, m, n, [2, 1, 0.5]);
    const parts = [3, 1, 4].map((batch) => ({
      x: gaussian(random, batch, m),
      target: gaussian(random, batch, n),
    }));
    // F = Xᵀ (T − X Y): gradient flow of a least-squares fit, each part from its own rows.
    const partAt = ({ x, target }: typeof parts[number], at: LowRank<Matrix>) => {
      const d = host.lincomb(1, target, -1, times(x, dense(at)));
      return pairField(host, [{ x: matrixMap(host, x), d }]);
    };
    const step = (f: RightHandSide<Matrix>) =>
      stepOde(host, item, f, y, 0, 0.1, { stepper: euler, truncation });
    const whole = await step((_t, at) => sumField(host, parts.map((p) => partAt(p, at))));
    const reduce = holders(parts.length);
    const apart = await Promise.all(
      parts.map((p, i) => step((_t, at) => reducedField(partAt(p, at), reduce[i]!))),
    );
    for (const { y: found } of apart) {
      assertEquals(found.u.cols, whole.y.u.cols);
      assertLess(relativeError(dense(found), dense(whole.y)), 1e-12);
      // Bit for bit the same for all, or their next sums would be of different things.
      assertEquals(found, apart[0]!.y);
    }
  });

  Deno.test(`${item.name} takes the step of the dense field where F is in separable form`, async () => {
    const random = new Random(3);
    const [m, n] = [10, 8];
    const y = await randomLowRank(random, m, n, [2, 1]);
    const [a, b] = [await orthonormal(random, m, m), await orthonormal(random, n, n)];
    const terms = [{ left: (x: Matrix) => times(a, x), right: (x: Matrix) => times(b, x) }, {}];
    const o = { stepper: euler, truncation };
    const inTerms = await stepOde(
      host,
      item,
      (_t, at) => separableField(host, at, terms),
      y,
      0,
      0.1,
      o,
    );
    const rhs = (_t: number, at: LowRank<Matrix>) => {
      const whole = dense(at);
      return denseField(host, plus(times(a, whole, transposed(b)), whole));
    };
    const plain = await stepOde(host, item, rhs, y, 0, 0.1, o);
    assertLess(relativeError(dense(inTerms.y), dense(plain.y)), 1e-12);
  });
}

Deno.test("a step of a matrix of 10¹⁰ entries takes no more than its factors", async () => {
  const n = 100_000;
  const column = (phase: number): Matrix =>
    matrixOf(n, 1, (i) => Math.sqrt(2 / n) * Math.sin(2 * Math.PI * i / n + phase));
  const y = { u: column(0), s: host.identity(1), v: column(1) };
  const rhs = (_t: number, at: LowRank<Matrix>) => separableField(host, at, TERMS);
  const o = { stepper: euler, truncation };
  const { y: next } = await stepOde(host, augmentedBug, rhs, y, 0, 0.1, o);
  // Waves of one period stay what they are, and grow by the reaction alone on so fine a grid.
  assertEquals(next.u.cols, 1);
  assertAlmostEquals(Math.abs(next.s.data[0]!), 1.03, 1e-7);
});
