/** Densities to learn from: what they are made of, and what is refused. */

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { choose, hostAlgebra, type Matrix, matrixOf, Random } from "../../../../core/mod.ts";
import {
  entropySamples,
  exactCollision,
  integrals,
  naiveSamples,
  scatteringKernels,
  slabNodes,
  sphereNodes,
} from "../../../../tasks/kinetic/collision/mod.ts";

const a = hostAlgebra();

/** Mean Euclidean length of the rows. */
function meanLength({ rows, cols, data }: Matrix): number {
  const lengths = Array.from(
    { length: rows },
    (_, i) => Math.hypot(...data.subarray(i * cols, (i + 1) * cols)),
  );
  return lengths.reduce((sum, length) => sum + length, 0) / rows;
}

Deno.test("entropySamples() draws densities whose collisions are as large as published ones", async () => {
  const nodes = slabNodes(100);
  const f = await entropySamples(a, nodes, 1000, new Random(1));
  for (const [kernel, published] of [["isotropic", 3.0126], ["henyey-greenstein:g=0.9", 0.3315]]) {
    const q = exactCollision(a, nodes, choose(scatteringKernels, kernel as string)).apply(f);
    assertAlmostEquals(meanLength(q) / (published as number), 1, 0.03);
  }
});

Deno.test("samples are positive densities of mass 1, a function of the seed", async () => {
  for (const nodes of [slabNodes(12), sphereNodes(4)]) {
    const entropy = (seed: number) => entropySamples(a, nodes, 20, new Random(seed));
    const naive = (seed: number) => naiveSamples(nodes, 20, new Random(seed));
    for (const draw of [entropy, naive]) {
      const f = await draw(1);
      assert(f.data.every((value) => value > 0));
      for (const mass of integrals(nodes, f)) assertAlmostEquals(mass, 1, 1e-14);
      assertEquals(await draw(1), f);
      assert((await draw(2)).data[0] !== f.data[0]);
    }
  }
});

Deno.test("entropySamples() draws logarithms that are polynomials of degree 2", async () => {
  const nodes = slabNodes(9);
  const f = await entropySamples(a, nodes, 5, new Random(1));
  const v = nodes.points.data;
  const basis = (await a.qr(matrixOf(9, 3, (j, k) => v[j]! ** k))).q;
  const logs = matrixOf(9, 5, (j, i) => Math.log(f.data[i * 9 + j]!));
  const inside = a.multiply(basis, a.multiply(basis, logs, { transposeLeft: true }));
  logs.data.forEach((value, k) => assertAlmostEquals(value, inside.data[k]!, 1e-14));
});

Deno.test("entropySamples() keeps its bound on the condition, and says where none can", async () => {
  const nodes = slabNodes(20);
  const drawn = (condition: number) =>
    entropySamples(a, nodes, 3, new Random(1), { deviation: 8, condition });
  assert((await drawn(5)).data[0] !== (await drawn(1e9)).data[0]);
  await assertRejects(() => drawn(1), RangeError, "below 1, got 0 in 1001 tries; raise it");
  await assertRejects(() => drawn(NaN), RangeError, "expected the condition number to be a number");
});
