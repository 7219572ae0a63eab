/**
 * The wire format of Protocol Buffers, as far as TensorBoard's events need it: a message is the
 * concatenation of its fields.
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** How a field's value is stored. */
const WIRE = { varint: 0, eight: 1, bytes: 2, four: 5 } as const;

/** Several byte blocks in a row. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A field with a whole number ≥ 0, at most 2⁵³. */
export function whole(field: number, value: number): Uint8Array {
  return concat(key(field, WIRE.varint), varint(value));
}

/** A field with a number in double precision. */
export function double(field: number, value: number): Uint8Array {
  return concat(key(field, WIRE.eight), littleEndian(8, (view) => view.setFloat64(0, value, true)));
}

/** A field with a number in single precision. */
export function float(field: number, value: number): Uint8Array {
  return concat(key(field, WIRE.four), littleEndian(4, (view) => view.setFloat32(0, value, true)));
}

/** A field with bytes, or with the message that they are. */
export function bytes(field: number, value: Uint8Array): Uint8Array {
  return concat(key(field, WIRE.bytes), varint(value.length), value);
}

/** A field with a text. */
export function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

/** A field with a list of numbers in double precision. */
export function doubles(field: number, values: readonly number[]): Uint8Array {
  const write = (view: DataView): void =>
    values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return bytes(field, littleEndian(8 * values.length, write));
}

function key(field: number, wire: number): Uint8Array {
  return varint(8 * field + wire);
}

/** Seven bits a byte, the lowest first; division keeps what the bit operators cut off at 32 bits. */
function varint(value: number): Uint8Array {
  const out: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out.push(0x80 | value % 0x80);
  return Uint8Array.of(...out, value);
}

function littleEndian(size: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return new Uint8Array(view.buffer);
}
