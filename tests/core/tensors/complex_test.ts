/** Tensors, Tucker decompositions and Tucker integrators over complex numbers. */

import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  complexAlgebra,
  type ComplexMatrix,
  complexMatrix,
  imaginaryPart,
  type Matrix,
  realPart,
} from "../../../core/algebra/mod.ts";
import {
  denseField,
  denseTensorField,
  orthogonalityDefect,
  toDense,
} from "../../../core/geometry/mod.ts";
import {
  augmentedBug,
  bug,
  euler,
  noTruncation,
  parallelBug,
  relativeFrobenius,
  stepOde,
  type Truncation,
} from "../../../core/integrators/mod.ts";
import {
  augmentedTuckerBug,
  parallelTuckerBug,
  tuckerBug,
  type TuckerIntegrator,
} from "../../../core/integrators/tucker/mod.ts";
import { Random } from "../../../core/random.ts";
import {
  addTucker,
  combineTensors,
  type DenseTensor,
  fold,
  modeProduct,
  modeProducts,
  roundTucker,
  tensorInner,
  tuckerDecompositions,
  tuckerInner,
  tuckerNorm,
  type TuckerTensor,
  tuckerToDense,
  unfold,
} from "../../../core/tensors/mod.ts";
import { gaussian, host } from "../../support/matrices.ts";
import { gaussianTensor, type HostTensor, plainUnfold } from "../../support/tensors.ts";

type ComplexTensor = DenseTensor<ComplexMatrix>;
type ComplexTucker = TuckerTensor<ComplexMatrix>;

const a = complexAlgebra();
const SHAPE = [6, 5, 4, 3];
const keepAll = { rule: noTruncation, tolerance: 0 };

function complexGaussian(random: Random, rows: number, cols: number): ComplexMatrix {
  return complexMatrix(gaussian(random, rows, cols), gaussian(random, rows, cols));
}

function complexTensor(random: Random, shape: readonly number[]): ComplexTensor {
  const [re, im] = [gaussianTensor(random, shape), gaussianTensor(random, shape)];
  return { shape, data: complexMatrix(re.data, im.data) };
}

async function complexTucker(
  random: Random,
  shape: readonly number[],
  ranks: readonly number[],
): Promise<ComplexTucker> {
  const factors: ComplexMatrix[] = [];
  for (const [k, n] of shape.entries()) {
    factors.push(await a.orthonormalize(complexGaussian(random, n, ranks[k]!)));
  }
  return { core: complexTensor(random, ranks), factors };
}

/** Real and imaginary part of a tensor. */
function parts(t: ComplexTensor): [HostTensor, HostTensor] {
  return [{ ...t, data: realPart(t.data) }, { ...t, data: imaginaryPart(t.data) }];
}

async function error(x: ComplexMatrix, y: ComplexMatrix): Promise<number> {
  return await a.norm(a.lincomb(1, x, -1, y)) / await a.norm(y);
}

function projector(u: ComplexMatrix): ComplexMatrix {
  return a.multiply(u, u, { transposeRight: true });
}

async function step(
  item: TuckerIntegrator,
  y: ComplexTucker,
  f: ComplexTensor,
  dt: number,
  truncation: Truncation | readonly Truncation[] = keepAll,
): Promise<ComplexTucker> {
  const o = { stepper: euler, truncation };
  return (await stepOde(a, item, () => denseTensorField(a, f), y, 0, dt, o)).y;
}

Deno.test("unfolding complex tensors moves elements and conjugates none", async () => {
  const t = complexTensor(new Random(1), SHAPE);
  const [re, im] = parts(t);
  for (const mode of SHAPE.keys()) {
    const unfolded = unfold(a, t, mode);
    assertEquals(realPart(unfolded), plainUnfold(re, mode));
    assertEquals(imaginaryPart(unfolded), plainUnfold(im, mode));
    assertEquals(await error(fold(a, unfolded, mode, SHAPE).data, t.data), 0);
  }
});

Deno.test("mode products of complex tensors multiply real and imaginary parts", async () => {
  const random = new Random(2);
  const t = complexTensor(random, SHAPE);
  const [re, im] = parts(t);
  for (const [mode, n] of SHAPE.entries()) {
    const u = complexGaussian(random, 4, n);
    const times = (x: HostTensor, w: Matrix) => modeProduct(host, x, w, mode);
    const [p, q] = [realPart(u), imaginaryPart(u)];
    const wanted = complexMatrix(
      combineTensors(host, 1, times(re, p), -1, times(im, q)).data,
      combineTensors(host, 1, times(re, q), 1, times(im, p)).data,
    );
    assertLess(await error(modeProduct(a, t, u, mode).data, wanted), 1e-14);
    const adjoint = modeProduct(a, t, a.transpose(u), mode, { transpose: true });
    assertLess(await error(adjoint.data, wanted), 1e-14);
  }
});

Deno.test("complex inner products take the real part and agree in Tucker format", async () => {
  const random = new Random(3);
  const [x, y] = [
    await complexTucker(random, SHAPE, [2, 3, 2, 2]),
    await complexTucker(random, SHAPE, [3, 2, 2, 1]),
  ];
  const [fx, fy] = [tuckerToDense(a, x), tuckerToDense(a, y)];
  const [rx, ix] = parts(fx);
  const [ry, iy] = parts(fy);
  const plain = await tensorInner(host, rx, ry) + await tensorInner(host, ix, iy);
  assertAlmostEquals(await tensorInner(a, fx, fy), plain, 1e-12);
  assertAlmostEquals(await tuckerInner(a, x, y), plain, 1e-12);
  assertAlmostEquals(await tuckerNorm(a, x) / await a.norm(fx.data), 1, 1e-13);
});

Deno.test("roundTucker() takes the ranks of a complex sum back", async () => {
  const x = await complexTucker(new Random(4), SHAPE, [2, 3, 2, 1]);
  const { tucker } = await roundTucker(a, addTucker(a, 2, x, -1, x), { tolerance: 1e-12 });
  assertEquals(tucker.core.shape, [2, 3, 2, 1]);
  assertLess(await error(tuckerToDense(a, tucker).data, tuckerToDense(a, x).data), 1e-13);
});

for (const item of tuckerDecompositions.list()) {
  Deno.test(`${item.name} finds a complex tensor of known ranks`, async () => {
    const x = tuckerToDense(a, await complexTucker(new Random(5), SHAPE, [2, 3, 2, 2]));
    const o = { maxRanks: [2, 3, 2, 2], oversampling: 1 };
    const { tucker } = await item.decompose(a, x, o);
    assertLess(await error(tuckerToDense(a, tucker).data, x.data), 1e-13);
    for (const u of tucker.factors) assertLess(await orthogonalityDefect(a, u), 1e-13);
  });
}

for (const item of [tuckerBug, augmentedTuckerBug, parallelTuckerBug]) {
  Deno.test(`${item.name} at full ranks is the plain Euler step, in complex numbers`, async () => {
    const random = new Random(6);
    const y = await complexTucker(random, SHAPE, SHAPE);
    const f = complexTensor(random, SHAPE);
    const next = tuckerToDense(a, await step(item, y, f, 0.1));
    const wanted = combineTensors(a, 1, tuckerToDense(a, y), 0.1, f);
    assertLess(await error(next.data, wanted.data), 1e-13);
  });
}

for (
  const { item, matrix } of [
    { item: tuckerBug, matrix: bug },
    { item: augmentedTuckerBug, matrix: augmentedBug },
    { item: parallelTuckerBug, matrix: parallelBug },
  ]
) {
  Deno.test(`${item.name} at order 2 is ${matrix.name}, in complex numbers`, async () => {
    const random = new Random(7);
    const [u, v] = [
      await a.orthonormalize(complexGaussian(random, 9, 3)),
      await a.orthonormalize(complexGaussian(random, 7, 3)),
    ];
    const s = complexGaussian(random, 3, 3);
    const f = complexGaussian(random, 9, 7);
    // U S Vᴴ is the Tucker tensor with factors U and the conjugate of V.
    const tucker = { core: { shape: [3, 3], data: s }, factors: [u, a.conjugate(v)] };
    for (const truncation of [keepAll, { rule: relativeFrobenius, tolerance: 0.1 }]) {
      const o = { stepper: euler, truncation };
      const wanted = (await stepOde(a, matrix, () => denseField(a, f), { u, s, v }, 0, 0.2, o)).y;
      const got = await step(item, tucker, { shape: [9, 7], data: f }, 0.2, truncation);
      assertLess(await error(tuckerToDense(a, got).data, toDense(a, wanted)), 1e-12);
    }
  });
}

Deno.test("augmented-tucker-bug obeys its one-step identity in complex numbers", async () => {
  const random = new Random(8);
  const y = await complexTucker(random, SHAPE, [2, 3, 2, 2]);
  const f = complexTensor(random, SHAPE);
  const next = await step(augmentedTuckerBug, y, f, 0.2);
  assert(next.core.shape[0]! > 2);
  const latent = modeProducts(a, f, next.factors.map(projector));
  const wanted = combineTensors(a, 1, tuckerToDense(a, y), 0.2, latent);
  assertLess(await error(tuckerToDense(a, next).data, wanted.data), 1e-13);
});

Deno.test("tucker-bug is exact on complex flows of its ranks", async () => {
  const random = new Random(9);
  const [y, target] = [
    await complexTucker(random, SHAPE, [2, 2, 2, 2]),
    tuckerToDense(a, await complexTucker(random, SHAPE, [2, 2, 2, 2])),
  ];
  const f = combineTensors(a, 1, target, -1, tuckerToDense(a, y));
  const next = await step(tuckerBug, y, f, 1);
  assertLess(await error(tuckerToDense(a, next).data, target.data), 1e-10);
});
