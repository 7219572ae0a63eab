import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseIdx, readIdx } from "../../../core/data/mod.ts";
import { encodeIdx, gzip, withFolder } from "../../support/idx.ts";

Deno.test("parseIdx() gives back the extents and values of any array of bytes", () => {
  const extents = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(extents, fc.nat(255), (shape, start) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Uint8Array.from({ length: size }, (_, i) => start + 37 * i);
    assertEquals(parseIdx(encodeIdx(shape, data), "x"), { shape, data });
  }));
});

Deno.test("parseIdx() reads extents as big-endian 32-bit integers", () => {
  const data = new Uint8Array(0x0102);
  assertEquals(parseIdx(encodeIdx([0x0102], data), "x").shape, [258]);
});

Deno.test("parseIdx() reads from the middle of a larger buffer", () => {
  const file = encodeIdx([2], [8, 9]);
  const larger = new Uint8Array(file.length + 7);
  larger.set(file, 7);
  assertEquals([...parseIdx(larger.subarray(7), "x").data], [8, 9]);
});

Deno.test("parseIdx() refuses a wrong magic number, also of an empty file", () => {
  const refuse = (bytes: number[], got: string) =>
    assertThrows(
      () => parseIdx(Uint8Array.from(bytes), "digits.idx"),
      Error,
      `Cannot read digits.idx as IDX: expected a magic number that begins with 0x0000, got ${got}`,
    );
  refuse([], "an empty file");
  refuse([0x3c, 0x68, 0x74, 0x6d, 0x6c], "0x3c68746d");
  refuse([0, 1, 8, 1], "0x00010801");
});

Deno.test("parseIdx() refuses element types other than unsigned byte, by name", () => {
  const refuse = (type: number, got: string) =>
    assertThrows(
      () => parseIdx(encodeIdx([1], [0, 0, 0, 0], type), "f"),
      Error,
      `Cannot read f as IDX: expected element type 0x08 (unsigned byte), got ${got}`,
    );
  refuse(0x0d, "0x0d (float32)");
  refuse(0x07, "0x07 (unknown)");
});

Deno.test("parseIdx() refuses a header that ends early", () => {
  assertThrows(
    () => parseIdx(encodeIdx([1, 2, 3], []).subarray(0, 9), "f"),
    Error,
    "Cannot read f as IDX: expected a header of 16 bytes, got 9 bytes",
  );
});

Deno.test("parseIdx() tells of many extents in a short message", () => {
  const bytes = new Uint8Array(2000).fill(7);
  bytes.set([0, 0, 8, 255]);
  const { message } = assertThrows(() => parseIdx(bytes, "f"), Error);
  assertEquals(message.startsWith("Cannot read f as IDX: expected Infinity values for"), true);
  assertEquals(message.length < 200, true, message);
});

Deno.test("parseIdx() refuses values that are too few or too many for the extents", () => {
  const file = encodeIdx([2, 3], [1, 2, 3, 4, 5, 6]);
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  for (const [bytes, got] of [[file.subarray(0, -1), 5], [longer, 7]] as const) {
    assertThrows(
      () => parseIdx(bytes, "f"),
      Error,
      `Cannot read f as IDX: expected 6 values for extents 2×3, got ${got}`,
    );
  }
});

Deno.test("readIdx() reads plain and gzip files whatever their name", async () => {
  await withFolder(async (folder) => {
    const file = encodeIdx([3], [1, 2, 3]);
    await Deno.writeFile(`${folder}/plain.gz`, file);
    await Deno.writeFile(`${folder}/packed`, await gzip(file));
    for (const name of ["plain.gz", "packed"]) {
      assertEquals([...(await readIdx(`${folder}/${name}`)).data], [1, 2, 3]);
    }
  });
});

Deno.test("readIdx() refuses gzip data that are cut off or damaged", async () => {
  await withFolder(async (folder) => {
    const packed = await gzip(
      encodeIdx([1000], Array.from({ length: 1000 }, (_, i) => i * i % 251)),
    );
    const damaged = packed.slice();
    damaged[packed.length >> 1]! ^= 0xff;
    for (const bytes of [packed.subarray(0, -20), damaged]) {
      const path = `${folder}/images.gz`;
      await Deno.writeFile(path, bytes);
      await assertRejects(
        () => readIdx(path),
        Error,
        `Cannot unpack ${path}: expected whole gzip data, got damaged or cut-off ones`,
      );
    }
  });
});
