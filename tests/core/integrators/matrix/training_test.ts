/** Every registered integrator trains: optimizer rules advance its sub-flows, moments follow. */

import { assertEquals, assertLess } from "@std/assert";
import {
  denseField,
  disposeStates,
  initialStates,
  integrators,
  type LowRank,
  type Matrix,
  matrixOf,
  type MomentSlots,
  optimizerStepper,
  Random,
  relativeFrobenius,
  tensorsIn,
  truncationRules,
} from "../../../../core/mod.ts";
import { perceptron } from "../../../../layers/mod.ts";
import { adam, heavyBall, sgd } from "../../../../optimizers/mod.ts";
import { onBackend } from "../../../support/algebras.ts";
import { dense, host, minus, norm, randomLowRank } from "../../../support/matrices.ts";
import { methodOf, randomBatch, stepOn } from "../../../support/training.ts";

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
          const outcome = await stepOn(method, network, states, batch, { rate });
          assertEquals(outcome.evaluations, integrator.evaluations);
          losses.push(outcome.loss);
          disposeStates(states, outcome.states);
          states = outcome.states;
        }
        assertLess(losses.at(-1)!, 0.95 * losses[0]!, `${losses}`);
        batch.x.dispose();
        batch.y.dispose();
        for (const t of tensorsIn(states)) t.dispose();
        assertEquals(engine.memory().numTensors, before);
      },
    });
  }
}

for (const integrator of integrators.list()) {
  Deno.test(`${integrator.name} with adam moves no further than adam does, where outputs are dead`, async () => {
    const [rate, m, n, rank] = [0.01, 20, 14, 4];
    const random = new Random(3);
    const stepper = optimizerStepper(adam.create());
    const truncation = { rule: relativeFrobenius, tolerance: 0.01, maxRank: 6 };
    let y: LowRank<Matrix> = await randomLowRank(random, m, n, [4, 3, 2, 1]);
    let moments: MomentSlots<Matrix> = {};
    for (let step = 0; step < 12; step++) {
      // Some columns of F vanish: the second moments of those rows of L stay zero.
      const f = matrixOf(m, n, (_i, j) => j < 4 ? 0 : random.normal());
      const run = integrator.step(host, y, rate, { stepper, truncation, moments });
      let state = await run.next();
      while (!state.done) state = await run.next(denseField(host, f));
      const moved = norm(minus(dense(state.value.y), dense(y)));
      // Each of at most three factors moves by about the rate per entry; bases are orthonormal.
      assertLess(
        moved,
        10 * rate * Math.sqrt(m * 4 * rank) + 0.02 * norm(dense(y)),
        `step ${step}`,
      );
      ({ y, moments } = state.value);
    }
  });
}

for (const rule of truncationRules.list()) {
  Deno.test({
    ...await onBackend("cpu", `a network trains with ranks chosen by ${rule.name}`),
    fn: async () => {
      const truncation = { rule, tolerance: 0.05, minRank: 2, maxRank: 7 };
      const method = await methodOf({ rule: adam.create(), truncation });
      const { engine } = method;
      const before = engine.memory().numTensors;
      const network = perceptron({ sizes: [12, 10, 9, 4], format: "low-rank", rank: 3 });
      let states = await initialStates(method, network, 2);
      const batch = randomBatch(engine, 24, 12, 4);
      const losses: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const outcome = await stepOn(method, network, states, batch, { rate: 0.01 });
        losses.push(outcome.loss);
        disposeStates(states, outcome.states);
        states = outcome.states;
      }
      assertLess(losses.at(-1)!, 0.95 * losses[0]!, `${losses}`);
      batch.x.dispose();
      batch.y.dispose();
      for (const t of tensorsIn(states)) t.dispose();
      assertEquals(engine.memory().numTensors, before);
    },
  });
}
