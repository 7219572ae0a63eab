/** Views of one step, and the gradients in the factors that they let a field hand out. */

import { assertEquals, assertLess } from "@std/assert";
import type { Algebra, InverseFactor, Matrix } from "../../../../core/algebra/mod.ts";
import {
  contractAlong,
  denseTensorField,
  orthogonalityDefect,
  type TuckerFieldAt,
  viewModes,
} from "../../../../core/geometry/mod.ts";
import { euler } from "../../../../core/integrators/mod.ts";
import { runStep } from "../../../../core/integrators/ode.ts";
import { augmentedTuckerBug } from "../../../../core/integrators/tucker/mod.ts";
import { Random } from "../../../../core/random.ts";
import { type TuckerTensor, unfoldCyclic } from "../../../../core/tensors/mod.ts";
import { keepAll } from "../../../properties/matrix_measures.ts";
import { RANKS, SHAPE } from "../../../properties/tucker_measures.ts";
import { host, relativeError } from "../../../support/matrices.ts";
import { full, gaussianTensor, randomTucker, tensorError } from "../../../support/tensors.ts";

/** R⁻¹ of G = RᵀR. */
function inverseFactor(gram: Matrix): InverseFactor<Matrix> | undefined {
  const r = cholesky(gram);
  if (!r) return undefined;
  const n = gram.rows;
  const inverse = host.zeros(n, n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i >= 0; i--) {
      let sum = i === j ? 1 : 0;
      for (let k = i + 1; k <= j; k++) sum -= r.data[i * n + k]! * inverse.data[k * n + j]!;
      inverse.data[i * n + j] = sum / r.data[i * n + i]!;
    }
  }
  return { inverse, condition: Math.hypot(...r.data) * Math.hypot(...inverse.data) };
}

function cholesky({ rows: n, data }: Matrix): Matrix | undefined {
  const r = host.zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = data[i * n + j]!;
      for (let k = 0; k < i; k++) sum -= r.data[k * n + i]! * r.data[k * n + j]!;
      if (i === j && !(sum > 0)) return undefined;
      r.data[i * n + j] = i === j ? Math.sqrt(sum) : sum / r.data[i * n + i]!;
    }
  }
  return r;
}

/** The algebra of the host with a way to inverse factors. */
const quick: Algebra<Matrix> = new Proxy(host, {
  get(target, key) {
    if (key === "inverseFactor") return inverseFactor;
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
  for (const { mode, s, q, turn } of await viewModes(quick, y, true)) {
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
  assertLess(tensorError(full((await step(quick, y, field)).y), wanted), 1e-12);
  assertEquals(asked.gradients, SHAPE.length);
});

Deno.test("a core with a small singular value is seen by its QR factorisation", async () => {
  const y = await randomTucker(new Random(6), SHAPE, RANKS);
  const rows = y.core.shape[0]!;
  const weak = host.diagonal(Array.from({ length: rows }, (_, i) => i === 0 ? 1e-9 : 1));
  const core = { ...y.core, data: host.multiply(weak, y.core.data) };
  const at = { ...y, core };
  const views = await viewModes(quick, at, true);
  assertEquals(views[0]!.turn, undefined);
  assertLess(await orthogonalityDefect(host, views[0]!.q), 1e-12);
  const { plain, field } = counted(at, 7);
  const wanted = full((await step(host, at, plain)).y);
  assertLess(tensorError(full((await step(quick, at, field)).y), wanted), 1e-12);
});
