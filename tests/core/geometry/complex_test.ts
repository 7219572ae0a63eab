/** Manifolds of complex matrices: transposes are conjugate, metrics are real parts. */

import { assert, assertEquals, assertLess } from "@std/assert";
import {
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  imaginaryPart,
} from "../../../core/algebra/mod.ts";
import {
  type AnyManifold,
  canonicalStiefel,
  diagnose,
  euclidean,
  fixedRank,
  fixedTucker,
  grassmann,
  stiefel,
} from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { gaussian, norm } from "../../support/matrices.ts";

const a = complexAlgebra();

function complexGaussian(random: Random, rows: number, cols: number): ComplexMatrix {
  return complexMatrix(gaussian(random, rows, cols), gaussian(random, rows, cols));
}

async function frame(random: Random, rows: number, cols: number): Promise<ComplexMatrix> {
  return (await a.qr(complexGaussian(random, rows, cols))).q;
}

interface Row {
  readonly manifold: AnyManifold<ComplexMatrix>;
  /** A point with imaginary parts. */
  point(random: Random): Promise<unknown>;
}

const ROWS: readonly Row[] = [
  {
    manifold: euclidean(a, { shape: [5, 4] }),
    point: (random) => Promise.resolve(complexGaussian(random, 5, 4)),
  },
  { manifold: stiefel(a, { shape: [7, 3] }), point: (random) => frame(random, 7, 3) },
  { manifold: canonicalStiefel(a, { shape: [7, 3] }), point: (random) => frame(random, 7, 3) },
  { manifold: grassmann(a, { shape: [7, 3] }), point: (random) => frame(random, 7, 3) },
  {
    manifold: fixedRank(a, { shape: [8, 6], ranks: [2] }),
    async point(random) {
      const [u, v] = [await frame(random, 8, 2), await frame(random, 6, 2)];
      return { u, s: a.lincomb(1, a.identity(2), 0.3, complexGaussian(random, 2, 2)), v };
    },
  },
  {
    manifold: fixedTucker(a, { shape: [5, 4, 3], ranks: [2, 2, 2] }),
    async point(random) {
      const factors = [];
      for (const n of [5, 4, 3]) factors.push(await frame(random, n, 2));
      return { core: { shape: [2, 2, 2], data: complexGaussian(random, 2, 4) }, factors };
    },
  },
];

for (const { manifold, point } of ROWS) {
  Deno.test(`complex ${manifold.name} passes every diagnostic`, async () => {
    for (const seed of [1, 2, 3]) {
      const found = await diagnose(a, withImaginaryParts(manifold, point), new Random(seed));
      assertEquals(found.filter((f) => !f.ok), [], `seed ${seed}`);
    }
  });

  Deno.test(`complex ${manifold.name} has tangent vectors with imaginary parts`, async () => {
    const random = new Random(4);
    const wide = withImaginaryParts(manifold, point);
    const x = await wide.randomPoint(random);
    const dense = await wide.tangentToDense(x, await wide.randomTangent(x, random));
    assertLess(0.1, Math.hypot(...dense.map((m) => norm(imaginaryPart(m)))));
  });
}

Deno.test("complex stiefel: i X is tangent, X is not", async () => {
  const manifold = stiefel(a, { shape: [6, 2] });
  const x = await frame(new Random(5), 6, 2);
  const turned: ComplexMatrix = { ...x, re: x.im.map((v) => -v), im: x.re };
  assert((await manifold.checkTangent(x, turned)).ok);
  assertEquals((await manifold.checkTangent(x, x)).ok, false);
});

/** The same manifold with complex random points and vectors; its own start from real numbers. */
function withImaginaryParts(
  manifold: AnyManifold<ComplexMatrix>,
  point: Row["point"],
): AnyManifold<ComplexMatrix> {
  return {
    ...manifold,
    randomPoint: point,
    async randomTangent(x, random) {
      const z = manifold.toDense(x).map((m) => complexGaussian(random, m.rows, m.cols));
      const xi = await manifold.project(x, manifold.fromDense(z));
      return manifold.scale(1 / await manifold.norm(x, xi), xi);
    },
  };
}
