import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { type Dataset, datasets, fingerprint, firstImages, seal } from "../../../core/data/mod.ts";

function content(): Omit<Dataset, "sha256"> {
  return {
    name: "x",
    shape: [1, 2, 1],
    classes: 2,
    classNames: ["a", "b"],
    train: { count: 2, images: Uint8Array.of(1, 2, 3, 4), labels: Uint8Array.of(0, 1) },
    test: { count: 1, images: Uint8Array.of(5, 6), labels: Uint8Array.of(1) },
  };
}

Deno.test("fingerprint() changes with any pixel, label, shape or boundary and with nothing else", () => {
  const original = fingerprint(content());
  assertMatch(original, /^[0-9a-f]{64}$/);
  assertEquals(fingerprint({ ...content(), name: "y" }), original);
  const pixel = content();
  pixel.test.images[1] = 7;
  const label = content();
  label.train.labels[0] = 1;
  const shape: Omit<Dataset, "sha256"> = { ...content(), shape: [2, 1, 1] };
  for (const changed of [pixel, label, shape]) assertNotEquals(fingerprint(changed), original);
});

Deno.test("firstImages() shares the memory of the split and refuses more than there is", () => {
  const { train } = content();
  assertStrictEquals(firstImages(train, undefined, "training"), train);
  const first = firstImages(train, 1, "training");
  assertStrictEquals(first.images.buffer, train.images.buffer);
  assertEquals([first.count, ...first.images, ...first.labels], [1, 1, 2, 0]);
  for (const count of [0, 3, 1.5]) {
    assertThrows(
      () => firstImages(train, count, "training"),
      RangeError,
      `Cannot take ${count} training images: expected an integer from 1 to 2`,
    );
  }
});

Deno.test("seal() refuses a split that is empty or does not fit the shape and the classes", () => {
  const none = { count: 0, images: new Uint8Array(0), labels: new Uint8Array(0) };
  const { test } = content();
  const cases: readonly [Partial<Dataset>, string][] = [
    [{ train: none }, "expected at least one training image, got none"],
    [{ test: none }, "expected at least one test image, got none"],
    [{ test: { ...test, count: NaN } }, "expected at least one test image, got none"],
    [{ test: { ...test, images: new Uint8Array(3) } }, "expected 2 pixels of test images, got 3"],
    [{ test: { ...test, labels: new Uint8Array(2) } }, "expected 1 test labels, got 2"],
    [{ test: { ...test, labels: Uint8Array.of(2) } }, "expected test labels below 2, got 2"],
  ];
  for (const [change, message] of cases) {
    assertThrows(
      () => seal({ ...content(), ...change }),
      RangeError,
      `Cannot use data set x: ${message}`,
    );
  }
  assertEquals(seal(content()).sha256, fingerprint(content()));
});

Deno.test("datasets knows its sources by name and suggests near ones", () => {
  assertEquals(datasets.names(), ["digits", "mnist", "fashion-mnist", "cifar-10", "blobs"]);
  assertThrows(
    () => datasets.get("mnits"),
    RangeError,
    'Cannot find data set "mnits": did you mean "mnist"',
  );
});
