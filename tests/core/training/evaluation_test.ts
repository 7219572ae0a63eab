import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  classification,
  currentPoints,
  imageClassification,
  imageExamples,
  initialStates,
  type Layer,
  measure,
  type Measurement,
  NonFiniteError,
  Pass,
  type Split,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf, readMatrix } from "../../support/training.ts";

const NETWORK = perceptron({ sizes: [36, 10, 4], format: "low-rank", rank: 3 });

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(
      backend,
      "measure() finds loss, accuracy and confusion, whatever its batches",
    ),
    fn: async () => {
      const method = await methodOf({ backend });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const states = await initialStates(method, NETWORK, 1);
        const dataset = await blobsOf(40, 53);
        const wanted = await byHand(method, states, dataset.test);
        const held = engine.memory().numTensors;
        for (const batch of [53, 20, 1, 1000]) {
          const found = await measure(method, NETWORK, states, imageClassification(dataset), {
            batch,
          });
          assertAlmostEquals(found.loss, wanted.loss, 1e-5);
          assertEquals(found.confusion, wanted.confusion);
          assertAlmostEquals(found.values.accuracy!, wanted.values.accuracy!, 1e-15);
        }
        assertEquals(engine.memory().numTensors, held);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

/** Softmax, its logarithm and the largest logit in float64. */
async function byHand(
  method: Awaited<ReturnType<typeof methodOf>>,
  states: Parameters<typeof measure>[2],
  split: Split,
): Promise<Measurement> {
  const { engine } = method;
  const images = Float32Array.from(split.images, (p) => p / 255);
  const x = engine.tensor(images, [split.count, 36]);
  const pass = new Pass(engine, NETWORK, currentPoints(NETWORK, states), { training: false });
  const logits = await readMatrix(engine, NETWORK.forward(pass, x));
  const confusion = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  let [loss, correct] = [0, 0];
  split.labels.forEach((label, i) => {
    const row = [...logits.data.subarray(4 * i, 4 * i + 4)];
    loss += Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label]!;
    const best = row.indexOf(Math.max(...row));
    confusion[label]![best]!++;
    if (best === label) correct++;
  });
  return { loss: loss / split.count, values: { accuracy: correct / split.count }, confusion };
}

Deno.test({
  ...await onBackend("cpu", "measure() refuses a network that answers NaN or infinity"),
  fn: async () => {
    const method = await methodOf();
    const { engine } = method;
    const task = imageClassification(await blobsOf(40));
    const before = engine.memory().numTensors;
    for (const value of [NaN, Infinity, -Infinity]) {
      const odd: Layer = {
        weights: [],
        forward({ engine }, x) {
          const logits = new Float32Array(4 * x.shape[0]!);
          logits[5] = value;
          return engine.tensor(logits, [x.shape[0]!, 4]);
        },
      };
      await assertRejects(
        () => measure(method, odd, {}, task),
        NonFiniteError,
        `Cannot classify: expected finite logits, the network answers ${value}`,
      );
    }
    assertEquals(engine.memory().numTensors, before);
  },
});

Deno.test({
  ...await onBackend("cpu", "measure() passes colour photographs forward in small batches"),
  fn: async () => {
    const method = await methodOf();
    const sizes: number[] = [];
    const counting: Layer = {
      weights: [],
      forward({ engine }, x) {
        sizes.push(x.shape[0]!);
        return engine.tensor(new Float32Array(2 * x.shape[0]!), [x.shape[0]!, 2]);
      },
    };
    for (const pixels of [1024, 3072]) {
      const images = new Uint8Array(300 * pixels);
      const test = imageExamples({ count: 300, images, labels: new Uint8Array(300) }, [
        1,
        1,
        pixels,
      ]);
      await measure(method, counting, {}, classification({ train: test, test, classes: 2 }));
    }
    assertEquals(sizes, [300, 128, 128, 44]);
  },
});
