import { assertEquals, assertThrows } from "@std/assert";
import strict from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSafetensors,
  encodeSafetensors,
  type TensorArray,
  type TensorData,
} from "../../../core/io/safetensors.ts";

function join(blocks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(blocks.reduce((n, b) => n + b.length, 0));
  let at = 0;
  for (const block of blocks) {
    out.set(block, at);
    at += block.length;
  }
  return out;
}

/** A file with any header text, as a damaged writer could leave it. */
function forge(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return join([length, json, data]);
}

const four = new Uint8Array(4);
const at = (begin: number, end: number, extra = {}): unknown => ({
  dtype: "U8",
  shape: [end - begin],
  data_offsets: [begin, end],
  ...extra,
});

const arrays: fc.Arbitrary<TensorArray> = fc.oneof(
  fc.float32Array(),
  fc.float64Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.uint8Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.int8Array(),
  fc.int16Array(),
  fc.uint16Array(),
);
const tensors: fc.Arbitrary<TensorData> = arrays.map((data) => ({ shape: [data.length], data }));
const names = fc.string({ minLength: 1 }).filter((s) => s !== "__metadata__");

Deno.test("decodeSafetensors() gives back every bit that encodeSafetensors() took", () => {
  fc.assert(fc.property(
    fc.dictionary(names, tensors),
    fc.dictionary(fc.string(), fc.string()),
    (original, metadata) => {
      const read = decodeSafetensors(join(encodeSafetensors(original, metadata)));
      strict.deepEqual({ ...read.tensors }, { ...original });
      strict.deepEqual({ ...read.metadata }, { ...metadata });
    },
  ));
});

Deno.test("decodeSafetensors() reads a file that starts at an odd address", () => {
  const file = join(
    encodeSafetensors({ a: { shape: [2], data: new Float64Array([1.5, NaN]) } }),
  );
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  const read = decodeSafetensors(shifted.subarray(1));
  strict.deepEqual(read.tensors["a"]!.data, new Float64Array([1.5, NaN]));
});

Deno.test("decodeSafetensors() lists tensors in the order of the data, numbers for names or not", () => {
  const order = ["10", "2", "w", "0", "__proto__"];
  const header = Object.fromEntries(order.map((name, i) => [name, at(i, i + 1)]));
  const bytes = forge(header, Uint8Array.of(7, 8, 9, 10, 11));
  for (const file of [bytes, join(encodeSafetensors(decodeSafetensors(bytes).tensors))]) {
    const { tensors } = decodeSafetensors(file);
    assertEquals(Object.keys(tensors), order);
    assertEquals(order.map((name) => tensors[name]!.data[0]), [7, 8, 9, 10, 11]);
  }
});

/** Half-precision patterns with the numbers that they stand for, after IEEE 754 and bfloat16. */
const NARROW: readonly [dtype: string, words: number[], values: number[]][] = [
  [
    "F16",
    [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00, 0xfc00, 0x7e00],
    [0, -0, 1, -2, 65504, 2 ** -24, 2 ** -14, 1365 / 4096, Infinity, -Infinity, NaN],
  ],
  [
    "BF16",
    [0x0000, 0x8000, 0x3f80, 0xc000, 0x4049, 0x0001, 0x7f80, 0xff80, 0x7fc0],
    [0, -0, 1, -2, 3.140625, 2 ** -133, Infinity, -Infinity, NaN],
  ],
];

for (const [dtype, words, values] of NARROW) {
  Deno.test(`decodeSafetensors() reads ${dtype} as float32, exactly, at any address, and says so`, () => {
    const data = new Uint8Array(Uint16Array.from(words).buffer);
    const length = data.length;
    for (const pad of ["", " "]) {
      const entry = { dtype, shape: [words.length], data_offsets: [0, length] };
      const { w } = decodeSafetensors(forge(JSON.stringify({ w: entry }) + pad, data)).tensors;
      strict.deepEqual(w!.data, Float32Array.from(values));
      assertEquals([w!.dtype, w!.data === w!.data], [dtype, true]);
    }
  });
}

Deno.test("decodeSafetensors() reads every F16 pattern as the number that it stands for", () => {
  const words = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const entry = { dtype: "F16", shape: [65536], data_offsets: [0, 131072] };
  const { data } = decodeSafetensors(forge({ w: entry }, new Uint8Array(words.buffer))).tensors.w!;
  for (const i of words) {
    const [sign, exponent, fraction] = [i >> 15 ? -1 : 1, i >> 10 & 31, i & 1023];
    const expected = exponent === 0
      ? sign * fraction * 2 ** -24
      : exponent === 31
      ? fraction === 0 ? sign * Infinity : NaN
      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (!Object.is(data[i], expected)) assertEquals([i, data[i]], [i, expected]);
  }
});

Deno.test("decodeSafetensors() reads BOOL as bytes and says so, and other types without a word", () => {
  const bool = { dtype: "BOOL", shape: [3], data_offsets: [0, 3] };
  const { mask, byte } = decodeSafetensors(
    forge({ mask: bool, byte: at(3, 4) }, Uint8Array.of(1, 0, 1, 5)),
  ).tensors;
  assertEquals([[...mask!.data], mask!.dtype], [[1, 0, 1], "BOOL"]);
  assertEquals("dtype" in byte!, false);
});

Deno.test("encodeSafetensors() follows the published byte layout", () => {
  const bytes = join(encodeSafetensors({ w: { shape: [1, 2], data: new Float32Array([1, 2]) } }));
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  assertEquals(length % 8, 0);
  assertEquals(header[0], "{");
  assertEquals(JSON.parse(header), { w: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] } });
  assertEquals([...bytes.subarray(8 + length)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
});

Deno.test("encodeSafetensors() stores scalars and empty tensors", () => {
  const original = {
    scalar: { shape: [], data: new Float32Array([3]) },
    none: { shape: [0, 4], data: new Int32Array(0) },
  };
  const read = decodeSafetensors(join(encodeSafetensors(original)));
  assertEquals(read.tensors["scalar"]!.shape, []);
  assertEquals(read.tensors["none"]!.shape, [0, 4]);
});

for (const [dtype, words, values] of NARROW) {
  Deno.test(`encodeSafetensors() writes the ${dtype} that it is asked for, and what was read as it was`, () => {
    const w = { shape: [words.length], data: Float32Array.from(values), dtype };
    const file = join(encodeSafetensors({ w, byte: { shape: [1], data: Uint8Array.of(5) } }));
    const stored = [...new Uint16Array(file.slice(-2 * words.length - 1, -1).buffer)];
    assertEquals(stored, words);
    const { tensors } = decodeSafetensors(file);
    assertEquals([tensors.w!.dtype, [...tensors.byte!.data]], [dtype, [5]]);
    assertEquals(join(encodeSafetensors(tensors)), file);
  });
}

Deno.test("encodeSafetensors() rounds to the nearest half, ties to even, and keeps not-a-numbers", () => {
  const data = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -1 - 2 ** -9);
  const nan = new Float32Array(Uint32Array.of(0x7fffffff, 0x7f800001).buffer);
  const rounded = (dtype: string, of: Float32Array) => {
    const bytes = join(encodeSafetensors({ w: { shape: [of.length], data: of, dtype } }));
    return [...decodeSafetensors(bytes).tensors.w!.data];
  };
  assertEquals(rounded("BF16", data), [1, 1 + 2 ** -6, 1 + 2 ** -7, -1]);
  const tighter = data.map((x) => 1 + (x - 1) / 8);
  assertEquals(rounded("F16", tighter), [1, 1 + 2 ** -9, 1 + 2 ** -10, 0.75]);
  for (const dtype of ["F16", "BF16"]) assertEquals(rounded(dtype, nan), [NaN, NaN]);
});

Deno.test("encodeSafetensors() refuses a type that is another array's, and numbers too large for it", () => {
  const refused = (data: TensorArray, dtype: string, expected: string) =>
    assertThrows(
      () => encodeSafetensors({ w: { shape: [data.length], data, dtype } }),
      Error,
      `Cannot store tensor "w": expected ${expected}`,
    );
  refused(new Int32Array(1), "F16", 'Int32Array as one of I32, got "F16"');
  refused(new Float32Array(1), "F8", 'Float32Array as one of F32, F16, BF16, got "F8"');
  refused(Float32Array.of(0, 65520), "F16", "numbers that F16 can hold, got 65520 at position 1");
  refused(
    Float32Array.of(Infinity, 3.4e38),
    "BF16",
    "numbers that BF16 can hold, got 3.3999999521443642e+38 at position 1",
  );
});

Deno.test("encodeSafetensors() refuses a shape that does not fit its data", () => {
  assertThrows(
    () => encodeSafetensors({ w: { shape: [2, 2], data: new Float32Array(3) } }),
    RangeError,
    'Cannot store tensor "w": expected 4 elements for shape [2,2], got 3',
  );
});

Deno.test("encodeSafetensors() refuses an array type that the format lacks", () => {
  const data = new Uint8ClampedArray(1) as unknown as Uint8Array;
  assertThrows(
    () => encodeSafetensors({ w: { shape: [1], data } }),
    TypeError,
    'Cannot store tensor "w": expected one of Float64Array, BigInt64Array, BigUint64Array, ' +
      "Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array, got " +
      "Uint8ClampedArray",
  );
});

Deno.test("encodeSafetensors() refuses the reserved name", () => {
  assertThrows(
    () => encodeSafetensors({ __metadata__: { shape: [0], data: new Uint8Array() } }),
    RangeError,
    "the name is reserved",
  );
});

const DAMAGED: readonly [what: string, bytes: Uint8Array, message: string][] = [
  ["a file of three bytes", new Uint8Array(3), "expected at least 8 bytes, got 3"],
  [
    "a header longer than the file",
    forge({}, four).fill(0xff, 0, 2),
    "expected a header of at most 6 bytes, got one that claims",
  ],
  [
    "a header that is not JSON",
    forge("{nope", four),
    "expected a header of JSON text, got other text (Expected property name",
  ],
  ["a header that is a list", forge([], four), "expected the header to be a JSON object, got []"],
  [
    "metadata that is no text",
    forge({ __metadata__: { a: 1 } }, new Uint8Array()),
    'expected "__metadata__" to map strings to strings, got {"a":1}',
  ],
  [
    "a tensor without description",
    forge({ w: 1 }, four),
    'expected tensor "w" to have a description, got 1',
  ],
  [
    "an unknown type",
    forge({ w: at(0, 4, { dtype: "F8_E4M3" }) }, four),
    'expected tensor "w" to have type F64, I64, U64, F32, I32, U32, I16, U16, I8, U8, F16, BF16, ' +
    'BOOL, got "F8_E4M3"',
  ],
  [
    "a negative extent",
    forge({ w: at(0, 4, { shape: [-4] }) }, four),
    'expected tensor "w" to have counts as its shape, got [-4]',
  ],
  [
    "offsets that are no pair",
    forge({ w: at(0, 4, { data_offsets: [0] }) }, four),
    'expected tensor "w" to have offsets [begin, end], got [0]',
  ],
  [
    "a tensor beyond the end",
    forge({ w: at(0, 8) }, four),
    'expected tensor "w" to lie within 4 bytes of data, got bytes 0 to 8',
  ],
  [
    "a size that does not fit the shape",
    forge({ w: at(0, 4, { shape: [3] }) }, four),
    'expected tensor "w" to have 3 bytes as U8 [3], got 4',
  ],
  [
    "tensors that overlap",
    forge({ a: at(0, 3), b: at(2, 4) }, four),
    'expected tensor "b" at byte 3, got 2',
  ],
  [
    "a hole",
    forge({ a: at(0, 1), b: at(2, 4) }, four),
    'expected tensor "b" at byte 1, got 2',
  ],
  [
    "bytes that are no text",
    forge("{}", four).fill(0xff, 8, 9),
    "expected a header of UTF-8 text, got other bytes",
  ],
  [
    "a description that is long",
    forge({ w: at(0, 4, { dtype: "x".repeat(5000) }) }, four),
    'expected tensor "w" to have type F64, I64, U64, F32, I32, U32, I16, U16, I8, U8, F16, BF16, ' +
    `BOOL, got "${"x".repeat(78)}…`,
  ],
  ["bytes left over", forge({ a: at(0, 3) }, four), "expected 3 bytes of data, got 4"],
];

for (const [what, bytes, message] of DAMAGED) {
  Deno.test(`decodeSafetensors() refuses ${what}`, () => {
    assertThrows(() => decodeSafetensors(bytes, "w.st"), Error, `Cannot read w.st: ${message}`);
  });
}

Deno.test("decodeSafetensors() never crashes in other ways on a corrupted file", () => {
  const good = join(encodeSafetensors({ a: { shape: [3], data: new Float32Array(3) } }));
  fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (position, byte) => {
    const bad = good.slice();
    bad[position] = byte;
    try {
      decodeSafetensors(bad, "x");
    } catch (error) {
      assertEquals((error as Error).message.startsWith("Cannot read x: "), true);
    }
  }));
});
