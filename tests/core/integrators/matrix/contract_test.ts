/** Every integrator through the properties that theory claims for it, in float64. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { hostAlgebra, type Matrix, matrix } from "../../../../core/algebra/mod.ts";
import { denseField, type LowRank, lowRankOf } from "../../../../core/geometry/mod.ts";
import {
  augmentedBug,
  backwardCorrectedPsi,
  euler,
  heun,
  integrate,
  integrators,
  projectedRungeKutta,
  projectionMethod,
  relativeFrobenius,
  rk4,
  stepOde,
} from "../../../../core/integrators/mod.ts";
import { Random } from "../../../../core/random.ts";
import {
  asymmetry,
  basisDependence,
  descentExcess,
  eulerStep,
  evaluations,
  exactness,
  followingError,
  fullRankErrors,
  identityError,
  keepAll,
  normalOrder,
  normDrift,
  orthonormality,
  rankPath,
  SEEDS,
  smallSingularValues,
  tangentOrder,
} from "../../../properties/matrix_measures.ts";
import { MATRIX_ROWS } from "../../../properties/matrix_rows.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  plus,
  projector,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../../../support/matrices.ts";

Deno.test("every registered integrator has a row in the contract table", () => {
  assertEquals(MATRIX_ROWS.map((r) => r.item.name).sort(), integrators.names().sort());
});

for (const row of MATRIX_ROWS) {
  const { item } = row;

  Deno.test(`${item.name} keeps the bases orthonormal to 1e-13`, async () => {
    assertLess(await orthonormality(item), 1e-13);
  });

  Deno.test(`${item.name} leaves its input untouched`, async () => {
    const random = new Random(7);
    const y = await randomLowRank(random, 12, 9, [2, 1, 0.5]);
    const before = structuredClone(y);
    await eulerStep(item, y, gaussian(random, 12, 9), 0.1);
    assertEquals(y, before);
  });

  Deno.test(`${item.name} asks for F as often as it says`, async () => {
    assertEquals(await evaluations(item), item.evaluations);
  });

  Deno.test(`${item.name} with F = 0 leaves the matrix as it is`, async () => {
    const y = await randomLowRank(new Random(5), 14, 10, [2, 1, 1e-7]);
    const still = { rule: relativeFrobenius, tolerance: 0 };
    const { y: next } = await eulerStep(item, y, host.zeros(14, 10), 0.1, still);
    assertLess(relativeError(dense(next), dense(y)), 1e-14);
  });

  Deno.test(`${item.name} does not see which bases represent the matrix`, async () => {
    assertLess(await basisDependence(item), 1e-12);
  });

  const exact = row.exact ? "is exact on a rank-r flow" : "is not exact on rank-r flows";
  Deno.test(`${item.name} ${exact}`, async () => {
    // Rank 9 of a flow of rank 5: the core is singular, and its further directions are arbitrary.
    const errors = [await exactness(item, 5), await exactness(item, 9)];
    assert(row.exact ? Math.max(...errors) < 1e-10 : errors[0]! > 0.1, `errors ${errors}`);
  });

  if (row.identity) {
    const { identity } = row;
    Deno.test(`${item.name} is Y₀ + dt ${identity.formula} to round-off`, async () => {
      assertLess(await identityError(item, identity), 1e-13);
    });
  }

  const descent = row.identity ? "descends by the bound of its paper" : "may miss that bound";
  Deno.test(`${item.name} ${descent} on smooth functions`, async () => {
    const excess = await descentExcess(item);
    assert(row.identity ? excess < 1e-12 : excess > 0.1, `excess ${excess}`);
  });

  const scope = { all: "is", square: "is, of square matrices only,", none: "is not" };
  Deno.test(`${item.name} at full rank ${scope[row.fullRankIsPlain]} the plain Euler step`, async () => {
    const { square, rectangular } = await fullRankErrors(item);
    const plain = { all: [true, true], square: [true, false], none: [false, false] };
    for (const [i, error] of [square, rectangular].entries()) {
      assert(plain[row.fullRankIsPlain][i] ? error < 1e-13 : error > 1e-3, `error ${error}`);
    }
  });

  const symmetry = row.symmetric ? "keeps" : "does not keep";
  Deno.test(`${item.name} ${symmetry} symmetric matrices symmetric`, async () => {
    const defect = await asymmetry(item);
    assert(row.symmetric ? defect < 1e-13 : defect > 1e-3, `defect ${defect}`);
  });

  const norms = row.norm ? "keeps the norm up to truncation" : "changes the norm";
  Deno.test(`${item.name} ${norms} where F is orthogonal to Y`, async () => {
    const drift = await normDrift(item);
    assert(row.norm ? drift < 1e-8 : drift > 1e-7, `drift ${drift}`);
  });

  const follows = row.follows ? "follows" : "does not follow";
  Deno.test(`${item.name} ${follows} A(t) up to the quadrature of the stepper`, async () => {
    const error = await followingError(item);
    assert(row.follows ? error < 1e-5 : error > 5e-5, `error ${error}`);
  });

  Deno.test(`${item.name} converges with order ${row.order} where F is tangent`, async () => {
    assertAlmostEquals(await tangentOrder(item), row.order, 0.25);
  });

  Deno.test(`${item.name} keeps its order ${item.order} where F has a small normal part`, async () => {
    const { slope, error } = await normalOrder(item);
    assertLess(item.order - 0.2, slope);
    assertLess(error, 1e-2);
  });

  Deno.test(`${item.name} makes the same error for σᵣ from 1e-1 to 1e-12`, async () => {
    assertLess(await smallSingularValues(item), 2);
  });

  const ranks = item.adaptive ? "follows a rank that grows and shrinks" : "keeps its rank";
  Deno.test(`${item.name} ${ranks}`, async () => {
    assertEquals(await rankPath(item), item.adaptive ? [2, 4, 1] : [2, 2, 2]);
  });
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
    const { y: next } = await eulerStep(item, y, f, 0.3);
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

for (const item of MATRIX_ROWS.map((r) => r.item).filter((i) => i.adaptive)) {
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
  const { y: up } = await eulerStep(augmentedBug, y, minus(dense(grown), dense(y)), 1, tight);
  assertEquals(up.u.cols, 4);
  const shrunk = await randomLowRank(random, 30, 30, [1]);
  const { y: down } = await eulerStep(augmentedBug, up, minus(dense(shrunk), dense(up)), 1, tight);
  assertEquals(down.u.cols, 1);
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
