/** Networks as collision operators: what holds for any weights. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { hostAlgebra, type Matrix, matrixOf, Random } from "../../../../core/mod.ts";
import { conservations, type DeepOnet } from "../../../../layers/mod.ts";
import { collisionNetwork, learntCollision } from "../../../../tasks/kinetic/collision/learnt.ts";
import { meanDefect } from "../../../../tasks/kinetic/collision/errors.ts";
import { relax } from "../../../../tasks/kinetic/collision/relaxation.ts";
import { stream } from "../../../../tasks/kinetic/collision/streaming.ts";
import {
  entropySamples,
  exactCollision,
  integrals,
  isotropic,
  slabNodes,
  sphereNodes,
  type VelocityNodes,
} from "../../../../tasks/kinetic/mod.ts";

const a = hostAlgebra();
const SPACES = { slab: slabNodes(24), sphere: sphereNodes(4) };

function randomWeights({ weights }: DeepOnet, seed: number): Map<string, Matrix> {
  const random = new Random(seed);
  return new Map(weights.map(({ name, shape }) => {
    const [rows, cols] = shape.length === 1 ? [1, shape[0]!] : shape as [number, number];
    return [name, matrixOf(rows, cols, () => random.normal())];
  }));
}

function operatorOf(nodes: VelocityNodes, conservation: string, seed: number, invariants?: Matrix) {
  const network = collisionNetwork(nodes, {
    conservation: conservations.get(conservation),
    hidden: [10, 10],
    modes: 5,
    ...(invariants && { invariants }),
  });
  return learntCollision(nodes, network, randomWeights(network, seed), 0.3);
}

for (const [space, nodes] of Object.entries(SPACES)) {
  for (const conservation of ["hard-gram", "hard-special"]) {
    Deno.test(`an operator with ${conservation} keeps mass in the ${space}, with any weights`, async () => {
      const f = await entropySamples(a, nodes, 10, new Random(1));
      for (const seed of [1, 2, 3]) {
        const operator = operatorOf(nodes, conservation, seed);
        assertLess(meanDefect(nodes, operator.apply(f)), 1e-13);
      }
    });
  }
}

for (const conservation of ["hard-gram", "hard-special"]) {
  Deno.test(`an operator with ${conservation} keeps mass, momentum and energy where asked to`, async () => {
    const nodes = SPACES.sphere;
    const d = nodes.points.data;
    const invariants = matrixOf(
      nodes.points.rows,
      5,
      (i, k) => k === 0 ? 1 : k === 4 ? d[3 * i + 2]! ** 2 : d[3 * i + k - 1]!,
    );
    const f = await entropySamples(a, nodes, 6, new Random(1));
    const q = operatorOf(nodes, conservation, 4, invariants).apply(f);
    for (let k = 0; k < 5; k++) {
      const moment = matrixOf(
        6,
        q.cols,
        (i, j) => q.data[i * q.cols + j]! * invariants.data[5 * j + k]!,
      );
      for (const value of integrals(nodes, moment)) assertLess(Math.abs(value), 1e-12);
    }
  });
}

Deno.test("learnt operators are homogeneous of degree 1, and nothing collides in a vacuum", async () => {
  const nodes = SPACES.slab;
  const f = await entropySamples(a, nodes, 4, new Random(1));
  for (const conservation of conservations.names()) {
    const operator = operatorOf(nodes, conservation, 1);
    const q = operator.apply(f);
    assert(q.data.some((v) => Math.abs(v) > 1e-3));
    const scaled = operator.apply(a.scale(1e-9, f));
    q.data.forEach((v, k) => assertAlmostEquals(1e9 * scaled.data[k]!, v, 1e-12));
    const nothing = operator.apply(a.scale(0, f));
    assert(nothing.data.every((v) => v === 0), conservation);
  }
});

Deno.test("relaxations of the exact operator lie on one another, and keep mass", async () => {
  const nodes = SPACES.slab;
  const f = await entropySamples(a, nodes, 4, new Random(1));
  const exact = exactCollision(a, nodes, isotropic);
  const { times, errors, drifts } = relax(a, nodes, exact, exact, f);
  assertAlmostEquals(times.at(-1)!, 5, 1e-12);
  assertEquals([...errors].every((e) => e === 0), true);
  for (const drift of drifts) assertLess(drift, 1e-13);
  const wrong = relax(a, nodes, { apply: (x) => a.scale(1.1, exact.apply(x)) }, exact, f);
  assert(wrong.errors[5]! > 1e-3);
});

Deno.test("mass in transport is kept with hard variants, and not with plain ones", () => {
  for (const nodes of Object.values(SPACES)) {
    for (const problem of ["inflow", "pulse"] as const) {
      const defect = (conservation: string) =>
        stream(problem, 20, nodes, operatorOf(nodes, conservation, 2)).defect;
      assertLess(defect("hard-gram"), 1e-12);
      assertLess(defect("hard-special"), 1e-12);
      assert(defect("plain") > 1e-6);
    }
  }
});
