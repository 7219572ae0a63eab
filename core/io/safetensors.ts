/**
 * The safetensors file format: a JSON header of names, types, shapes and offsets, then raw data.
 *
 * Layout, after https://github.com/huggingface/safetensors: 8 bytes header length N (unsigned,
 * little-endian), N bytes JSON `{ name: { dtype, shape, data_offsets: [begin, end] } }` with an
 * optional `__metadata__` map of strings, then the data without holes. Written and read on
 * little-endian machines, the only ones Deno runs on.
 *
 * @module
 */

import { writeAtomic } from "./atomic.ts";

/** Element storage of a {@linkcode TensorData}; the class decides the type in the file. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | BigInt64Array;

/** A tensor in host memory. */
export interface TensorData {
  /** Extents, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major elements, as many as the product of the extents. */
  readonly data: TensorArray;
}

/** What a safetensors file holds. */
export interface TensorFile {
  /** Tensors by name, in the order of the data. */
  readonly tensors: Readonly<Record<string, TensorData>>;
  /** Free text by key; empty when the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface ElementType {
  readonly dtype: string;
  readonly size: number;
  readonly make: new (buffer: ArrayBuffer, offset: number, length: number) => TensorArray;
}

const TYPES: readonly ElementType[] = [
  { dtype: "F64", size: 8, make: Float64Array },
  { dtype: "I64", size: 8, make: BigInt64Array },
  { dtype: "F32", size: 4, make: Float32Array },
  { dtype: "I32", size: 4, make: Int32Array },
  { dtype: "U32", size: 4, make: Uint32Array },
  { dtype: "U8", size: 1, make: Uint8Array },
];

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
/** The limit of the reference reader; a longer header means that this is no such file. */
const MAX_HEADER = 100_000_000;

/**
 * Encodes tensors as the blocks of a safetensors file, without copying their data.
 *
 * Wide types come first and the header is padded to 8 bytes, so that readers can map the data.
 *
 * @param tensors Tensors by name.
 * @param metadata Free text by key, stored as `__metadata__`.
 * @returns Header and data; their concatenation is the file. The data blocks are views.
 * @throws {TypeError} When an array has a type that the format cannot hold.
 * @throws {RangeError} When a shape does not match its data or a name is reserved.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, type: typeFor(name, tensor) }))
    .sort((a, b) => b.type.size - a.type.size);
  const header: [string, unknown][] = Object.keys(metadata).length > 0
    ? [[METADATA, metadata]]
    : [];
  let end = 0;
  for (const { name, tensor, type } of entries) {
    const begin = end;
    end += tensor.data.byteLength;
    header.push([name, { dtype: type.dtype, shape: tensor.shape, data_offsets: [begin, end] }]);
  }
  return [encodeHeader(Object.fromEntries(header)), ...entries.map((e) => bytesOf(e.tensor.data))];
}

function typeFor(name: string, { shape, data }: TensorData): ElementType {
  const refuse = `Cannot store tensor "${name}"`;
  if (name === METADATA) throw new RangeError(`${refuse}: the name is reserved, choose another`);
  const type = TYPES.find((t) => data instanceof t.make);
  if (!type) {
    throw new TypeError(
      `${refuse}: expected a Float32, Float64, Int32, Uint32, Uint8 or BigInt64 array, ` +
        `got ${Object.prototype.toString.call(data).slice(8, -1)}`,
    );
  }
  const count = shape.reduce((a, b) => a * b, 1);
  if (!shape.every(isCount) || count !== data.length) {
    throw new RangeError(
      `${refuse}: expected ${count} elements for shape [${shape}], got ${data.length}`,
    );
  }
  return type;
}

function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const block = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(block.buffer).setBigUint64(0, BigInt(length), true);
  block.set(json, LENGTH_BYTES);
  return block;
}

function bytesOf(data: TensorArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Decodes a safetensors file, strictly: every byte must belong to the header or to one tensor.
 *
 * @param bytes The whole file. Aligned tensors become views of it, others are copied.
 * @param file Name of the file for error messages.
 * @returns Tensors and metadata.
 * @throws {Error} When the file is damaged; the message names file, tensor and what was expected.
 */
export function decodeSafetensors(bytes: Uint8Array, file = "safetensors data"): TensorFile {
  const { header, dataStart } = decodeHeader(bytes, file);
  const data = bytes.subarray(dataStart);
  const metadata = readMetadata(header[METADATA], file);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => readEntry(name, value, data.length, file))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(entries, data.length, file);
  const tensors = entries.map((e) => [e.name, { shape: e.shape, data: arrayOf(e, data) }] as const);
  return { tensors: Object.fromEntries(tensors), metadata };
}

function decodeHeader(
  bytes: Uint8Array,
  file: string,
): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw broken(file, `expected at least ${LENGTH_BYTES} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const available = bytes.length - LENGTH_BYTES;
  if (length > Math.min(available, MAX_HEADER)) {
    throw broken(
      file,
      `the header claims ${length} bytes, but at most ${Math.min(available, MAX_HEADER)} are there`,
    );
  }
  const dataStart = LENGTH_BYTES + length;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), file);
  if (!isPlainObject(header)) throw broken(file, "expected the header to be a JSON object");
  return { header, dataStart };
}

function parseHeader(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw broken(file, `the header is not JSON text (${(error as Error).message})`);
  }
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  if (isPlainObject(value) && Object.values(value).every((v) => typeof v === "string")) {
    return value as Record<string, string>;
  }
  throw broken(file, `expected "${METADATA}" to map strings to strings`);
}

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, dataLength: number, file: string): Entry {
  const refuse = (what: string): Error => broken(file, `tensor "${name}" ${what}`);
  if (!isPlainObject(value)) throw refuse("has no description");
  const { dtype, shape, data_offsets: offsets } = value;
  const type = TYPES.find((t) => t.dtype === dtype);
  if (!type) {
    const known = TYPES.map((t) => t.dtype).join(", ");
    throw refuse(`has type ${JSON.stringify(dtype)}, expected one of ${known}`);
  }
  if (!isCounts(shape)) throw refuse(`has shape ${JSON.stringify(shape)}, expected counts`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw refuse(`has offsets ${JSON.stringify(offsets)}, expected [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength) {
    throw refuse(`lies at bytes ${begin} to ${end}, but the data has ${dataLength} bytes`);
  }
  const expected = shape.reduce((a, b) => a * b, type.size);
  if (end - begin !== expected) {
    throw refuse(`needs ${expected} bytes for ${dtype} [${shape}], got ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

function checkCover(entries: readonly Entry[], dataLength: number, file: string): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin < position) {
      throw broken(file, `tensor "${name}" overlaps the one before it at byte ${begin}`);
    }
    if (begin > position) {
      throw broken(file, `bytes ${position} to ${begin} before tensor "${name}" belong to none`);
    }
    position = end;
  }
  if (position !== dataLength) {
    throw broken(file, `expected ${position} bytes of data, got ${dataLength}`);
  }
}

function arrayOf({ type, begin, end }: Entry, data: Uint8Array): TensorArray {
  const aligned = (data.byteOffset + begin) % type.size === 0;
  const bytes = aligned ? data.subarray(begin, end) : data.slice(begin, end);
  const length = (end - begin) / type.size;
  return new type.make(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function broken(file: string, what: string): Error {
  return new Error(`Cannot read ${file}: ${what}`);
}

/**
 * Writes a safetensors file in one step, see {@linkcode writeAtomic}.
 *
 * @param path The file to write; its folder must exist.
 * @param tensors Tensors by name.
 * @param metadata Free text by key.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a safetensors file.
 *
 * @param path The file to read.
 * @returns Tensors and metadata.
 * @throws {Error} When the file is missing or damaged.
 */
export async function readSafetensors(path: string): Promise<TensorFile> {
  return decodeSafetensors(await Deno.readFile(path), path);
}
