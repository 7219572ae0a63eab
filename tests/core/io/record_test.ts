import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import strict from "node:assert/strict";
import fc from "fast-check";
import { flatten, readRecord, unflatten, writeRecord } from "../../../core/io/record.ts";
import { encodeSafetensors } from "../../../core/io/safetensors.ts";

const keys = fc.oneof(
  fc.string(),
  fc.constantFrom("$", "shape", "data", "__proto__", "a.b", "0", "__metadata__", "constructor"),
);
const leaves = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, Number.MAX_SAFE_INTEGER, 5e-324, null),
  fc.string(),
  fc.boolean(),
  fc.float32Array(),
  fc.float64Array(),
  fc.uint32Array(),
  fc.int32Array({ minLength: 6, maxLength: 6 }).map((data) => ({ shape: [2, 3], data })),
);
const { record } = fc.letrec<{ record: object }>((tie) => ({
  record: fc.dictionary(keys, fc.oneof(leaves, fc.array(leaves), tie("record")), {
    noNullPrototype: true,
  }),
}));

Deno.test("unflatten() gives back any nested record exactly", () => {
  fc.assert(fc.property(record, (original) => {
    strict.deepEqual(unflatten(flatten(original)), original);
  }));
});

Deno.test("readRecord() gives back from a file what writeRecord() stored", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const original = {
      step: 2 ** 53 - 1,
      losses: [NaN, -0, 1 / 3, Infinity],
      layers: [{ u: { shape: [2, 1], data: new Float32Array([0.1, -0]) }, bias: null }],
      random: { state: new Uint32Array([1, 2 ** 32 - 1]) },
    };
    await writeRecord(`${folder}/c.safetensors`, original);
    strict.deepEqual(await readRecord(`${folder}/c.safetensors`), original);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("flatten() names tensors by their path and keeps colliding paths apart", () => {
  const data = new Float32Array(1);
  const flat = flatten({ layers: [{ u: data }], "a.b": data, a: { b: data } });
  assertEquals(Object.keys(flat.tensors), ["layers.0.u", "a.b", "a.b~2"]);
});

Deno.test("flatten() refuses what it cannot store and names the path", () => {
  for (const value of [undefined, () => 1, new Map(), 1n, Symbol("x"), new Date()]) {
    assertThrows(
      () => flatten({ optimizer: { moments: [0, value] } }),
      TypeError,
      'Cannot store record entry "optimizer.moments.1"',
    );
  }
});

Deno.test("unflatten() refuses a file of tensors that holds no record", () => {
  assertThrows(
    () => unflatten({ tensors: {}, metadata: {} }, "x.safetensors"),
    Error,
    "Cannot read x.safetensors: expected a record, got a file of tensors without one",
  );
});

Deno.test("unflatten() refuses a record whose tensor is gone", () => {
  const { metadata } = flatten({ u: new Float32Array(1) });
  assertThrows(() => unflatten({ tensors: {}, metadata }), Error, 'expected a tensor "u"');
});

Deno.test("readRecord() names the damaged file", async () => {
  const path = await Deno.makeTempFile();
  try {
    const [header] = encodeSafetensors({ a: { shape: [2], data: new Float32Array(2) } });
    await Deno.writeFile(path, header!);
    await assertRejects(() => readRecord(path), Error, `Cannot read ${path}: tensor "a" lies at`);
  } finally {
    await Deno.remove(path);
  }
});
