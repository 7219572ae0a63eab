import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import strict from "node:assert/strict";
import fc from "fast-check";
import { flattenRecord, readRecord, unflatten, writeRecord } from "../../../core/io/record.ts";
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
    strict.deepEqual(unflatten(flattenRecord(original)), original);
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

Deno.test("flattenRecord() names tensors by their path and keeps colliding paths apart", () => {
  const data = new Float32Array(1);
  const flat = flattenRecord({ layers: [{ u: data }], "a.b": data, a: { b: data } });
  assertEquals(Object.keys(flat.tensors), ["layers.0.u", "a.b", "a.b~2"]);
});

Deno.test("flattenRecord() refuses what it cannot store and names the path", () => {
  for (const value of [undefined, () => 1, new Map(), 1n, Symbol("x"), new Date()]) {
    assertThrows(
      () => flattenRecord({ optimizer: { moments: [0, value] } }),
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
  const { metadata } = flattenRecord({ u: new Float32Array(1) });
  assertThrows(() => unflatten({ tensors: {}, metadata }), Error, 'expected a tensor "u"');
});

Deno.test("readRecord() names the damaged file", async () => {
  const path = await Deno.makeTempFile();
  try {
    const [header] = encodeSafetensors({ a: { shape: [2], data: new Float32Array(2) } });
    await Deno.writeFile(path, header!);
    await assertRejects(
      () => readRecord(path),
      Error,
      `Cannot read ${path}: expected tensor "a" to lie`,
    );
  } finally {
    await Deno.remove(path);
  }
});

/** A file of one tensor `u` whose skeleton is this text. */
function withSkeleton(skeleton: unknown): Parameters<typeof unflatten>[0] {
  const text = typeof skeleton === "string" ? skeleton : JSON.stringify(skeleton);
  const { tensors } = flattenRecord({ u: new Float32Array(1) });
  return { tensors, metadata: { "rankflow.record": text } };
}

const DAMAGED: readonly [what: string, skeleton: unknown, message: string][] = [
  [
    "is cut off",
    '{"step":7,"u":',
    "expected a record of JSON text, got other text (Unexpected end",
  ],
  ["is null", null, "expected named values in its record, got null"],
  ["is a list", [1], "expected named values in its record, got [1]"],
  ["has a mark that is none", { u: { $: "tensr" } }, "expected a mark of number, entries, tensor"],
  ["has a mark that is no text", { u: { $: {} } }, "expected a mark of number, entries, tensor"],
  [
    "has a number that is none",
    { a: { $: "number", value: "12" } },
    'expected one of -0, NaN, Infinity, -Infinity in its record, got "12"',
  ],
  [
    "has entries that are none",
    { a: { $: "entries", entries: [["a"]] } },
    'expected pairs of a name and a value in its record, got [["a"]]',
  ],
  ["has no entries", { a: { $: "entries" } }, "expected pairs of a name and a value"],
  [
    "names a tensor by no text",
    { u: { $: "tensor", name: ["u"] } },
    'expected a tensor ["u"] in its record, got none of that name',
  ],
  ["names a tensor like a method", { u: { $: "array", name: "toString" } }, 'a tensor "toString"'],
];

for (const [what, skeleton, message] of DAMAGED) {
  Deno.test(`unflatten() refuses a record that ${what}`, () => {
    const error = assertThrows(
      () => unflatten(withSkeleton(skeleton), "c.st"),
      Error,
      message,
    );
    assertEquals(error.message.startsWith("Cannot read c.st: expected "), true, error.message);
  });
}
