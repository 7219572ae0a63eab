/** Tensors neither pile up nor go missing while a network trains: a standing test. */

import { assertEquals } from "@std/assert";
import {
  disposeStates,
  initialStates,
  integrators,
  relativeFrobenius,
  tensorsIn,
  train,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam, optimizers, sgd } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf, randomBatch, shortRun, stepOn } from "../../support/training.ts";

const truncation = { rule: relativeFrobenius, tolerance: 0.1, minRank: 2, maxRank: 6 };
/** After these steps all moments are there. */
const WARM = 3;

for (const backend of cpuBackends) {
  for (const optimizer of [sgd, adam, ...optimizers.list().filter((o) => o.create().matrices)]) {
    for (const [i, integrator] of integrators.list().entries()) {
      // Dense networks take no notice of the integrator.
      for (const format of i === 0 ? ["dense", "low-rank"] : ["low-rank"]) {
        // What is about matrices is here for its own state.
        if (optimizer.create().matrices && format !== "dense") continue;
        const what = format === "dense" ? "a dense net" : `low rank, ${integrator.name}`;
        Deno.test({
          ...await onBackend(backend, `50 steps gain no tensor: ${what}, ${optimizer.name}`),
          fn: async () => {
            const method = await methodOf({
              backend,
              integrator,
              rule: optimizer.create(),
              truncation,
            });
            const { engine } = method;
            const before = engine.memory().numTensors;
            const network = perceptron({ sizes: [36, 9, 8, 4], format, rank: 3 });
            let states = await initialStates(method, network, 2);
            const counts = new Set<number>();
            for (let step = 0; step < WARM + 50; step++) {
              const batch = randomBatch(engine, 8, 36, 4, step);
              const outcome = await stepOn(method, network, states, batch, { rate: 0.01 });
              batch.x.dispose();
              batch.y.dispose();
              disposeStates(states, outcome.states);
              states = outcome.states;
              if (step >= WARM) counts.add(engine.memory().numTensors);
            }
            assertEquals([...counts], [before + tensorsIn(states).length]);
            disposeStates(states, {});
            assertEquals(engine.memory().numTensors, before);
          },
        });
      }
    }
  }

  Deno.test({
    ...await onBackend(backend, "1,000 steps of train() gain no tensor"),
    fn: async () => {
      const counts = new Map<number, number>();
      const o = await shortRun({
        backend,
        rule: adam.create(),
        truncation,
        network: perceptron({ sizes: [36, 8, 4], format: "low-rank", rank: 3 }),
        dataset: await blobsOf(400, 20),
        epochs: 10,
        batch: 4,
        rate: () => 0.005,
        clipNorm: 1,
        listener: (e) => {
          if (e.type === "step") counts.set(e.step, o.method.engine.memory().numTensors);
        },
      });
      const before = o.method.engine.memory().numTensors;
      const { state } = await train(o);
      assertEquals(counts.size, 1000);
      assertEquals(
        new Set([...counts].filter(([step]) => step > WARM).map(([, count]) => count)).size,
        1,
      );
      disposeStates(state.states, {});
      assertEquals(o.method.engine.memory().numTensors, before);
    },
  });
}
