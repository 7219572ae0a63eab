/** Maps to heads × entries as Tucker tensors of three modes. */

import { assertEquals, assertLess } from "@std/assert";
import {
  compressStates,
  currentPoints,
  denseNetwork,
  initialStates,
  type Layer,
  representationOf,
  type Tensor,
  tuckerIntegrators,
  type WeightSpec,
} from "../../../core/mod.ts";
import { normalOf } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { evaluateAt, methodOf, randomBatch, stepOn } from "../../support/training.ts";

/** x ↦ tanh(x W) Wᵀ with W from 7 inputs to 3 heads of 4. */
function bothWays(more: Partial<WeightSpec> = {}): Layer {
  const spec: WeightSpec = {
    ...{ name: "w", shape: [7, 3, 4], format: "tucker-tensor", initialiser: normalOf(0.5) },
    ranks: { mode0: 4, mode1: 2, mode2: 3 },
    ...more,
  };
  return {
    weights: [spec],
    forward(pass, x) {
      const y = pass.linear("w", x, null, "tanh");
      return pass.linear("w", y, null, "identity", { transpose: true });
    },
  };
}

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(
      backend,
      "tucker-tensor: the field of both directions is the whole gradient's",
    ),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine, algebra: a } = method;
      await engine.scope(async () => {
        const network = bothWays();
        const [spec] = network.weights as [WeightSpec];
        const states = await initialStates(method, network, 5);
        const batch = randomBatch(engine, 8, 7, 7);
        const twin = denseNetwork(network);
        const dense = (await compressStates(method, twin, states)).states;
        const whole = await evaluateAt(engine, twin, currentPoints(twin, dense), batch);
        const own = await evaluateAt(engine, network, currentPoints(network, states), batch);
        const reading = representationOf(spec).asTucker!(method, spec, states.w!);
        const field = reading.field(reading.point(reading.start), own.evidence.get("w")!);
        const [u, v, w] = reading.start.factors as [Tensor, Tensor, Tensor];
        const g = a.reshape(whole.evidence.get("w")!.gradient, 7, 12);
        const near = async (found: Tensor, expected: Tensor) => {
          const size = await a.norm(expected);
          assertLess(await a.norm(a.lincomb(1, found, -1, expected)), 1e-4 * size);
        };
        await near(field.contract([undefined, undefined, undefined]).data, g);
        await near(
          field.contract([u, undefined, undefined]).data,
          a.multiply(u, g, { transposeLeft: true }),
        );
        const last = a.multiply(a.reshape(g, 21, 4), w);
        await near(field.contract([undefined, undefined, w]).data, a.reshape(last, 7, 9));
        const { data } = field.contract([u, v, w]);
        await near(data, a.reshape(own.evidence.get("w")!.gradient, 4, 6));
        whole.dispose();
        own.dispose();
      });
    },
  });
}

for (const tuckerIntegrator of tuckerIntegrators.list()) {
  for (const fixed of [true, false]) {
    Deno.test({
      ...await onBackend(
        "wasm",
        `tucker-tensor by ${tuckerIntegrator.name}, ${fixed ? "fixed" : "free"} ranks: ` +
          "the loss falls, bases stay orthonormal",
      ),
      fn: async () => {
        const method = await methodOf({ backend: "wasm", rule: adam.create(), tuckerIntegrator });
        const { engine, algebra: a } = method;
        await engine.scope(async () => {
          const network = bothWays({ fixed });
          const batch = randomBatch(engine, 16, 7, 7);
          let states = await initialStates(method, network, 5);
          const losses: number[] = [];
          for (let i = 0; i < 8; i++) {
            const outcome = await stepOn(method, network, states, batch, { rate: 0.03 });
            losses.push(outcome.loss);
            states = outcome.states;
          }
          assertLess(losses.at(-1)!, losses[0]!);
          const ranks = representationOf(network.weights[0]!).rank(states.w!);
          if (fixed || !tuckerIntegrator.adaptive) {
            assertEquals(ranks, { mode0: 4, mode1: 2, mode2: 3 });
          }
          for (const mode of ["mode0", "mode1", "mode2"]) {
            const u = states.w![mode] as Tensor;
            const gram = a.multiply(u, u, { transposeLeft: true });
            const off = a.lincomb(1, gram, -1, a.identity(a.cols(u)));
            assertLess(await a.norm(off), 1e-5);
          }
        });
      },
    });
  }
}
