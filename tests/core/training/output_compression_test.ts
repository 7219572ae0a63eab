/** Truncation by principal components of outputs, against what is least over the same examples. */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  alongOutputs,
  compressStates,
  denseNetwork,
  type Examples,
  examplesOf,
  initialStates,
  type Layer,
  type Matrix,
  matrix,
  matrixOf,
  Random,
  ranksOf,
  relativeFrobenius,
  type Tensor,
  type TrainingMethod,
  type WeightStates,
} from "../../../core/mod.ts";
import { conv2d, flatten, linear, sequential } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { gaussian, host, minus, norm } from "../../support/matrices.ts";
import { methodOf, readMatrix } from "../../support/training.ts";

const [COUNT, INPUTS, OUTPUTS] = [300, 9, 6];

function layerOf(format: string, bias = true): Layer {
  return linear({ name: "a", inputs: INPUTS, outputs: OUTPUTS, format, activation: "relu", bias });
}

/** Inputs of very different lengths, with means of their own. */
const X: Matrix = (() => {
  const draws = gaussian(new Random(5), COUNT, INPUTS);
  return matrixOf(COUNT, INPUTS, (i, j) => 4 ** -(j % 4) * (draws.data[i * INPUTS + j]! + (j % 3)));
})();

function examples(x: Matrix, shape: readonly number[] = [x.cols]): Examples {
  return examplesOf({ x: { data: Float32Array.from(x.data), shape } }, x.rows);
}

/** A network with biases that are not zero, on the engine; no tensor may be left over. */
async function testOn(
  title: string,
  network: Layer,
  check: (method: TrainingMethod, states: WeightStates) => Promise<void>,
): Promise<void> {
  Deno.test({
    ...await onBackend("wasm", title),
    fn: async () => {
      const truncation = { rule: relativeFrobenius, tolerance: 0 };
      const method = await methodOf({ backend: "wasm", truncation });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const drawn = await initialStates(method, denseNetwork(network), 3);
        const random = new Random(4);
        const states = Object.fromEntries(
          Object.entries(drawn).map(([name, state]) => {
            const { shape, size } = state.value as Tensor;
            if (shape.length > 1) return [name, state];
            const value = engine.tensor(random.fillNormal(new Float32Array(size)), shape);
            return [name, { ...state, value }];
          }),
        );
        await check(method, states);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

/** Outputs before the activation, in float64. */
async function outputs({ engine }: TrainingMethod, states: WeightStates): Promise<Matrix> {
  const w = await readMatrix(engine, states["a.weight"]!.value as Tensor);
  const b = states["a.bias"] && await engine.read(states["a.bias"].value as Tensor);
  const y = host.multiply(X, w);
  return matrixOf(COUNT, OUTPUTS, (i, j) => y.data[i * OUTPUTS + j]! + (b?.[j] ?? 0));
}

function meansOf(y: Matrix): Float64Array {
  const sums = new Float64Array(y.cols);
  y.data.forEach((v, k) => sums[k % y.cols]! += v / y.rows);
  return sums;
}

/** Σ over the components after the first ones of the variances of outputs. */
async function tail(y: Matrix, rank: number): Promise<number> {
  const mean = meansOf(y);
  const centred = matrixOf(y.rows, y.cols, (i, j) => y.data[i * y.cols + j]! - mean[j]!);
  const { sigma } = await host.svd(centred);
  return sigma.subarray(rank).reduce((sum, s) => sum + s * s, 0) / y.rows;
}

const lowRank = layerOf("low-rank");

await testOn(
  "outputs of truncated layers are as near as any of their rank",
  lowRank,
  async (m, s) => {
    const y = await outputs(m, s);
    for (const rank of [1, 3, 5]) {
      const { states, network, leftOut } = await alongOutputs(m, lowRank, s, {
        examples: examples(X),
        rank,
        batch: 70,
      });
      const own = await outputs(m, states);
      const least = await tail(y, rank);
      assertAlmostEquals(norm(minus(own, y)) ** 2 / COUNT / least, 1, 1e-4);
      assertAlmostEquals(leftOut["a.weight"]! / (least / await tail(y, 0)), 1, 1e-4);
      meansOf(own).forEach((v, j) => assertAlmostEquals(v, meansOf(y)[j]!, 1e-4));
      // Its truncation by itself is as large as it was asked to be, and loses nothing more.
      const held = await compressStates(m, network, states);
      assertEquals(ranksOf(network, held.states), { "a.weight": rank });
      assertLess(held.discarded["a.weight"]!, 1e-5);
      // An SVD of the weight, with inputs of such lengths, is far from it.
      const bySvd = await compressStates(m, lowRank, s, { rank });
      const plain = (await compressStates(m, denseNetwork(lowRank), bySvd.states)).states;
      assertGreater(norm(minus(await outputs(m, plain), y)), 1.05 * norm(minus(own, y)));
    }
  },
);

await testOn("layers of full rank stay as they are, bit for bit", lowRank, async (m, s) => {
  const { states } = await alongOutputs(m, lowRank, s, { examples: examples(X), rank: OUTPUTS });
  assertEquals(states, s);
});

await testOn("scales of the inputs change nothing", lowRank, async (m, s) => {
  const d = (j: number) => 3 ** (j % 3 - 1);
  const w = await readMatrix(m.engine, s["a.weight"]!.value as Tensor);
  const scaled = matrixOf(INPUTS, OUTPUTS, (i, j) => w.data[i * OUTPUTS + j]! / d(i));
  const value = m.algebra.from(scaled.data, INPUTS, OUTPUTS);
  const turned = { ...s, "a.weight": { format: "dense", value } };
  const x = matrixOf(COUNT, INPUTS, (i, j) => X.data[i * INPUTS + j]! * d(j));
  const one = await alongOutputs(m, lowRank, s, { examples: examples(X), rank: 2 });
  const other = await alongOutputs(m, lowRank, turned, { examples: examples(x), rank: 2 });
  const back = await readMatrix(m.engine, other.states["a.weight"]!.value as Tensor);
  const own = await readMatrix(m.engine, one.states["a.weight"]!.value as Tensor);
  const unscaled = matrixOf(INPUTS, OUTPUTS, (i, j) => back.data[i * OUTPUTS + j]! * d(i));
  assertLess(norm(minus(unscaled, own)), 1e-4 * norm(own));
});

const bare = layerOf("low-rank", false);

await testOn("without a bias, second moments are what counts", bare, async (m, s) => {
  const y = await outputs(m, s);
  const { states } = await alongOutputs(m, bare, s, { examples: examples(X), rank: 2 });
  const { sigma } = await host.svd(y);
  const least = Math.hypot(...sigma.subarray(2));
  assertAlmostEquals(norm(minus(await outputs(m, states), y)) / least, 1, 1e-4);
});

const both = (format: string): Layer =>
  sequential([
    conv2d({ name: "c", inputs: 2, outputs: 5, size: 3, format }),
    flatten(),
    linear({ name: "d", inputs: 4 * 5 * 5, outputs: 4, format: "dense" }),
  ]);

await testOn(
  "kernels are truncated by their pixels; what is dense stays",
  both("low-rank"),
  async (m, s) => {
    const x = gaussian(new Random(6), 40, 4 * 5 * 2);
    const { states, leftOut, network } = await alongOutputs(m, both("low-rank"), s, {
      examples: examples(x, [4, 5, 2]),
      tolerance: 0.3,
    });
    assertEquals(Object.keys(leftOut), ["c.kernel"]);
    assert(leftOut["c.kernel"]! <= 0.09);
    const rank = network.weights.find((w) => w.name === "c.kernel")!.rank!;
    assertLess(rank, 5);
    const kernel = states["c.kernel"]!.value as Tensor;
    const values = matrix(await m.engine.read(kernel), 18, 5);
    const { sigma } = await host.svd(values);
    assertEquals(sigma.filter((v) => v > 1e-5 * sigma[0]!).length, rank);
    assertEquals(states["d.weight"], s["d.weight"]);
  },
);
