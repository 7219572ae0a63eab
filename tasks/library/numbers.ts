/**
 * Arrays as people have them: nested lists, typed arrays, or flat numbers with their extents.
 *
 * @module
 */

import { checkFinite, type Column, type Examples, examplesOf } from "../../core/mod.ts";

/** Flat numbers of one type. Those of whole numbers stay whole: class labels, tokens. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array;

/** Flat numbers with their extents, row-major. */
export interface ShapedNumbers {
  /** The numbers. */
  readonly data: NumberArray | readonly number[];
  /** Extents, the examples first. */
  readonly shape: readonly number[];
}

/**
 * Numbers with the examples first: nested lists such as `[[1, 2], [3, 4]]`, a list of typed arrays,
 * a typed array with a number for each example, or flat numbers with their shape.
 *
 * Lists and floats become float32. Whole numbers of typed arrays stay whole, as classes and tokens
 * are; a `Uint8ClampedArray`, as canvases give it, is brightness, 0 … 255 as 0 … 1.
 *
 * @example The same four numbers in three ways
 * ```ts
 * import {
 *   type Arrays, examples, type NumberArray, type Numbers, type ShapedNumbers,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const flat: NumberArray = Float32Array.of(1, 2, 3, 4);
 * const shaped: ShapedNumbers = { data: flat, shape: [2, 2] };
 * const ways: Numbers[] = [shaped, [[1, 2], [3, 4]], [Float32Array.of(1, 2), [3, 4]]];
 * const columns = ways.map((x) => examples({ x } satisfies Arrays).columns.x!);
 * assertEquals(columns.map((c) => [c.data.length, c.shape]), ways.map(() => [4, [2]]));
 * ```
 */
export type Numbers = NumberArray | ShapedNumbers | readonly (number | Numbers)[];

/** Arrays by name whose entries belong together: `x` has inputs, `y` targets or classes. */
export type Arrays = Readonly<Record<string, Numbers>>;

/**
 * Makes examples of arrays, for tasks that have other parts than `x` and `y`.
 *
 * @param arrays Arrays by name, each with as many entries. A flat `x` has one input per example.
 * @throws {RangeError} When lengths or shapes do not fit, or a number is not finite.
 *
 * @example Three examples of two inputs, with a class each
 * ```ts
 * import { examples } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { count, columns } = examples({ x: [[0, 1], [1, 0], [1, 1]], y: Uint8Array.of(0, 0, 1) });
 * assertEquals([count, columns.x!.shape, columns.y!.shape], [3, [2], []]);
 * ```
 */
export function examples(arrays: Arrays): Examples {
  const columns = Object.entries(arrays).map(([name, a]) => [name, columnOf(name, a)] as const);
  return examplesIn(Object.fromEntries(columns));
}

/**
 * Examples of columns.
 *
 * @throws {RangeError} When there are none, or not as many in each.
 */
export function examplesIn(columns: Readonly<Record<string, Column>>): Examples {
  const counts = Object.entries(columns).map(([name, { data, shape }]) =>
    [name, data.length / shape.reduce((n, d) => n * d, 1)] as const
  );
  const odd = counts.find(([, count]) => !(count >= 1) || count !== counts[0]![1]);
  if (!odd && counts.length > 0) return examplesOf(columns);
  const got = counts.map(([name, count]) => `${name} ${count || 0}`).join(", ") || "none";
  throw new RangeError(`Cannot read the arrays: expected as many examples in each, got ${got}`);
}

/**
 * A part of each example.
 *
 * @param like Whether whole numbers are meant, as in a part that is known.
 */
export function columnOf(name: string, numbers: Numbers, like?: Column): Column {
  const { data, shape: [_, ...rest] } = shaped(name, numbers);
  const shape = name === "x" && rest.length === 0 ? [1] : rest;
  if (data instanceof Uint8ClampedArray) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { data: bytes, shape, bytes: "brightness" };
  }
  const whole = like ? !isFloat(like) : !isList(data) && !isFloats(data);
  return { data: whole ? integers(name, data) : floats(name, data), shape };
}

/** Whether batches have floats of it. */
export function isFloat({ data, bytes }: Column): boolean {
  return data instanceof Float32Array || bytes === "brightness";
}

/** The numbers as 32-bit integers, when they are whole. */
function integers(name: string, data: ArrayLike<number>): Int32Array {
  if (data instanceof Int32Array) return data;
  const found = Int32Array.from(data);
  for (let i = 0; i < found.length; i++) {
    if (found[i] === data[i]) continue;
    throw new RangeError(
      `Cannot read ${name}: expected whole numbers, got ${data[i]} at position ${i}`,
    );
  }
  return found;
}

function floats(name: string, data: ArrayLike<number>): Float32Array {
  const found = data instanceof Float32Array ? data : Float32Array.from(data);
  return checkFinite("read the arrays", name, found);
}

function isFloats(data: object): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}

function isList(data: unknown): data is readonly unknown[] {
  return Array.isArray(data);
}

/** Flat numbers with all extents. */
function shaped(name: string, numbers: Numbers): ShapedNumbers {
  if (ArrayBuffer.isView(numbers)) return { data: numbers, shape: [numbers.length] };
  if (isList(numbers)) return flattened(name, numbers);
  if (typeof numbers !== "object" || numbers === null || !("data" in numbers)) {
    throw new TypeError(
      `Cannot read ${name}: expected lists of numbers, a typed array, or data and shape, ` +
        `got ${numbers === null ? "null" : typeof numbers}`,
    );
  }
  const { data, shape } = numbers;
  const size = shape.reduce((n, d) => n * d, 1);
  if (size === data.length) return numbers;
  throw new RangeError(
    `Cannot read ${name}: expected ${size} numbers for shape [${shape}], got ${data.length}`,
  );
}

/** Nested lists as flat numbers; their extents are those of the first entries. */
function flattened(name: string, list: readonly unknown[]): ShapedNumbers {
  const shape: number[] = [];
  let first: unknown = list;
  while (isList(first) || ArrayBuffer.isView(first)) {
    shape.push((first as ArrayLike<unknown>).length);
    first = (first as ArrayLike<unknown>)[0];
  }
  const flat: number[] = [];
  collect(name, list, shape, [], flat);
  const leaf = shape.slice(1).reduce<unknown>((entry) => isList(entry) ? entry[0] : entry, list);
  const keeps = ArrayBuffer.isView(leaf) && !isFloats(leaf);
  return { data: keeps ? alike(leaf as NumberArray, flat) : flat, shape };
}

function alike(leaf: NumberArray, flat: readonly number[]): NumberArray {
  return (leaf.constructor as unknown as { from(x: readonly number[]): NumberArray }).from(flat);
}

function collect(
  name: string,
  entry: unknown,
  shape: readonly number[],
  at: readonly number[],
  into: number[],
): void {
  const [extent, ...rest] = shape;
  const place = at.length === 0 ? "" : ` at position [${at}]`;
  if (extent === undefined) {
    if (typeof entry === "number") return void into.push(entry);
    throw new TypeError(`Cannot read ${name}: expected a number${place}, got ${kindOf(entry)}`);
  }
  const list = isList(entry) || ArrayBuffer.isView(entry) ? entry as ArrayLike<unknown> : undefined;
  if (list?.length !== extent) {
    const got = list ? `${list.length}` : kindOf(entry);
    throw new RangeError(`Cannot read ${name}: expected ${extent} entries${place}, got ${got}`);
  }
  for (let i = 0; i < extent; i++) collect(name, list[i], rest, [...at, i], into);
}

function kindOf(entry: unknown): string {
  return isList(entry) ? `a list of ${entry.length}` : entry === null ? "null" : typeof entry;
}
