/** Views of one step, and the gradients in the factors that they let a field hand out. */

import { assertEquals, assertLess } from "@std/assert";
import type { Algebra, Matrix } from "../../../../core/algebra/mod.ts";
import { euler, orthogonalityDefect } from "../../../../core/integrators/mod.ts";
import {
  augmentedTuckerBug,
  contractAlong,
  denseTensorField,
  type TuckerFieldAt,
  viewModes,
} from "../../../../core/integrators/tucker/mod.ts";
import { runStep } from "../../../../core/integrators/steps.ts";
import { Random } from "../../../../core/random.ts";
import { type TuckerTensor, unfoldCyclic } from "../../../../core/tensors/mod.ts";
import { RANKS, SHAPE } from "../../../properties/tucker_measures.ts";
import { keepAll } from "../../../properties/matrix_measures.ts";
import { host, relativeError } from "../../../support/matrices.ts";
import { full, gaussianTensor, randomTucker, tensorError } from "../../../support/tensors.ts";

/** The algebra of the host with a way to left vectors of its own. */
const left: Algebra<Matrix> = new Proxy(host, {
  get(target, key) {
    if (key === "leftSvd") return (x: Matrix) => target.svd(x);
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === "function" ? value.bind(target) : value;
  },
});

/** A field that counts what it is asked at the point whose core and factors these are. */
function counted(y: TuckerTensor<Matrix>, seed: number) {
  const f = denseTensorField(host, gaussianTensor(new Random(seed), SHAPE));
  const asked = { gradients: 0 };
  const field: TuckerFieldAt<Matrix> = {
    ...f,
    factorGradient(mode) {
      asked.gradients++;
      const factors = y.factors.map((u, k) => k === mode ? undefined : u);
      return contractAlong(host, f, mode, { core: y.core, factors });
    },
  };
  return { plain: f, field, asked };
}

const step = (a: Algebra<Matrix>, y: TuckerTensor<Matrix>, f: TuckerFieldAt<Matrix>) =>
  runStep(
    augmentedTuckerBug.step(a, y, 0.3, { stepper: euler, truncation: keepAll }),
    0,
    () => f,
  );

Deno.test("views of one step are orthonormal ones of the same unfoldings", async () => {
  const y = await randomTucker(new Random(3), SHAPE, RANKS);
  for (const { mode, s, q, turn } of await viewModes(left, y, true)) {
    const rows = unfoldCyclic(host, y.core, mode);
    assertLess(await orthogonalityDefect(host, q), 1e-12);
    assertLess(relativeError(host.multiply(s, q, { transposeRight: true }), rows), 1e-12);
    assertLess(relativeError(host.multiply(rows, turn!, { transposeLeft: true }), q), 1e-12);
  }
});

Deno.test("gradients in the factors lead to the step that projections lead to", async () => {
  const y = await randomTucker(new Random(4), SHAPE, RANKS);
  const { plain, field, asked } = counted(y, 5);
  const wanted = full((await step(host, y, plain)).y);
  assertLess(tensorError(full((await step(left, y, field)).y), wanted), 1e-12);
  assertEquals(asked.gradients, SHAPE.length);
});

Deno.test("a core with a small singular value is seen by its QR factorisation", async () => {
  const y = await randomTucker(new Random(6), SHAPE, RANKS);
  const rows = y.core.shape[0]!;
  const weak = host.diagonal(Array.from({ length: rows }, (_, i) => i === 0 ? 1e-9 : 1));
  const core = { ...y.core, data: host.multiply(weak, y.core.data) };
  const at = { ...y, core };
  const views = await viewModes(left, at, true);
  assertEquals(views[0]!.turn, undefined);
  assertLess(await orthogonalityDefect(host, views[0]!.q), 1e-12);
  const { plain, field } = counted(at, 7);
  const wanted = full((await step(host, at, plain)).y);
  assertLess(tensorError(full((await step(left, at, field)).y), wanted), 1e-12);
});
