import { assertEquals, assertRejects } from "@std/assert";
import { backends, writeSafetensors } from "../../../core/mod.ts";
import { perceptron } from "../../../layers/mod.ts";
import { type Arrays, fit, type FitOptions, load } from "../../../tasks/library/mod.ts";

const network = perceptron({ sizes: [2, 4, 3], format: "low-rank" });
const x = [[0, 1], [1, 0], [1, 1], [0, 0]];
const y = [0, 1, 2, 0];

/** What is wrong, with the arrays, the options and the whole message. */
const REFUSED: readonly [string, unknown, FitOptions, string][] = [
  [
    "no arrays",
    {},
    {},
    "Cannot fit the network: expected arrays x and y, got none; other parts need a task",
  ],
  [
    "no x",
    { y },
    {},
    "Cannot fit the network: expected arrays x and y, got y; other parts need a task",
  ],
  [
    "parts of other names",
    { x, z: y },
    {},
    "Cannot fit the network: expected arrays x and y, got x, z; other parts need a task",
  ],
  [
    "no examples",
    { x: [], y: [] },
    {},
    "Cannot read the arrays: expected as many examples in each, got x 0, y 0",
  ],
  [
    "arrays of other lengths",
    { x, y: [0, 1] },
    {},
    "Cannot read the arrays: expected as many examples in each, got x 4, y 2",
  ],
  [
    "rows of other lengths",
    { x: [[0, 1], [1]], y: [0, 1] },
    {},
    "Cannot read x: expected 2 entries at position [1], got 1",
  ],
  [
    "a text among numbers",
    { x: [[0, "1"]], y: [0] },
    {},
    "Cannot read x: expected a number at position [0,1], got string",
  ],
  [
    "a text",
    { x: "0 1", y },
    {},
    "Cannot read x: expected lists of numbers, a typed array, or data and shape, got string",
  ],
  [
    "a shape of other size",
    { x: { data: [1, 2, 3], shape: [2, 2] }, y },
    {},
    "Cannot read x: expected 4 numbers for shape [2,2], got 3",
  ],
  [
    "NaN",
    { x: [[0, 1], [NaN, 0]], y: [0, 1] },
    {},
    "Cannot read the arrays: expected finite numbers in x, got NaN at position 2",
  ],
  [
    "numbers that float32 does not hold",
    { x: [[0, 1e39]], y: [0] },
    {},
    "Cannot read the arrays: expected finite numbers in x, got Infinity at position 1",
  ],
  [
    "inputs of other size",
    { x: [[1, 2, 3]], y: [0] },
    {},
    "Cannot fit the network: the network takes no examples of shape [3] (Cannot apply a low-rank map: expected matrices that chain and a bias, got [1,3], [2,2], [2,2])",
  ],
  [
    "a class that there is not",
    { x, y: [0, 1, 2, 3] },
    {},
    "Cannot fit the network: expected classes from 0 to 2 in y, or 3 numbers per example, as the network has 3 outputs, got 3 at position 3",
  ],
  [
    "half a class",
    { x, y: [0, 0.5, 2, 1] },
    {},
    "Cannot fit the network: expected classes from 0 to 2 in y, or 3 numbers per example, as the network has 3 outputs, got 0.5 at position 1",
  ],
  [
    "targets of other size",
    { x, y: x },
    {},
    "Cannot fit the network: expected as many numbers per example in y as the network has outputs, 3, got 2",
  ],
  [
    "an optimizer that there is not",
    { x, y },
    { optimizer: "adm" },
    'Cannot find optimizer "adm": did you mean "adam" or "adamw"',
  ],
  [
    "a negative tolerance",
    { x, y },
    { tolerance: -1 },
    "Cannot fit the network: expected tolerance to be a number ≥ 0, got -1",
  ],
  [
    "an empty batch",
    { x, y },
    { batch: 0 },
    "Cannot fit the network: expected batch to be an integer ≥ 1, got 0",
  ],
  [
    "half an epoch",
    { x, y },
    { epochs: 0.5 },
    "Cannot fit the network: expected epochs to be an integer ≥ 1, got 0.5",
  ],
  [
    "a rank of 0",
    { x, y },
    { rank: 0 },
    "Cannot fit the network: expected rank to be an integer ≥ 1, got 0",
  ],
  [
    "all examples kept back",
    { x, y },
    { holdOut: 1 },
    "Cannot fit the network: expected holdOut to be a number ≥ 0 and < 1, got 1",
  ],
];

for (const [what, arrays, options, message] of REFUSED) {
  Deno.test({
    name: `fit() refuses ${what} in one line`,
    // LAPACK may come from a library of the system, which stays loaded.
    sanitizeResources: false,
    async fn() {
      const error = await assertRejects(
        () => fit(network, arrays as Arrays, { backend: "cpu", ...options }),
        Error,
      );
      assertEquals(error.message, message);
    },
  });
}

Deno.test("what is wrong with arrays is said before an engine is opened", async () => {
  const opened: string[] = [];
  const watched = {
    ...backends.get("cpu"),
    name: "watched",
    open: () => {
      opened.push("watched");
      return Promise.reject(new Error("Cannot open: expected nobody to ask"));
    },
  };
  backends.add(watched);
  await assertRejects(() => fit(network, { x: [[1, NaN]] }, { backend: "watched" }), RangeError);
  await assertRejects(() => fit(network, { x, y }, { backend: "watched" }), Error, "nobody");
  assertEquals(opened, ["watched"]);
});

Deno.test({
  name: "load() refuses the file of another network, and names what differs",
  sanitizeResources: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/model.safetensors`;
      using model = await fit(network, { x, y }, { backend: "cpu", epochs: 1 });
      await model.save(path);
      const refused = async (sizes: number[], format: string, expected: string): Promise<void> => {
        const other = perceptron({ sizes, format });
        const error = await assertRejects(() => load(other, path, { backend: "cpu" }), Error);
        assertEquals(error.message, `Cannot load ${path}: expected ${expected}`);
      };
      await refused([2, 4, 3], "dense", 'weight "dense1.weight" as dense 2×4, got low-rank 2×4');
      await refused(
        [2, 5, 3],
        "low-rank",
        'weight "dense1.weight" as low-rank 2×5, got low-rank 2×4',
      );
      await refused(
        [2, 4, 4, 3],
        "low-rank",
        'weight "dense2.weight" as low-rank 4×4, got none of that name',
      );
      await assertRejects(() => load(network, `${folder}/none`, { backend: "cpu" }), Error, "none");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "load() takes dense weights of other programs, and refuses those that do not fit",
  sanitizeResources: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/theirs.safetensors`;
      const dense = perceptron({ sizes: [2, 1] });
      const bias = { data: Float32Array.of(1), shape: [1] };
      const weight = { data: Float64Array.of(2, 3), shape: [2, 1] };
      const good = { "classifier.weight": weight, "classifier.bias": bias };
      await writeSafetensors(path, good);
      using model = await load(dense, path, { backend: "cpu" });
      assertEquals([...(await model.predict([[1, 1], [2, 0]])).data], [6, 5]);

      const refused = async (tensors: Parameters<typeof writeSafetensors>[1], expected: string) => {
        await writeSafetensors(path, tensors);
        const error = await assertRejects(() => load(dense, path, { backend: "cpu" }), Error);
        assertEquals(error.message, `Cannot load ${path}: ${expected}`);
      };
      await refused(
        { "classifier.weight": weight },
        'expected a tensor "classifier.bias" of shape [1], got none of that name',
      );
      await refused(
        { ...good, "classifier.weight": { ...weight, shape: [1, 2] } },
        'expected tensor "classifier.weight" of shape [2,1], got [1,2]',
      );
      await refused(
        { ...good, "classifier.bias": { ...bias, data: Float32Array.of(NaN) } },
        '"classifier.bias" holds NaN',
      );
      await refused(
        { ...good, "classifier.bias": { ...bias, data: Int32Array.of(1) } },
        'expected floats in "classifier.bias", got Int32Array',
      );
      await refused(
        { ...good, "other.bias": bias },
        'expected classifier.weight, classifier.bias, got a tensor "other.bias" beside',
      );
      await writeSafetensors(path, good, { format: "rankflow", weights: "{" });
      await assertRejects(
        () => load(dense, path, { backend: "cpu" }),
        Error,
        'JSON as its "weights"',
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
