/**
 * Tensors in host memory and the types that their elements have in a file.
 *
 * @module
 */

import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half_precision.ts";

/** Element storage of a {@linkcode TensorData}; the class decides the type in the file. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A tensor in host memory. */
export interface TensorData {
  /** Extents, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major elements, as many as the product of the extents. */
  readonly data: TensorArray;
  /**
   * Type in the file where it is not that of `data`: "F16" and "BF16" with a Float32Array, "BOOL"
   * with a Uint8Array. Absent elsewhere. What is written has this type, too, rounded to it.
   */
  readonly dtype?: string;
}

/** A type of elements, by the name that safetensors files give it. */
export interface ElementType {
  /** Name in the file. */
  readonly dtype: string;
  /** Bytes of an element in the file. */
  readonly size: number;
  /** Array of such elements in memory. */
  readonly make: ArrayType<TensorArray>;
  /** How elements come and go where the file has them in another form. */
  readonly conversion?: Conversion;
}

/** Between the elements of a file and those of an array. */
interface Conversion {
  /** From bytes at an address that the size of an element divides. */
  readonly read: (bytes: Uint8Array) => TensorArray;
  /** To the nearest elements of the file. */
  readonly write: (data: TensorArray) => Uint8Array;
}

type ArrayType<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

/** The types that can be read and written; the first one for an array is its own. */
export const elementTypes: readonly ElementType[] = [
  { dtype: "F64", size: 8, make: Float64Array },
  { dtype: "I64", size: 8, make: BigInt64Array },
  { dtype: "U64", size: 8, make: BigUint64Array },
  { dtype: "F32", size: 4, make: Float32Array },
  { dtype: "I32", size: 4, make: Int32Array },
  { dtype: "U32", size: 4, make: Uint32Array },
  { dtype: "I16", size: 2, make: Int16Array },
  { dtype: "U16", size: 2, make: Uint16Array },
  { dtype: "I8", size: 1, make: Int8Array },
  { dtype: "U8", size: 1, make: Uint8Array },
  {
    dtype: "F16",
    size: 2,
    make: Float32Array,
    conversion: { read: fromFloat16, write: (data) => toFloat16(data as Float32Array) },
  },
  {
    dtype: "BF16",
    size: 2,
    make: Float32Array,
    conversion: { read: fromBfloat16, write: (data) => toBfloat16(data as Float32Array) },
  },
  {
    dtype: "BOOL",
    size: 1,
    make: Uint8Array,
    conversion: { read: (bytes) => bytes, write: (data) => bytesOf(data) },
  },
];

/**
 * The type in which a tensor is stored.
 *
 * @param refuse Begin of the message.
 * @throws {TypeError} When its array is none of {@linkcode TensorArray}, or its `dtype` is unknown
 * or that of another array.
 */
export function typeOf({ data, dtype }: TensorData, refuse: string): ElementType {
  const fitting = elementTypes.filter(({ make }) => data instanceof make);
  const type = dtype === undefined ? fitting[0] : fitting.find((t) => t.dtype === dtype);
  if (type) return type;
  const found = Object.prototype.toString.call(data).slice(8, -1);
  if (fitting.length > 0) {
    const known = fitting.map((t) => t.dtype).join(", ");
    throw new TypeError(`${refuse}: expected ${found} as one of ${known}, got "${dtype}"`);
  }
  const known = [...new Set(elementTypes.map(({ make }) => make.name))].join(", ");
  throw new TypeError(`${refuse}: expected one of ${known}, got ${found}`);
}

/**
 * The elements of a tensor as a file has them, sharing its memory where it can.
 *
 * @param type As {@linkcode typeOf} says.
 * @param refuse Begin of the message.
 * @throws {RangeError} When a finite number is too large for the type.
 */
export function storedBytes(
  { dtype, conversion }: ElementType,
  data: TensorArray,
  refuse: string,
): Uint8Array {
  const bytes = conversion?.write(data);
  if (!bytes || !(data instanceof Float32Array)) return bytes ?? bytesOf(data);
  const stored = conversion!.read(bytes);
  const lost = data.findIndex((x, i) => Number.isFinite(x) && !Number.isFinite(stored[i]));
  if (lost < 0) return bytes;
  throw new RangeError(
    `${refuse}: expected numbers that ${dtype} can hold, got ${data[lost]} at position ${lost}`,
  );
}

/**
 * A tensor over bytes of a file, which it shares where it can. Narrow types are converted when their
 * `data` is first asked for.
 *
 * @param shape Extents, whose product is the number of elements.
 * @param bytes Elements, at an address that their size divides.
 */
export function tensorOf(
  type: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): TensorData {
  const { dtype, size, make, conversion } = type;
  if (!conversion) {
    return {
      shape,
      data: new make(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size),
    };
  }
  let wide: TensorArray | undefined;
  return {
    shape,
    get data() {
      return wide ??= conversion.read(bytes);
    },
    dtype,
  };
}

function bytesOf(data: TensorArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
