/** Gradients in whole weights, and the adapter that starts from them. */

import { assertEquals, assertLess } from "@std/assert";
import {
  adaptedNetwork,
  compressStates,
  denseFormat,
  denseStates,
  disposeStates,
  examplesOf,
  Random,
  regression,
  type Task,
  wholeGradients,
} from "../../../core/mod.ts";
import { linear } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { gaussian, host, relativeError, times } from "../../support/matrices.ts";
import { methodOf, readMatrix } from "../../support/training.ts";

const [BATCH, INPUTS, OUTPUTS] = [7, 6, 5];
const [x, w, y] = ([[BATCH, INPUTS], [INPUTS, OUTPUTS], [BATCH, OUTPUTS]] as const)
  .map(([rows, columns], i) => gaussian(new Random(20 + i), rows, columns));

/** ½‖X W − Y‖². */
const loss: Task["loss"] = (model, batch) => {
  const { engine } = model;
  const difference = engine.sub(model.forward(batch.x!), batch.y!);
  return engine.scale(0.5, engine.sum(engine.mul(difference, difference)));
};

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(
      backend,
      "the gradient in a whole weight is Xᵀ(X W − Y), and lora-sb starts at the best approximation of −η sign of it",
    ),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const column = (m: typeof x) => ({ data: Float32Array.from(m!.data), shape: [m!.cols] });
      const data = examplesOf({ x: column(x), y: column(y) });
      const task = { ...regression({ train: data, test: data }), loss };
      const network = linear({ name: "a", inputs: INPUTS, outputs: OUTPUTS, bias: false });
      const value = engine.tensor(Float32Array.from(w!.data), [INPUTS, OUTPUTS]);
      const dense = { "a.weight": { format: denseFormat.name, value } };
      const held = engine.memory();

      const expected = times(host.transpose(x!), host.lincomb(1, times(x!, w!), -1, y!));
      const settings = { rank: 2, eta: 0.1 };
      const to = adaptedNetwork(network, {
        groups: [{ match: "a.weight", adapter: "lora-sb", settings }],
      });
      const states = await engine.scope(async () => {
        const gradients = await wholeGradients(method, network, dense, task, {
          names: ["a.weight"],
        });
        assertLess(relativeError(await readMatrix(engine, gradients["a.weight"]!), expected), 1e-5);
        return (await compressStates(method, to, dense, { gradients })).states;
      });
      const whole = await denseStates(method, to, states);
      const merged = await readMatrix(engine, whole["a.weight"]!.value as typeof value);
      const first = host.from(expected.data.map((g) => -0.1 * Math.sign(g)), INPUTS, OUTPUTS);
      const { p, sigma, q } = await host.svd(first);
      const best = times(
        times(host.columns(p, 0, 2), host.diagonal(sigma.slice(0, 2))),
        host.transpose(host.columns(q, 0, 2)),
      );
      assertLess(relativeError(host.lincomb(1, merged, -1, w!), best), 1e-5);
      disposeStates(states, {});
      disposeStates(whole, {});
      assertEquals(engine.memory(), held);
      value.dispose();
    },
  });
}
