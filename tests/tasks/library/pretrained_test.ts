import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fit, loadPretrained, savePretrained } from "../../../tasks/library/mod.ts";
import { nextToken, windowsOf } from "../../../core/mod.ts";
import { asVit, gptAsGpt2, perceptron } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const size = { vocabulary: 5, context: 8, width: 16, heads: 2, blocks: 1 };
const tokens = windowsOf(Int32Array.from({ length: 401 }, (_, i) => i % 5), 8, 4);

Deno.test({
  ...await onBackend(
    "wasm",
    "a model that was fitted writes what it has learnt, also out of its folder",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const pretrained = gptAsGpt2(size);
      const task = nextToken({ train: tokens, test: tokens });
      const options = { epochs: 12, batch: 10, learningRate: 1e-2, backend: "wasm" };
      using model = await fit(pretrained.network, task, options);
      const text = await model.generate([0, 1], { tokens: 6, temperature: 0 });
      assertEquals([...text.ids], [2, 3, 4, 0, 1, 2]);
      assertEquals(text.bytesPerToken, 8 * 16);
      const path = join(folder, "model");
      await savePretrained(path, pretrained, model);
      const matrices = { format: "low-rank" };
      for (const more of [{}, { matrices }]) {
        using again = await loadPretrained(path, { backend: "wasm", ...more });
        const own = await again.generate([0, 1], { tokens: 6, temperature: 0 });
        assertEquals(own.ids, text.ids);
      }
      await assertRejects(() => savePretrained(path, pretrained, model), Error, "a new folder");
    }),
});

Deno.test({
  ...await onBackend("wasm", "a vision transformer sees images of another size"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const pretrained = asVit({ image: [4, 4, 1], patch: 2, classes: 2, width: 8, blocks: 1 });
      const images = (side: number) => [0, 1].map((x) => new Array<number>(side ** 2).fill(x));
      const options = { epochs: 1, backend: "wasm" };
      using model = await fit(pretrained.network, { x: images(4), y: [0, 1] }, options);
      const path = join(folder, "model");
      await savePretrained(path, pretrained, model);
      const { data } = await model.predict(images(4));
      using same = await loadPretrained(path, { backend: "wasm", imageSize: 5 });
      assertEquals((await same.predict(images(5))).data, data, "the same four patches");
      using larger = await loadPretrained(path, { backend: "wasm", imageSize: 8 });
      const seen = (await larger.predict(images(8))).data;
      assertEquals(Array.from(seen, Number.isFinite), [true, true, true, true]);
      await assertRejects(() => larger.predict(images(4)), RangeError);
    }),
});

Deno.test({
  ...await onBackend("wasm", "a network that is no language model writes no text"),
  ...shared,
  fn: async () => {
    const data = { x: [[0, 1], [1, 0]], y: [1, 2] };
    using model = await fit(perceptron({ sizes: [2, 1] }), data, { epochs: 1, backend: "wasm" });
    await assertRejects(() => model.generate([1]), RangeError, "expected a language model");
  },
});
