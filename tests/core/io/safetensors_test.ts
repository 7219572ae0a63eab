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

const arrays: fc.Arbitrary<TensorArray> = fc.oneof(
  fc.float32Array(),
  fc.float64Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.uint8Array(),
  fc.bigInt64Array(),
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
    "got Uint8ClampedArray",
  );
});

Deno.test("encodeSafetensors() refuses the reserved name", () => {
  assertThrows(
    () => encodeSafetensors({ __metadata__: { shape: [0], data: new Uint8Array() } }),
    RangeError,
    "the name is reserved",
  );
});

const four = new Uint8Array(4);
const at = (begin: number, end: number, extra = {}): unknown => ({
  dtype: "U8",
  shape: [end - begin],
  data_offsets: [begin, end],
  ...extra,
});

const DAMAGED: readonly [what: string, bytes: Uint8Array, message: string][] = [
  ["a file of three bytes", new Uint8Array(3), "expected at least 8 bytes, got 3"],
  ["a header longer than the file", forge({}, four).fill(0xff, 0, 2), "the header claims"],
  ["a header that is not JSON", forge("{nope", four), "the header is not JSON text"],
  ["a header that is a list", forge([], four), "expected the header to be a JSON object"],
  [
    "metadata that is no text",
    forge({ __metadata__: { a: 1 } }, new Uint8Array()),
    'expected "__metadata__" to map strings to strings',
  ],
  ["a tensor without description", forge({ w: 1 }, four), 'tensor "w" has no description'],
  [
    "an unknown type",
    forge({ w: at(0, 4, { dtype: "F8" }) }, four),
    'tensor "w" has type "F8", expected one of F64, I64, F32, I32, U32, U8',
  ],
  [
    "a negative extent",
    forge({ w: at(0, 4, { shape: [-4] }) }, four),
    'tensor "w" has shape [-4], expected counts',
  ],
  [
    "offsets that are no pair",
    forge({ w: at(0, 4, { data_offsets: [0] }) }, four),
    'tensor "w" has offsets [0], expected [begin, end]',
  ],
  [
    "a tensor beyond the end",
    forge({ w: at(0, 8) }, four),
    'tensor "w" lies at bytes 0 to 8, but the data has 4 bytes',
  ],
  [
    "a size that does not fit the shape",
    forge({ w: at(0, 4, { shape: [3] }) }, four),
    'tensor "w" needs 3 bytes for U8 [3], got 4',
  ],
  [
    "tensors that overlap",
    forge({ a: at(0, 3), b: at(2, 4) }, four),
    'tensor "b" overlaps the one before it at byte 2',
  ],
  [
    "a hole",
    forge({ a: at(0, 1), b: at(2, 4) }, four),
    'bytes 1 to 2 before tensor "b" belong to none',
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
