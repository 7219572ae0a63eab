import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { datasets } from "../../../core/data/mod.ts";
import { nearestMeanAccuracy } from "../../support/nearest_mean.ts";

Deno.test("blobs makes small balanced classes from the seed", async () => {
  const load = (seed: number) => datasets.get("blobs").load({ seed });
  const [a, b, c] = [await load(1), await load(1), await load(2)];
  assertEquals([a.train.count, a.test.count, a.classes], [400, 200, 4]);
  assertEquals(a.train.images.length, 400 * 36);
  for (let k = 0; k < 4; k++) assertEquals(a.train.labels.filter((l) => l === k).length, 100);
  assertEquals(a.sha256, b.sha256);
  assertNotEquals(a.sha256, c.sha256);
});

Deno.test("blobs is easy: the nearest class mean is right nearly always", async () => {
  for (const seed of [1, 2, 3]) {
    const { train, test } = await datasets.get("blobs").load({ seed });
    assertGreater(nearestMeanAccuracy(train, test, 4), 0.98);
  }
});

Deno.test("blobs draws different images for training and test", async () => {
  const { train, test } = await datasets.get("blobs").load({ seed: 1 });
  assertNotEquals(train.images.subarray(0, 36), test.images.subarray(0, 36));
});
