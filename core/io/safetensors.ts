/**
 * The safetensors file format: a JSON header of names, types, shapes and offsets, then raw data.
 *
 * Layout, after https://github.com/huggingface/safetensors: 8 bytes header length N (unsigned,
 * little-endian), N bytes JSON `{ name: { dtype, shape, data_offsets: [begin, end] } }` with an
 * optional `__metadata__` map of strings, then the data without holes. Written and read on
 * little-endian machines, the only ones Deno runs on.
 *
 * F64, F32 and whole numbers of 8 to 64 bits are read and written as they are. F16 and BF16 are read
 * as float32, which holds all of their values, and BOOL as bytes 0 and 1; the tensor tells so in its
 * `dtype`, and one that says so is written like that. Files with other types, such as F8_E4M3, are
 * refused.
 *
 * @module
 */

import { writeAtomic } from "./atomic.ts";
import { isRecord } from "./expectation.ts";
import { readBytes } from "./files.ts";
import { brief, plainJson } from "./json.ts";
import {
  type ElementType,
  elementTypes,
  storedBytes,
  type TensorData,
  tensorOf,
  typeOf,
} from "./tensor_data.ts";

export type { TensorArray, TensorData } from "./tensor_data.ts";

/** What a safetensors file holds. */
export interface TensorFile {
  /** Tensors by name, in the order of the data. */
  readonly tensors: Readonly<Record<string, TensorData>>;
  /** Free text by key; empty when the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
/** The limit of the reference reader; a longer header means that this is no such file. */
const MAX_HEADER = 100_000_000;

/**
 * Encodes tensors as the blocks of a safetensors file. Data are copied only where their `dtype` asks
 * for another type.
 *
 * Wide types come first and the header is padded to 8 bytes, so that readers can map the data.
 *
 * @param tensors Tensors by name.
 * @param metadata Free text by key, stored as `__metadata__`.
 * @returns Header and data; their concatenation is the file.
 * @throws {TypeError} When an array has a type that the format cannot hold.
 * @throws {RangeError} When a shape does not match its data, a name is reserved, or a number is too
 * large for the type that is asked for.
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
  for (const { name, tensor: { shape, data }, type } of entries) {
    const begin = end;
    end += type.size * data.length;
    header.push([name, { dtype: type.dtype, shape, data_offsets: [begin, end] }]);
  }
  const blocks = entries.map((e) => storedBytes(e.type, e.tensor.data, refusal(e.name)));
  return [encodeHeader(Object.fromEntries(header)), ...blocks];
}

function typeFor(name: string, tensor: TensorData): ElementType {
  const refuse = refusal(name);
  if (name === METADATA) throw new RangeError(`${refuse}: the name is reserved, choose another`);
  const type = typeOf(tensor, refuse);
  const { shape, data } = tensor;
  const count = shape.reduce((a, b) => a * b, 1);
  if (!shape.every(isCount) || count !== data.length) {
    throw new RangeError(
      `${refuse}: expected ${count} elements for shape [${shape}], got ${data.length}`,
    );
  }
  return type;
}

function refusal(name: string): string {
  return `Cannot store tensor ${brief(name)}`;
}

function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const block = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(block.buffer).setBigUint64(0, BigInt(length), true);
  block.set(json, LENGTH_BYTES);
  return block;
}

/**
 * Decodes a safetensors file, strictly: every byte must belong to the header or to one tensor.
 *
 * Costs the header only: aligned tensors are views of `bytes`, and narrow types become wider ones
 * when their `data` is first asked for.
 *
 * @param bytes The whole file.
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
  const tensors = entries.map((entry) => [entry.name, tensorIn(data, entry)] as const);
  return { tensors: orderedRecord(tensors), metadata };
}

/** A record whose keys keep their order: plain ones move keys such as "10" to the front. */
export function orderedRecord<T>(
  entries: Iterable<readonly [string, T]>,
): Readonly<Record<string, T>> {
  const found = new Map(entries);
  const keys = [...found.keys()];
  return new Proxy(Object.freeze(Object.fromEntries(found)), { ownKeys: () => keys });
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
    const most = Math.min(available, MAX_HEADER);
    throw broken(file, `expected a header of at most ${most} bytes, got one that claims ${length}`);
  }
  const dataStart = LENGTH_BYTES + length;
  const text = textOf(bytes.subarray(LENGTH_BYTES, dataStart), file);
  const header = plainJson(text, file, "a header of JSON text");
  if (!isRecord(header)) {
    throw broken(file, `expected the header to be a JSON object, got ${brief(header)}`);
  }
  return { header, dataStart };
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw broken(file, "expected a header of UTF-8 text, got other bytes");
  }
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  if (isRecord(value) && Object.values(value).every((v) => typeof v === "string")) {
    return value as Record<string, string>;
  }
  throw broken(file, `expected "${METADATA}" to map strings to strings, got ${brief(value)}`);
}

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, dataLength: number, file: string): Entry {
  const refuse = (expected: string, got: string): Error =>
    broken(file, `expected tensor ${brief(name)} to ${expected}, got ${got}`);
  if (!isRecord(value)) throw refuse("have a description", brief(value));
  const { dtype, shape, data_offsets: offsets } = value;
  const type = elementTypes.find((t) => t.dtype === dtype);
  if (!type) {
    throw refuse(`have type ${elementTypes.map((t) => t.dtype).join(", ")}`, brief(dtype));
  }
  if (!isCounts(shape)) throw refuse("have counts as its shape", brief(shape));
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw refuse("have offsets [begin, end]", brief(offsets));
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength) {
    throw refuse(`lie within ${dataLength} bytes of data`, `bytes ${begin} to ${end}`);
  }
  const expected = shape.reduce((a, b) => a * b, type.size);
  if (end - begin !== expected) {
    throw refuse(`have ${expected} bytes as ${type.dtype} ${brief(shape)}`, `${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

function checkCover(entries: readonly Entry[], dataLength: number, file: string): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw broken(file, `expected tensor ${brief(name)} at byte ${position}, got ${begin}`);
    }
    position = end;
  }
  if (position !== dataLength) {
    throw broken(file, `expected ${position} bytes of data, got ${dataLength}`);
  }
}

function tensorIn(data: Uint8Array, { type, shape, begin, end }: Entry): TensorData {
  const aligned = (data.byteOffset + begin) % type.size === 0;
  return tensorOf(type, shape, aligned ? data.subarray(begin, end) : data.slice(begin, end));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
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
  return decodeSafetensors(await readBytes(path), path);
}
