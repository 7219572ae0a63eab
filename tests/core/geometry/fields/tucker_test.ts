/** Every kind of field of tensors against the dense tensor that it stands for. */

import { assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  type Algebra,
  combineTensors,
  contractAlong,
  denseField,
  type DenseTensor,
  denseTensorField,
  factoredField,
  type Matrix,
  modeProducts,
  Random,
  reducedTuckerField,
  sumTuckerField,
  tuckerField,
  type TuckerFieldAt,
  type TuckerTensor,
  tuckerToDense,
  twoModeField,
} from "../../../../core/mod.ts";
import { countingAlgebra } from "../../../support/counting_algebra.ts";
import { dense, gaussian, host, norm } from "../../../support/matrices.ts";
import { gaussianTensor, randomTucker, tensorError } from "../../../support/tensors.ts";

type Field = TuckerFieldAt<Matrix>;

/** A field and what it is, formed when asked. */
interface Known {
  readonly field: Field;
  readonly whole: () => DenseTensor<Matrix>;
}

/** A kind of field; `at` is a point. */
interface Kind {
  make(a: Algebra<Matrix>, random: Random, at: TuckerTensor<Matrix>): Known | Promise<Known>;
  /** Whether it is a full tensor by nature. */
  readonly full?: boolean;
}

const extents = (at: TuckerTensor<Matrix>): number[] => at.factors.map((u) => u.rows);

const KINDS: Readonly<Record<string, Kind>> = {
  "denseTensorField()": {
    full: true,
    make(a, random, at) {
      const f = gaussianTensor(random, extents(at));
      return { field: denseTensorField(a, f), whole: () => f };
    },
  },
  "tuckerField() with any factors": {
    make: (a, random, at) => inTucker(a, random, at),
  },
  "tuckerField() with the orthonormal factors of the point": {
    make(a, random, at) {
      const f = { ...at, core: gaussianTensor(random, at.core.shape) };
      return { field: tuckerField(a, f, true), whole: () => tuckerToDense(host, f) };
    },
  },
  "sumTuckerField()": {
    make(a, random, at) {
      const [p, q] = [inTucker(a, random, at), inTucker(a, random, at)];
      const whole = () => combineTensors(host, 1, p.whole(), 1, q.whole());
      return { field: sumTuckerField(a, [p.field, q.field]), whole };
    },
  },
  "reducedTuckerField()": {
    make(a, random, at) {
      const part = inTucker(a, random, at);
      const reduce = (x: Matrix): Promise<Matrix> => Promise.resolve(a.scale(3, x));
      const whole = () => combineTensors(host, 3, part.whole(), 0, part.whole());
      return { field: reducedTuckerField(a, part.field, reduce), whole };
    },
  },
};

function inTucker(a: Algebra<Matrix>, random: Random, at: TuckerTensor<Matrix>): Known {
  const ranks = [3, 2, 2];
  const factors = extents(at).map((n, k) => gaussian(random, n, ranks[k]!));
  const f = { core: gaussianTensor(random, ranks), factors };
  return { field: tuckerField(a, f), whole: () => tuckerToDense(host, f) };
}

for (const [title, kind] of Object.entries(KINDS)) {
  Deno.test(`${title} is the tensor that it stands for, in any bases and along any mode`, async () => {
    const random = new Random(4);
    const at = await randomTucker(random, [6, 5, 7], [2, 3, 2]);
    const { field, whole } = await kind.make(host, random, at);
    const f = whole();
    const other = extents(at).map((n) => gaussian(random, n, 2));
    const [u, v, w] = at.factors;
    const choices = [[u, v, w], other, [u, undefined, other[2]], [undefined, v, undefined]];
    for (const bases of choices) {
      const wanted = modeProducts(host, f, bases, { transpose: true });
      assertLess(tensorError(await field.contract(bases), wanted), 1e-12);
    }
    for (const mode of [0, 1, 2]) {
      const shape = at.core.shape.map((r, k) => k === mode ? 4 : r);
      const factors = at.factors.map((b, k) => k === mode ? undefined : b);
      const others = { core: gaussianTensor(random, shape), factors };
      const wanted = contractAlong(host, denseTensorField(host, f), mode, others);
      const found = await contractAlong(host, field, mode, others);
      assertLess(norm(host.lincomb(1, found, -1, wanted)), 1e-12 * norm(wanted));
    }
  });

  if (kind.full) continue;
  Deno.test(`${title} forms nothing of the size of the tensor`, async () => {
    const random = new Random(5);
    const at = await randomTucker(random, [50, 60, 40], [2, 3, 2]);
    const { algebra, largest } = countingAlgebra(host);
    const { field } = await kind.make(algebra, random, at);
    await field.contract(at.factors);
    for (const mode of [0, 1, 2]) {
      const factors = at.factors.map((b, k) => k === mode ? undefined : b);
      await contractAlong(algebra, field, mode, { core: at.core, factors });
    }
    assertLess(largest(), 1000);
  });
}

Deno.test("reducedTuckerField() sums what parts know of gradients in factors", async () => {
  const part: Field = {
    ...denseTensorField(host, gaussianTensor(new Random(6), [2, 2])),
    factorGradient: (mode) => mode === 0 ? host.identity(2) : undefined,
  };
  const reduce = (x: Matrix): Promise<Matrix> => Promise.resolve(host.scale(2, x));
  const whole = reducedTuckerField(host, part, reduce);
  assertEquals(await whole.factorGradient!(0), host.diagonal([2, 2]));
  assertEquals(whole.factorGradient!(1), undefined);
});

Deno.test("twoModeField() is the field of a matrix, in any bases and along both modes", () => {
  const random = new Random(7);
  const y = { u: gaussian(random, 6, 2), s: gaussian(random, 2, 3), v: gaussian(random, 5, 3) };
  const found = twoModeField(host, factoredField(host, y));
  const wanted = denseTensorField(host, { shape: [6, 5], data: dense(y) });
  const [b, c] = [gaussian(random, 6, 4), gaussian(random, 5, 2)];
  for (const bases of [[b, c], [undefined, c], [b, undefined]]) {
    assertLess(tensorError(found.contract(bases), wanted.contract(bases)), 1e-13);
  }
  for (const [mode, factors] of [[undefined, c], [b, undefined]].entries()) {
    const core = gaussianTensor(random, mode === 0 ? [3, 2] : [4, 3]);
    const [one, two] = [found, wanted].map((f) => contractAlong(host, f, mode, { core, factors }));
    assertLess(norm(host.lincomb(1, one!, -1, two!)), 1e-13 * norm(two!));
  }
  assertThrows(
    () => twoModeField(host, denseField(host, dense(y))).contract([undefined, undefined]),
    RangeError,
    "Cannot contract the field of a matrix: a basis is needed, got none",
  );
});
