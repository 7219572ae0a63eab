/** Steps in float32 by new directions of the bases, which rounding must not choose or move along. */

import { assertEquals, assertLess } from "@std/assert";
import {
  type Algebra,
  complexAlgebra,
  complexMatrix,
  engineAlgebra,
  type Matrix,
  matrix,
} from "../../../../core/algebra/mod.ts";
import { openEngine } from "../../../../core/backend/mod.ts";
import { denseField, lowRankOf, toDense } from "../../../../core/geometry/mod.ts";
import {
  augmentedBackwardCorrectedPsi,
  augmentedBug,
  type Integrator,
  noTruncation,
  parallelBug,
  secondOrderParallelBug,
  secondOrderParallelBug3r,
  stepOde,
} from "../../../../core/integrators/mod.ts";
import { Random } from "../../../../core/random.ts";
import { optimizerStepper } from "../../../../core/training/mod.ts";
import { adam, type Optimizer, sgd } from "../../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../../support/algebras.ts";
import { gaussian, host, minus, relativeError, times } from "../../../support/matrices.ts";

/** Rows, columns and rank of the weight. */
const [M, N, RANK] = [100, 60, 16];

/** The change of a weight by one step on a batch, with F = −XᵀD. */
async function update<A>(
  a: Algebra<A>,
  item: Integrator,
  batch: number,
  optimizer: Optimizer = adam,
  rate = 1e-3,
): Promise<Matrix> {
  const random = new Random(1);
  const rounded = (x: Matrix): Matrix => ({ ...x, data: x.data.map(Math.fround) });
  const [x, d, w] = [[batch, M], [batch, N], [M, N]].map(([rows, cols]) =>
    rounded(gaussian(random, rows!, cols!))
  );
  const f = host.scale(-1e-2 / batch, host.multiply(x!, d!, { transposeLeft: true }));
  const into = (y: Matrix): A => a.from(y.data, y.rows, y.cols);
  const start = await lowRankOf(host, w!, RANK);
  const y = { u: into(start.u), s: into(start.s), v: into(start.v) };
  const { y: next } = await stepOde(a, item, () => denseField(a, into(f)), y, 0, rate, {
    stepper: optimizerStepper(optimizer.create()),
    truncation: { rule: noTruncation, tolerance: 0 },
  });
  const out = async (z: A): Promise<Matrix> => matrix(await a.read(z), a.rows(z), a.cols(z));
  const after = [await out(next.u), await out(next.s), host.transpose(await out(next.v))] as const;
  return minus(times(...after), toDense(host, start));
}

/** Batches of full rank, and of fewer samples than the weight has ranks. */
const CASES: readonly (readonly [Integrator, number])[] = [
  [augmentedBug, 64],
  [augmentedBug, 8],
  [augmentedBackwardCorrectedPsi, 8],
  [secondOrderParallelBug, 64],
];

for (const name of cpuBackends) {
  for (const [item, batch] of CASES) {
    Deno.test({
      ...await onBackend(
        name,
        `Adam's first step by ${item.name} from ${batch} samples is that of float64`,
      ),
      fn: async () => {
        const { engine } = await openEngine(name);
        const step = await engine.scope(() => update(engineAlgebra(engine), item, batch));
        // What is left are genuine entries, which float32 knows to a few digits where they are small.
        assertLess(relativeError(step, await update(host, item, batch)), 2e-3);
      },
    });
  }
}

/** Steps whose directions lie beside a large K, which would hide them. */
const SMALL_STEPS: readonly Integrator[] = [
  augmentedBug,
  parallelBug,
  secondOrderParallelBug,
  secondOrderParallelBug3r,
];

for (const name of cpuBackends) {
  for (const item of SMALL_STEPS) {
    Deno.test({
      ...await onBackend(name, `a small step of ${item.name} keeps all directions of the gradient`),
      fn: async () => {
        const { engine } = await openEngine(name);
        const step = await engine.scope(() => update(engineAlgebra(engine), item, 64, sgd, 0.1));
        const wanted = await update(host, item, 64, sgd, 0.1);
        // A step of 10⁻⁴ of the weight is rounded with it, to 10⁻³ of itself.
        assertLess(relativeError(step, wanted), 2e-3);
      },
    });
  }
}

Deno.test("withoutRoundOff() clears what is round-off beside the largest entry, by size", async () => {
  const x = matrix([3, -1e-14, 1e-12, NaN], 2, 2);
  assertEquals([...(await host.withoutRoundOff(matrix([3, -1e-14, 1e-12, 0], 2, 2))).data], [
    3,
    0,
    1e-12,
    0,
  ]);
  assertEquals([...(await host.withoutRoundOff(x)).data], [...x.data]);
  const both = complexMatrix(matrix([0, 1e-15], 1, 2), matrix([2, 1e-3], 1, 2));
  const { re, im } = await complexAlgebra().withoutRoundOff(both);
  assertEquals([[...re], [...im]], [[0, 1e-15], [2, 1e-3]]);
});
