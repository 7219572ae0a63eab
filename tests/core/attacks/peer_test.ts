/** Attacks against implementations in PyTorch that were written from the publications. */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { fileURLToPath } from "node:url";
import { findPyTorch } from "../../../bench/peers/mod.ts";
import {
  attackImages,
  attacks,
  type AttackSettings,
  classifierOf,
  currentPoints,
  imageClassification,
  imagesOf,
  Random,
  type Tensor,
  tensorsIn,
  train,
} from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { blobsOf, methodOf } from "../../support/training.ts";

/** One attack on both sides, from the same start. */
interface Row {
  readonly ours: string;
  readonly settings: AttackSettings;
  readonly epsilon: number;
  readonly theirs: Readonly<Record<string, string | number>>;
}

const EPSILON = 0.1;
const CW = { steps: 60, searches: 4 };
const ROWS: readonly Row[] = [
  {
    ours: "fgsm",
    settings: {},
    epsilon: EPSILON,
    theirs: { name: "fgsm", epsilon: EPSILON, norm: "linf" },
  },
  {
    ours: "fgsm-l2",
    settings: {},
    epsilon: 0.5,
    theirs: { name: "fgsm", epsilon: 0.5, norm: "l2" },
  },
  {
    ours: "fgsm-max",
    settings: {},
    epsilon: EPSILON,
    theirs: { name: "fgsm", epsilon: EPSILON, norm: "max" },
  },
  {
    ours: "pgd",
    settings: { steps: 12, randomStart: 0 },
    epsilon: 0.06,
    theirs: { name: "pgd", epsilon: 0.06, steps: 12, norm: "linf" },
  },
  {
    ours: "pgd-l2",
    settings: { steps: 12, randomStart: 0 },
    epsilon: 0.4,
    theirs: { name: "pgd", epsilon: 0.4, steps: 12, norm: "l2" },
  },
  {
    ours: "cw-l2",
    settings: { ...CW, constant: 0.1, learningRate: 0.01 },
    epsilon: Infinity,
    theirs: { name: "cw", ...CW, constant: 0.1, rate: 0.01 },
  },
];

const { python, reason } = await findPyTorch();
const script = fileURLToPath(new URL("../../../bench/peers/torch_attacks.py", import.meta.url));

Deno.test({
  name: `attacks make the images that PyTorch makes from the same start${
    python === undefined ? ` (skipped: ${reason})` : ""
  }`,
  ignore: python === undefined,
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const dataset = await blobsOf(160, 40);
    const method = await methodOf({ backend: "wasm", rule: adam.create() });
    const { engine } = method;
    const network = perceptron({ sizes: [36, 20, 16, 4], activation: "tanh" });
    const task = imageClassification(dataset);
    const options = { label: "t", method, network, task, seed: 1, epochs: 3, batch: 32 };
    const { state } = await train({ ...options, rate: () => 0.01 });
    const points = currentPoints(network, state.states);
    const { shape } = dataset;
    const classifier = classifierOf({ engine, network, points, shape, classes: 4 });
    const data = insideBox(imagesOf(dataset.test).images);
    const logits = await classifier.logits(data);
    const labels = Int32Array.from(
      { length: 40 },
      (_, i) =>
        logits.subarray(4 * i, 4 * i + 4).indexOf(Math.max(...logits.subarray(4 * i, 4 * i + 4))),
    );
    const layers = [];
    for (const name of ["dense1", "dense2", "classifier"]) {
      layers.push({
        weight: rowsOf(await read(points.get(`${name}.weight`)!.value!)),
        bias: [...await engine.read(points.get(`${name}.bias`)!.value!)],
      });
    }
    async function read(t: Tensor): Promise<{ data: ArrayLike<number>; cols: number }> {
      return { data: await engine.read(t), cols: t.shape[1]! };
    }
    const theirs = await ask(python!, {
      layers,
      images: rowsOf({ data, cols: 36 }),
      labels: [...labels],
      attacks: ROWS.map((row) => row.theirs),
    });
    for (const [k, { ours, settings, epsilon }] of ROWS.entries()) {
      const images = { images: data, labels };
      const { images: found } = await attackImages(
        classifier,
        attacks.get(ours),
        images,
        epsilon,
        { settings },
      );
      const wanted = theirs[k]!.flat();
      assertEquals(found.length, wanted.length);
      const apart = wanted.map((v, j) => Math.abs(v - found[j]!));
      assertLess(Math.max(...apart), 1e-5, ours);
      assertGreater(Math.max(...wanted.map((v, j) => Math.abs(v - data[j]!))), 0.02, ours);
    }
    tensorsIn(state.states).forEach((t) => t.dispose());
  },
});

/** Images off the edges of [0, 1], with noise, so that no gradient is 0 by symmetry. */
function insideBox(images: Float32Array): Float32Array {
  const random = new Random(5);
  return images.map((v) => 0.15 + 0.6 * v + 0.1 * random.uniform());
}

function rowsOf({ data, cols }: { data: ArrayLike<number>; cols: number }): number[][] {
  const all = Array.from(data);
  return Array.from({ length: all.length / cols }, (_, i) => all.slice(i * cols, (i + 1) * cols));
}

/** Runs the script on a request. */
async function ask(program: string, request: unknown): Promise<number[][][]> {
  const child = new Deno.Command(program, {
    args: [script],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(request)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
