/** Every Tucker decomposition on tensors that break factorisations. */

import { assert, assertLessOrEqual } from "@std/assert";
import { type Algebra, complexAlgebra, realPart } from "../../../core/algebra/mod.ts";
import { orthogonalityDefect } from "../../../core/geometry/mod.ts";
import {
  combineTensors,
  type TuckerDecomposition,
  tuckerDecompositions,
  tuckerToDense,
} from "../../../core/tensors/mod.ts";
import { FLOAT64_RANGE, hardMatrices } from "../../support/hard_matrices.ts";
import { host } from "../../support/matrices.ts";

async function check<M>(a: Algebra<M>, item: TuckerDecomposition, data: M, name: string) {
  const tensor = { shape: [8, 5, 6], data };
  const options = { maxRanks: [4, 3, 2], tolerance: 1e-10 };
  const { tucker, discarded } = await item.decompose(a, tensor, options);
  for (const u of tucker.factors) {
    assertLessOrEqual(await orthogonalityDefect(a, u), 1e-13, name);
  }
  const size = await a.norm(data);
  const difference = combineTensors(a, 1, tensor, -1, tuckerToDense(a, tucker));
  // From norms errors are known to √ε; next to the smallest numbers to some of those.
  const rounding = 1e-7 * size + 240 * FLOAT64_RANGE.smallest;
  assert(Number.isFinite(discarded), `${name}: ${discarded}`);
  assertLessOrEqual(await a.norm(difference.data), discarded + rounding, name);
  assertLessOrEqual(discarded, 2 * size, name);
}

for (const item of tuckerDecompositions.list()) {
  Deno.test(`${item.name} holds on deficient, graded, constant, zero, denormal and huge tensors`, async () => {
    for (const { name, x } of hardMatrices(FLOAT64_RANGE, [[8, 30]], false)) {
      await check(host, item, realPart(x), name);
    }
    for (const { name, x } of hardMatrices(FLOAT64_RANGE, [[8, 30]], true)) {
      await check(complexAlgebra(), item, x, name);
    }
  });
}
