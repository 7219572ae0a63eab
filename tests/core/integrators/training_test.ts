/** Every registered integrator trains: optimizer rules advance its sub-flows, moments follow. */

import { assertEquals, assertLess } from "@std/assert";
import {
  disposeStates,
  initialStates,
  integrators,
  relativeFrobenius,
  tensorsIn,
  trainStep,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam, heavyBall, sgd } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf, randomBatch } from "../../support/training.ts";

const RULES = [
  { rule: sgd, rate: 0.1 },
  { rule: heavyBall, rate: 0.03 },
  { rule: adam, rate: 0.01 },
] as const;
const STEPS = 12;

for (const integrator of integrators.list()) {
  for (const { rule, rate } of RULES) {
    const title = `${integrator.name} trains a small network with ${rule.name}`;
    Deno.test({
      ...await onBackend("cpu", title),
      fn: async () => {
        const truncation = { rule: relativeFrobenius, tolerance: 0.02, minRank: 2, maxRank: 6 };
        const method = await methodOf({ integrator, rule: rule.create(), truncation });
        const { engine } = method;
        const before = engine.memory().numTensors;
        const network = perceptron({ sizes: [12, 10, 9, 4], format: "low-rank", rank: 3 });
        let states = await initialStates(method, network, 2);
        const batch = randomBatch(engine, 24, 12, 4);
        const losses: number[] = [];
        for (let step = 0; step < STEPS; step++) {
          const outcome = await trainStep(method, network, states, batch, { rate });
          assertEquals(outcome.evaluations, integrator.evaluations);
          losses.push(outcome.loss);
          disposeStates(states, outcome.states);
          states = outcome.states;
        }
        assertLess(losses.at(-1)!, 0.95 * losses[0]!, `${losses}`);
        batch.x.dispose();
        batch.labels.dispose();
        for (const t of tensorsIn(states)) t.dispose();
        assertEquals(engine.memory().numTensors, before);
      },
    });
  }
}
