/** Networks of operators: what they conserve with any weights, in float64 and on engines. */

import { assert, assertAlmostEquals, assertLess, assertThrows } from "@std/assert";
import {
  batchEvaluator,
  currentPoints,
  disposeStates,
  type Engine,
  gaussLegendre,
  hostAlgebra,
  initialStates,
  type Layer,
  type Matrix,
  matrix,
  matrixOf,
  networkAt,
  Random,
  type Task,
  type Tensor,
  type WeightStates,
} from "../../../core/mod.ts";
import {
  conservations,
  type DeepOnet,
  deepOnet,
  type FunctionDomain,
  linear,
  sequential,
} from "../../../layers/mod.ts";
import { Domain, orthonormalBehind } from "../../../layers/operators/function_space.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { methodOf } from "../../support/training.ts";

/** Gauss-Legendre nodes, with the moments up to a degree as invariants. */
function domainOf(count: number, degree: number): FunctionDomain {
  const { nodes, weights } = gaussLegendre(count);
  return {
    nodes: matrix(nodes, count, 1),
    weights,
    invariants: matrixOf(count, degree + 1, (i, k) => nodes[i]! ** k),
  };
}

function networkOf(conservation: string, degree: number, count = 30): DeepOnet {
  return deepOnet({
    domain: domainOf(count, degree),
    branch: [12, 10],
    trunk: [9, 11],
    modes: 6,
    conservation: conservations.get(conservation),
  });
}

/** Weights of a network as large as they come: far from any start. */
function randomWeights({ weights }: DeepOnet, seed: number, size = 1): Map<string, Matrix> {
  const random = new Random(seed);
  return new Map(weights.map(({ name, shape }) => {
    const [rows, cols] = shape.length === 1 ? [1, shape[0]!] : shape as [number, number];
    return [name, matrixOf(rows, cols, () => size * random.normal())];
  }));
}

/** Largest ∫ g y over the largest |y|, invariants g. */
function defect({ weights, invariants }: FunctionDomain, y: Matrix): number {
  let worst = 0;
  for (let i = 0; i < y.rows; i++) {
    for (let k = 0; k < invariants.cols; k++) {
      let sum = 0;
      for (let j = 0; j < y.cols; j++) {
        sum += weights[j]! * invariants.data[j * invariants.cols + k]! * y.data[i * y.cols + j]!;
      }
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  return worst / y.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
}

for (const conservation of ["hard-gram", "hard-special"]) {
  for (const [what, degree] of [["mass", 0], ["mass, momentum and energy", 2]] as const) {
    Deno.test(`${conservation} keeps ${what} to round-off with any weights`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const network = networkOf(conservation, degree);
        const map = network.exact(randomWeights(network, seed, seed % 2 ? 1 : 0.1));
        const random = new Random(seed).fork("x");
        const y = map(matrixOf(5, 30, () => random.normal()));
        assert(y.data.every(Number.isFinite));
        assertLess(defect(network.domain, y), 1e-12);
      }
    });
  }
}

Deno.test("conservation can fail: plain, bias and soft keep nothing by themselves", () => {
  for (const conservation of ["plain", "bias", "soft"]) {
    const network = networkOf(conservation, 0);
    const y = network.exact(randomWeights(network, 1))(matrixOf(2, 30, (i, j) => i + j));
    assert(defect(network.domain, y) > 1e-3, conservation);
  }
});

Deno.test("the number of bias is added to every output, and to nothing else", () => {
  const network = networkOf("bias", 0);
  const weights = randomWeights(network, 1);
  const x = matrixOf(2, 30, (i, j) => i + j);
  const found = network.exact(weights)(x);
  weights.delete("output.bias");
  const plain = networkOf("plain", 0).exact(weights)(x);
  const number = randomWeights(network, 1).get("output.bias")!.data[0]!;
  found.data.forEach((y, k) => assertAlmostEquals(y, plain.data[k]! + number, 1e-14));
});

Deno.test("hard-special leaves functions as they are that keep the invariants already", () => {
  const { exact: space } = new Domain(domainOf(30, 1));
  const { basis } = conservations.get("hard-special");
  const random = new Random(1);
  const once = basis!(space, matrixOf(30, 4, () => random.normal()));
  const twice = basis!(space, once);
  once.data.forEach((v, k) => assertAlmostEquals(twice.data[k]!, v, 1e-14));
});

Deno.test("hard-gram makes functions orthonormal, and leaves round-off small", () => {
  const { exact: space } = new Domain(domainOf(30, 0));
  const random = new Random(1);
  const given = matrixOf(30, 5, () => random.normal());
  // The last one is the first one but for what float32 does not see.
  for (let i = 0; i < 30; i++) given.data[5 * i + 4] = given.data[5 * i]! + 1e-8 * random.normal();
  const found = orthonormalBehind(space, space.invariants, given);
  const a = hostAlgebra();
  const all = a.hstack([space.invariants, found]);
  const gram = a.multiply(all, all, { transposeLeft: true });
  gram.data.forEach((v, k) => {
    const [i, j] = [Math.floor(k / 6), k % 6];
    if (i === 0 || j === 0) assertAlmostEquals(v, i === j ? 1 : 0, 1e-14);
    else if (i < 5 && j < 5) assertAlmostEquals(v, i === j ? 1 : 0, 1e-5);
    else assertLess(Math.abs(v), 1e-4);
  });
});

Deno.test("a domain is refused where extents, weights or invariants make no sense", () => {
  const domain = domainOf(5, 0);
  const make = (change: Partial<FunctionDomain>) => () => new Domain({ ...domain, ...change });
  const two = matrixOf(5, 2, () => 1);
  assertThrows(
    make({ invariants: two }),
    RangeError,
    "got number 1 in the span of those before it",
  );
  assertThrows(make({ invariants: matrixOf(4, 1, () => 1) }), RangeError, "expected 5 rows of inv");
  assertThrows(
    make({ weights: domain.weights.map((w) => -w) }),
    RangeError,
    "a weight of the quad",
  );
});

/** Full weights as the exact map takes them. */
async function fullWeights(engine: Engine, network: DeepOnet, states: WeightStates) {
  const found = new Map<string, Matrix>();
  for (const { name, shape } of network.weights) {
    const data = await engine.read(states[name]!.value as Tensor);
    found.set(name, matrix(data, shape.length === 1 ? 1 : shape[0]!, shape.at(-1)!));
  }
  return found;
}

for (const backend of cpuBackends) {
  for (const conservation of conservations.names()) {
    Deno.test({
      ...await onBackend(backend, `a network with ${conservation} is the same in float64`),
      fn: async () => {
        const method = await methodOf({ backend });
        const { engine } = method;
        const network = networkOf(conservation, 1);
        const states = await initialStates(method, network, 4);
        const random = new Random(2);
        const x = Float32Array.from({ length: 90 }, () => random.normal());
        const y = network.exact(await fullWeights(engine, network, states))(matrix(x, 3, 30));
        await engine.scope(async () => {
          const model = networkAt(engine, network, currentPoints(network, states)).open();
          const found = await engine.read(model.forward(engine.tensor(x, [3, 30])));
          const size = y.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
          // Gram-Schmidt scales what float32 leaves of a column up by a thousand at most.
          const tolerance = conservation === "hard-gram" ? 1e-3 : 2e-5;
          found.forEach((v, k) => assertLess(Math.abs(v - y.data[k]!), tolerance * size));
          model.dispose();
        });
        disposeStates(states, {});
      },
    });
  }
}

Deno.test("a penalty of a layer is added to the loss in training, also within a sequence", async () => {
  const method = await methodOf({});
  const { engine } = method;
  const soft = networkOf("soft", 0);
  const last = linear({ name: "last", inputs: 30, outputs: 1 });
  const { penalty: _, ...free } = soft;
  const states = await initialStates(method, sequential([soft, last]), 4);
  await engine.scope(async () => {
    const x = engine.tensor(new Float32Array(60).fill(0.3), [2, 30]);
    const lossOf = async (layer: Layer): Promise<number> => {
      const loss: Task["loss"] = (model, batch) => engine.sum(model.forward(batch.x!));
      const answer = batchEvaluator(engine, layer, loss, { x });
      const found = await answer(currentPoints(layer, states), new Set(["trunk0.weight"]));
      found.dispose();
      return found.loss;
    };
    const added = await lossOf(sequential([soft, last])) - await lossOf(sequential([free, last]));
    const alone = await lossOf(soft) - await lossOf(free);
    assert(alone > 1e-4);
    assertAlmostEquals(added, alone, 1e-5);
  });
  disposeStates(states, {});
});
