/** Training on augmented images: the same bits with and without a second thread, and resumed. */

import { assert, assertEquals } from "@std/assert";
import {
  parseAugmentation,
  RunFolder,
  tensorsIn,
  train,
  type TrainOptions,
} from "../../../core/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import { type ImageChoice, shortRun, storeState } from "../../support/training.ts";

const augmentation = parseAugmentation("pad-crop:1,flip,cutout:2");

/** Everything that a run ends with, without the times that it took. */
async function endOf(options: Partial<TrainOptions> & ImageChoice): Promise<unknown> {
  const o = await shortRun({ epochs: 3, ...options });
  const result = await train(o);
  const { seconds: _s, secondsPerStep: _p, ...state } = await storeState(
    o.method.engine,
    result.state,
  );
  for (const t of tensorsIn(result.state.states)) t.dispose();
  return { state, test: result.test, reason: result.reason };
}

Deno.test({
  ...await onBackend("cpu", "training with prefetched batches ends with the same bits"),
  fn: async () => {
    const before = (await shortRun()).method.engine.memory().numTensors;
    const plain = await endOf({ augmentation });
    const messages: string[] = [];
    const listener: TrainOptions["listener"] = (e) =>
      void (e.type === "message" && messages.push(e.text));
    assertEquals(await endOf({ augmentation, prefetch: true, listener }), plain);
    assertEquals(messages, []);
    assertEquals((await shortRun()).method.engine.memory().numTensors, before);
    const bare = await endOf({});
    assert(JSON.stringify(bare) !== JSON.stringify(plain), "augmentation reaches the training");
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "a run on augmented images that was interrupted is resumed bit for bit",
  ),
  fn: () =>
    inFolder(async (path) => {
      const config = { recipe: "test", settings: {}, seed: 3, backend: "cpu" };
      const options = { augmentation, prefetch: true };
      const whole = await endOf(options);
      for (const stop of [5, 13]) {
        const controller = new AbortController();
        using folder = await RunFolder.open(path, config, { resume: "if-present" });
        const listener: TrainOptions["listener"] = (e) => {
          if (e.type === "step" && e.step === stop) controller.abort();
        };
        const part = { ...options, folder, listener, signal: controller.signal };
        assertEquals((await endOf(part) as { reason: string }).reason, "interrupted");
      }
      using folder = await RunFolder.open(path, config, { resume: true });
      assertEquals(await endOf({ ...options, folder }), whole);
    }),
});
