/**
 * Tensors in host memory and the types that their elements have in a file.
 *
 * @module
 */

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
   * with a Uint8Array. Absent elsewhere.
   */
  readonly dtype?: string;
}

/** A type of elements, by the name that safetensors files give it. */
export interface ElementType {
  /** Name in the file. */
  readonly dtype: string;
  /** Bytes of an element in the file. */
  readonly size: number;
  /** Array of such elements; absent where it is another type that holds them. */
  readonly make?: ArrayType<TensorArray>;
  /** Converts elements of a type without an array; those lie at an address that `size` divides. */
  readonly widen?: (bytes: Uint8Array) => TensorArray;
}

type ArrayType<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

/** The types that can be read; those with an array can be written. */
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
  { dtype: "F16", size: 2, widen: (bytes) => new Float32Array(viewOf(Float16Array, 2, bytes)) },
  { dtype: "BF16", size: 2, widen: (bytes) => fromBfloat16(viewOf(Uint16Array, 2, bytes)) },
  { dtype: "BOOL", size: 1, widen: (bytes) => bytes },
];

/**
 * The type in which an array is stored.
 *
 * @param refuse Begin of the message.
 * @throws {TypeError} When it is none of the arrays of {@linkcode TensorArray}.
 */
export function typeOf(data: TensorArray, refuse: string): ElementType {
  const type = elementTypes.find(({ make }) => make && data instanceof make);
  if (type) return type;
  const known = elementTypes.flatMap(({ make }) => make ? [make.name] : []).join(", ");
  const found = Object.prototype.toString.call(data).slice(8, -1);
  throw new TypeError(`${refuse}: expected one of ${known}, got ${found}`);
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
  const { dtype, size, make, widen } = type;
  if (make) return { shape, data: viewOf(make, size, bytes) };
  let wide: TensorArray | undefined;
  return {
    shape,
    get data() {
      return wide ??= widen!(bytes);
    },
    dtype,
  };
}

function viewOf<T>(make: ArrayType<T>, size: number, bytes: Uint8Array): T {
  return new make(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size);
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return new Float32Array(words.buffer);
}
