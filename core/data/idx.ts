/**
 * The IDX format of MNIST: a magic number, extents, then the values, all big-endian. Layout: two
 * zero bytes, one byte for the element type, one for the number of dimensions, one 32-bit integer
 * per extent, and the values row-major.
 *
 * @module
 */

import { readBytes, shorten } from "../io/mod.ts";
import { unpack } from "./files.ts";

/** An array of unsigned bytes from an IDX file. */
export interface IdxArray {
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Values, row-major. */
  readonly data: Uint8Array;
}

/** Element types of the format by their code. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [0x08, "unsigned byte"],
  [0x09, "signed byte"],
  [0x0b, "int16"],
  [0x0c, "int32"],
  [0x0d, "float32"],
  [0x0e, "float64"],
]);

/**
 * Reads an IDX file, plain or gzip; the content tells which, not the name.
 *
 * @param path The file.
 * @throws {Error} When it cannot be read, unpacked or understood; the message names the file.
 */
export async function readIdx(path: string): Promise<IdxArray> {
  return parseIdx(unpack(await readBytes(path), path), path);
}

/**
 * Understands the bytes of a plain IDX file of unsigned bytes.
 *
 * @param bytes Whole content; the result shares its memory.
 * @param name Where it comes from, for messages.
 * @throws {Error} When magic number, element type, extents or length are not as they must be.
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxArray {
  const refuse = (expected: string, got: string) =>
    new Error(`Cannot read ${name} as IDX: expected ${expected}, got ${got}`);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw refuse("a magic number that begins with 0x0000", hex(bytes.subarray(0, 4)));
  }
  const [type, dimensions] = [bytes[2]!, bytes[3]!];
  if (type !== 0x08) {
    throw refuse("element type 0x08 (unsigned byte)", typeName(type));
  }
  const header = 4 + 4 * dimensions;
  if (dimensions === 0 || bytes.length < header) {
    throw refuse(`a header of ${Math.max(header, 8)} bytes`, `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  if (bytes.length - header !== size) {
    const extents = shorten(shape.join("×"));
    throw refuse(`${size} values for extents ${extents}`, `${bytes.length - header}`);
  }
  return { shape, data: bytes.subarray(header) };
}

function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "an empty file" : `0x${bytes.toHex()}`;
}

function typeName(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")} (${TYPES.get(type) ?? "unknown"})`;
}
