import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  augmentations,
  type AugmentationStep,
  batches,
  type BatchPlan,
  type BatchSource,
  directBatches,
  epochOrder,
  type Examples,
  type ImageAugmentation,
  imageExamples,
  parseAugmentation,
  prefetchedBatches,
  type Split,
} from "../../../core/mod.ts";
import { Random } from "../../../core/random.ts";
import { stampOf } from "../../support/clock_augmentation.ts";

const SHAPE = [6, 5, 3] as const;

function splitOf(count: number): Split {
  const random = new Random(count);
  const bytes = (n: number, below: number) =>
    Uint8Array.from({ length: n }, () => random.integer(below));
  return { count, images: bytes(count * 90, 256), labels: bytes(count, 10) };
}

function planOf(augmentation: string, count = 43, size = 5): BatchPlan {
  const steps = parseAugmentation(augmentation);
  return { examples: examplesFrom(splitOf(count)), seed: 4, size, augmentation: changes(steps) };
}

function examplesFrom(split: Split): Examples {
  return imageExamples(split, SHAPE);
}

function changes(steps: readonly AugmentationStep[]): ImageAugmentation {
  return { column: "x", shape: SHAPE, steps };
}

/** Copies of what a source gives for some batches of some epochs. */
async function walk(source: BatchSource, epochs: readonly [epoch: number, first: number][]) {
  const seen: unknown[] = [];
  for (const [epoch, first] of epochs) {
    for await (const { index, count, columns: { x, y } } of source.epoch(epoch, first)) {
      seen.push({ epoch, index, count, images: x!.data.slice(), labels: y!.data.slice() });
    }
  }
  return seen;
}

async function closing<T>(source: BatchSource, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    source.close();
  }
}

Deno.test("directBatches() without augmentation are the batches of the epoch's order", async () => {
  const plan = planOf("");
  const order = epochOrder(43, 4, 2);
  const expected = [...batches(plan.examples, order, 5, { dropLast: true, first: 3 })].length;
  const seen = await walk(directBatches(plan), [[2, 3]]) as { images: Float32Array }[];
  assertEquals(seen.length, expected);
  let i = 0;
  for (const batch of batches(plan.examples, order, 5, { dropLast: true, first: 3 })) {
    assertEquals(seen[i++]!.images, batch.columns.x!.data);
  }
});

Deno.test("an image changes from epoch to epoch and not with the batch that it is in", async () => {
  const images = async (size: number, epoch: number) => {
    const plan = planOf("pad-crop:2,flip,cutout:2", 40, size);
    const order = epochOrder(40, 4, epoch);
    const found = new Map<number, string>();
    let place = 0;
    for await (const batch of directBatches(plan).epoch(epoch, 0)) {
      for (let i = 0; i < batch.count; i++) {
        found.set(order[place++]!, batch.columns.x!.data.subarray(90 * i, 90 * i + 90).join());
      }
    }
    return found;
  };
  const [fives, eights, later] = [await images(5, 1), await images(8, 1), await images(5, 2)];
  assertEquals(fives.size, 40);
  let same = 0;
  for (const [example, image] of fives) {
    assertEquals(eights.get(example), image);
    if (later.get(example) === image) same++;
  }
  assert(same < 10, `${same} of 40 images are the same in the next epoch`);
});

for (const augmentation of ["", "pad-crop,flip,cutout:3"]) {
  Deno.test(`prefetchedBatches() gives the bits of directBatches(), "${augmentation}"`, async () => {
    const plan = planOf(augmentation);
    const epochs = [[0, 0], [1, 6], [1, 0], [5, 7], [2, 8]] as [number, number][];
    const expected = await walk(directBatches(plan), epochs);
    const fallbacks: string[] = [];
    const source = prefetchedBatches(plan, { onFallback: (reason) => fallbacks.push(reason) });
    assertEquals(await closing(source, () => walk(source, epochs)), expected);
    assertEquals(fallbacks, []);
  });
}

Deno.test("prefetchedBatches() goes on after an epoch that was left early", async () => {
  const plan = planOf("flip");
  const source = prefetchedBatches(plan);
  await closing(source, async () => {
    for await (const { index } of source.epoch(0, 0)) if (index === 2) break;
    assertEquals(await walk(source, [[0, 3]]), await walk(directBatches(plan), [[0, 3]]));
  });
});

Deno.test("prefetchedBatches() are ready before they are asked for, and only a few", async () => {
  const plan = planOf("clock", 60, 5);
  const source = prefetchedBatches(plan);
  const made: number[] = [];
  const asked: number[] = [];
  await closing(source, async () => {
    asked.push(Date.now());
    for await (const { columns: { x } } of source.epoch(0, 0)) {
      made.push(stampOf(x!.data as Float32Array));
      await new Promise((resolve) => setTimeout(resolve, 40));
      asked.push(Date.now());
    }
  });
  assertEquals(made.length, 12);
  // Asked for at asked[i], batch i was made before; and not before batch i − 3 was given back.
  assert(made.slice(2).every((at, i) => at <= asked[i + 2]!), "made ahead of time");
  assert(made.slice(3).every((at, i) => at >= asked[i + 1]!), "and never far ahead");
});

Deno.test("an augmentation that no other thread can load is applied on this one", async () => {
  const local = augmentations.has("local-only")
    ? augmentations.get("local-only")
    : augmentations.add({
      name: "local-only",
      description: "blackens the first pixel",
      apply: (image) => void (image[0] = 0),
    });
  const plan = { ...planOf(""), augmentation: changes([{ name: local.name, settings: {} }]) };
  const reasons: string[] = [];
  const source = prefetchedBatches(plan, { onFallback: (reason) => reasons.push(reason) });
  const seen = await closing(source, () => walk(source, [[0, 0]])) as { images: Float32Array }[];
  assertEquals(seen.length, 8);
  assert(seen.every(({ images }) => images[0] === 0));
  assertEquals(reasons, [
    'the augmentation "local-only" names no module that another could load',
  ]);
});

Deno.test("when the thread fails, the same batches are made on this one", async () => {
  const plan = planOf("homesick:250", 200, 5);
  const expected = await walk(directBatches(plan), [[0, 0], [1, 0]]);
  const reasons: string[] = [];
  const source = prefetchedBatches(plan, { onFallback: (reason) => reasons.push(reason) });
  assertEquals(await closing(source, () => walk(source, [[0, 0], [1, 0]])), expected);
  assertEquals(reasons, ["this image is too bright"]);
});

Deno.test("when the thread is killed, the same batches are made on this one", async () => {
  const plan = planOf("dying:250", 200, 5);
  const reasons: string[] = [];
  const source = prefetchedBatches(plan, { onFallback: (reason) => reasons.push(reason) });
  const seen = await closing(source, () => walk(source, [[0, 0]]));
  assertEquals(seen, await walk(directBatches(plan), [[0, 0]]));
  assertEquals(reasons, ["it has ended"]);
});

Deno.test("when the module of an augmentation does not load, this thread does the work", async () => {
  const lost = augmentations.add({
    name: "lost",
    description: "names a module that is not there",
    module: new URL("./not_there.ts", import.meta.url).href,
    apply: (image) => void (image[1] = 0),
  });
  const plan = { ...planOf(""), augmentation: changes([{ name: lost.name, settings: {} }]) };
  const reasons: string[] = [];
  const source = prefetchedBatches(plan, { onFallback: (reason) => reasons.push(reason) });
  const seen = await closing(source, () => walk(source, [[0, 0]])) as { images: Float32Array }[];
  assert(seen.length === 8 && seen.every(({ images }) => images[1] === 0));
  assertEquals(reasons.length, 1);
  assert(reasons[0]!.includes("not_there.ts"), reasons[0]);
});

Deno.test("batches of a plan without sense are refused", async () => {
  for (const open of [directBatches, prefetchedBatches]) {
    assertThrows(
      () => open({ ...planOf(""), size: 0 }),
      RangeError,
      "Cannot make batches of 0 examples: expected a positive integer",
    );
    const augmentation = changes([{ name: "flop", settings: {} }]);
    assertThrows(
      () => open({ ...planOf(""), augmentation }),
      RangeError,
      "Cannot find augmentation",
    );
  }
  // An error of the data themselves is told by this thread, with its own stack.
  const examples = { ...examplesFrom(splitOf(10)), count: 11 };
  const source = prefetchedBatches({ ...planOf(""), examples, size: 11 });
  await assertRejects(() => closing(source, () => walk(source, [[0, 0]])), RangeError);
});
