/** Regularised and adversarial runs go on after an interruption as if there had been none. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import {
  adversarialTrainings,
  attacks,
  RunFolder,
  spectral,
  strengthSchedules,
  tensorsIn,
  train,
  type TrainOptions,
} from "../../../core/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { blobsOf, shortRun, storeState } from "../../support/training.ts";

/** A run with everything that depends on its progress or its random numbers. */
async function options(): Promise<TrainOptions> {
  const o = await shortRun({ backend: "wasm", rule: adam.create(), rate: () => 0.02 });
  const { shape, classes } = await blobsOf(80);
  const objective = adversarialTrainings.get("attacked").create({
    shape,
    classes,
    epsilon: 0.1,
    attack: attacks.get("pgd"),
    settings: { steps: 2 },
  });
  const schedule = strengthSchedules.get("rising");
  const regularization = [{ regularizer: spectral, strength: 0.5, schedule }];
  const task = { ...o.task, ...objective };
  return { ...o, task, method: { ...o.method, regularization } };
}

/** Where a run ends that is interrupted after some steps and resumed. */
async function endOf(path: string, stops: readonly number[]): Promise<unknown> {
  for (const [i, stop] of [...stops, -1].entries()) {
    const o = await options();
    const config = { recipe: "test", settings: {}, seed: 3, backend: "wasm" };
    const controller = new AbortController();
    using folder = await RunFolder.open(path, config, { resume: i > 0 });
    const { state } = await train({
      ...o,
      folder,
      signal: controller.signal,
      listener: (e) => {
        if (e.type === "step" && e.step === stop) controller.abort();
      },
    });
    const { seconds: _s, secondsPerStep: _p, ...stored } = await storeState(o.method.engine, state);
    tensorsIn(state.states).forEach((t) => t.dispose());
    if (stop < 0) return stored;
  }
}

Deno.test({
  ...await onBackend("wasm", "a regularised run on attacked images resumes to the same bits"),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const whole = await endOf(join(folder, "a"), []);
      assertEquals(await endOf(join(folder, "b"), [3, 9]), whole);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
