import { assertAlmostEquals, assertLess, assertRejects } from "@std/assert";
import { canonicalStiefel } from "../../../core/geometry/mod.ts";
import { Random } from "../../../core/random.ts";
import { host, relativeError } from "../../support/matrices.ts";

// Few rows to complete with, square frames, and the sphere.
const SHAPES = [[5, 3], [4, 3], [4, 4], [6, 2], [7, 1]] as const;

for (const [n, p] of SHAPES) {
  Deno.test(`the canonical logarithm undoes the exponential for ${n}×${p}`, async () => {
    const manifold = canonicalStiefel(host, { shape: [n, p] });
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const x = await manifold.randomPoint(random);
      for (const t of [1e-6, 0.3, 1.2]) {
        const xi = manifold.scale(t, await manifold.randomTangent(x, random));
        const back = await manifold.log!(x, await manifold.exp!(x, xi));
        assertLess(relativeError(back, xi), t < 1e-3 ? 1e-8 : 1e-12);
      }
    }
  });
}

Deno.test("the canonical logarithm on the sphere is the great circle's", async () => {
  const manifold = canonicalStiefel(host, { shape: [7, 1] });
  const random = new Random(4);
  const [x, y] = [await manifold.randomPoint(random), await manifold.randomPoint(random)];
  const cosine = x.data.reduce((sum, v, i) => sum + v * y.data[i]!, 0);
  assertAlmostEquals(await manifold.norm(x, await manifold.log!(x, y)), Math.acos(cosine), 1e-12);
});

Deno.test("the canonical logarithm refuses points that are too far apart", async () => {
  const manifold = canonicalStiefel(host, { shape: [6, 2] });
  const x = await manifold.randomPoint(new Random(5));
  await assertRejects(
    () => manifold.log!(x, host.scale(-1, x)),
    RangeError,
    "Cannot take the logarithm: the points are too far apart",
  );
});
