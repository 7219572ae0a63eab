/** Exact collision operators against values of an independent implementation, and by properties. */

import { assertAlmostEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { choose, hostAlgebra, type Matrix, matrixOf, Random } from "../../../../core/mod.ts";
import { scatteringKernels } from "../../../../tasks/kinetic/collision/kernels.ts";
import {
  integrals,
  slabNodes,
  sphereNodes,
  type VelocityNodes,
} from "../../../../tasks/kinetic/collision/nodes.ts";
import { exactCollision } from "../../../../tasks/kinetic/collision/operator.ts";

const a = hostAlgebra();
const named = (nodes: VelocityNodes, kernel: string) =>
  exactCollision(a, nodes, choose(scatteringKernels, kernel));

/** Kernel, Q at the nodes 0, 25, 50, 75 and 99 of 100, ∫ Q ln f for f = e^v / (2 sinh 1). */
const VALUES: readonly [string, readonly number[], number][] = [
  [
    "isotropic",
    [0.68687509, 0.57454179, 0.13567842, -0.74002374, -1.31237322],
    -0.6260705710,
  ],
  [
    "henyey-greenstein:g=0",
    [0.68687509, 0.57454179, 0.13567842, -0.74002374, -1.31237322],
    -0.6260705710,
  ],
  [
    "henyey-greenstein:g=0.5",
    [0.28643593, 0.21332532, 0.07597728, -0.28310730, -0.75849813],
    -0.2566157439,
  ],
  [
    "henyey-greenstein:g=0.9",
    [0.04957745, 0.02832183, 0.01115895, -0.03488146, -0.17017809],
    -0.0363565886,
  ],
];

for (const [kernel, values, dissipation] of VALUES) {
  Deno.test(`the operator of ${kernel} in the slab has the known values and dissipation`, () => {
    const nodes = slabNodes(100);
    const v = nodes.points.data;
    const f = matrixOf(1, 100, (_, j) => Math.exp(v[j]!) / (2 * Math.sinh(1)));
    const q = named(nodes, kernel).apply(f);
    [0, 25, 50, 75, 99].forEach((j, k) => assertAlmostEquals(q.data[j]!, values[k]!, 5.1e-9));
    const rate = integrals(nodes, matrixOf(1, 100, (_, j) => q.data[j]! * Math.log(f.data[j]!)));
    assertAlmostEquals(rate[0]!, dissipation, 5.1e-11);
  });
}

/** Degrees 1, 2, 3 on 800 nodes: what the eigenvalues g^l − 1 become there, to the digits told. */
const SPECTRA: readonly [string, readonly number[], number][] = [
  ["isotropic", [-1, -1, -1], 1e-12],
  ["henyey-greenstein:g=0.5", [-0.5, -0.75, -0.875], 1e-6],
  ["henyey-greenstein:g=0.9", [-0.0997, -0.1891, -0.2691], 5.1e-5],
];

for (const [kernel, eigenvalues, tolerance] of SPECTRA) {
  Deno.test(`the operator of ${kernel} on the sphere has the known spectrum`, () => {
    const nodes = sphereNodes(20);
    const z = (j: number): number => nodes.points.data[3 * j + 2]!;
    const harmonics = [
      (t: number) => t,
      (t: number) => (3 * t * t - 1) / 2,
      (t: number) => (5 * t ** 3 - 3 * t) / 2,
    ];
    const q = named(nodes, kernel);
    harmonics.forEach((p, l) => {
      const f = matrixOf(1, 800, (_, j) => p(z(j)));
      const image = q.apply(f);
      const product = (x: Matrix): number =>
        integrals(nodes, matrixOf(1, 800, (_, j) => x.data[j]! * f.data[j]!))[0]!;
      assertAlmostEquals(product(image) / product(f), eigenvalues[l]!, tolerance);
    });
  });
}

const SPACES: readonly [string, VelocityNodes][] = [["slab", slabNodes(40)], [
  "sphere",
  sphereNodes(6),
]];

for (const [space, nodes] of SPACES) {
  for (const kernel of ["isotropic", "henyey-greenstein:g=0.9", "henyey-greenstein:g=-0.6"]) {
    Deno.test(`${kernel} in the ${space} keeps mass, dissipates entropy and is symmetric`, () => {
      const n = nodes.weights.length;
      const random = new Random(3);
      const f = matrixOf(8, n, () => Math.exp(random.normal()));
      const q = named(nodes, kernel);
      const image = q.apply(f);
      for (const mass of integrals(nodes, image)) assertLess(Math.abs(mass), 1e-12);
      const rates = integrals(
        nodes,
        matrixOf(8, n, (i, j) => image.data[i * n + j]! * Math.log(f.data[i * n + j]!)),
      );
      for (const rate of rates) assertLess(rate, 0);
      const rest = q.apply(matrixOf(1, n, () => 3));
      for (const value of rest.data) assertLess(Math.abs(value), 1e-12);
      const product = (x: Matrix, y: Matrix, i: number, k: number): number => {
        let sum = 0;
        for (let j = 0; j < n; j++) {
          sum += nodes.weights[j]! * x.data[i * n + j]! * y.data[k * n + j]!;
        }
        return sum;
      };
      assertAlmostEquals(product(f, image, 0, 1), product(image, f, 0, 1), 1e-11);
      assertLessOrEqual(product(f, image, 2, 2), 0);
    });
  }
}
