/**
 * Examples to learn from: named arrays whose entries belong together, of any type and shape.
 *
 * They are plain data, so that another thread can make batches of them, and a number is enough to
 * say which example is meant.
 *
 * @module
 */

import { Random } from "../random.ts";

/** An array on the host. */
export type HostArray = Uint8Array | Float32Array | Int32Array;

/** One part of each example, such as its input or its target. */
export interface Column {
  /** The numbers, example after example, row-major. */
  readonly data: HostArray;
  /** Extents of one example's part; [] for a single number. */
  readonly shape: readonly number[];
  /**
   * What bytes mean in a batch: "brightness", 0 … 255 as floats in [0, 1], or "index", int32;
   * default "index". Floats and integers stay as they are.
   */
  readonly bytes?: "brightness" | "index";
  /**
   * Numbers from the start of one example to that of the next; default: its size. With less, such
   * as 1, examples are windows that overlap.
   */
  readonly stride?: number;
  /** Where the first example starts; default 0. */
  readonly offset?: number;
}

/**
 * Examples with columns by name, such as `x` and `y`.
 *
 * @example Two examples in columns
 * ```ts
 * import type { Column, Examples, HostArray } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const data: HostArray = Float32Array.of(1, 2, 3, 4);
 * const x: Column = { data, shape: [2] };
 * const two: Examples = { count: 2, columns: { x } };
 * assertEquals(two.columns.x!.data.length, two.count * 2);
 * ```
 */
export interface Examples {
  /** How many there are. */
  readonly count: number;
  /** Their parts. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** Some numbers of a batch, with the extents of the whole. */
export interface HostTensor {
  /** The numbers, row-major. */
  readonly data: Float32Array | Int32Array;
  /** Extents, the batch first. */
  readonly shape: readonly number[];
}

/** A batch on the host. Its arrays are used again for the next one. */
export interface HostBatch {
  /** Number of this batch in its epoch, from 0. */
  readonly index: number;
  /** Examples in it. */
  readonly count: number;
  /** Its parts by name. */
  readonly columns: Readonly<Record<string, HostTensor>>;
}

/** The arrays that a batch is written into. */
export type BatchArrays = Readonly<Record<string, Float32Array | Int32Array>>;

/** Numbers of one example in a column. */
export function entriesOf({ shape }: Column): number {
  return shape.reduce((n, d) => n * d, 1);
}

/**
 * Makes examples of columns, after a look at whether they fit.
 *
 * @param count How many examples; default: as many as the shortest column has.
 * @throws {RangeError} When a column is too short, or none is there.
 *
 * @example Two examples of three numbers, with a class each
 * ```ts
 * import { examplesOf } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3] };
 * assertEquals(examplesOf({ x, y: { data: Uint8Array.of(0, 1), shape: [] } }).count, 2);
 * ```
 */
export function examplesOf(columns: Readonly<Record<string, Column>>, count?: number): Examples {
  const held = Object.entries(columns).map(([name, column]) => {
    checkColumn(name, column);
    return [name, heldBy(column)] as const;
  });
  if (held.length === 0) throw new RangeError("Cannot make examples: expected a column, got none");
  const n = count ?? Math.min(...held.map(([, h]) => h));
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`Cannot make ${n} examples: expected a whole number from 1`);
  }
  // Windows may reach as far as they like; anything else that is left over is a mistake.
  const fits = ([name, h]: readonly [string, number]): boolean =>
    count !== undefined || columns[name]!.stride !== undefined ? h >= n : h === n;
  const odd = held.find((h) => !fits(h));
  if (!odd) return { count: n, columns };
  throw new RangeError(
    `Cannot make ${n} examples: column "${odd[0]}" of shape [${columns[odd[0]]!.shape}] has ` +
      `${odd[1]}`,
  );
}

/**
 * Splits the last examples off, to choose settings by. Of windows that overlap, those that share
 * entries with them are in neither part, and what is kept back does not overlap in itself.
 *
 * @param count Examples to keep back.
 * @throws {RangeError} When there are too few for one on either side.
 */
export function keptBack(
  { count: all, columns }: Examples,
  count: number,
): { readonly train: Examples; readonly kept: Examples } {
  const apart = Math.max(
    ...Object.values(columns).map((c) => Math.ceil(entriesOf(c) / (c.stride ?? entriesOf(c)))),
  );
  const first = all - apart * count;
  const left = first - apart + 1;
  if (!Number.isInteger(count) || count < 1 || left < 1) {
    const most = Math.max(0, Math.floor((all - apart) / apart));
    throw new RangeError(
      `Cannot keep ${count} of ${all} examples back: expected a whole number from 1 to ${most}`,
    );
  }
  const later = Object.entries(columns).map(([name, c]) => {
    const stride = c.stride ?? entriesOf(c);
    return [name, { ...c, stride: stride * apart, offset: (c.offset ?? 0) + first * stride }];
  });
  const kept = examplesOf(Object.fromEntries(later), count);
  return { train: { count: left, columns }, kept };
}

/** Whole examples that a column holds. */
function heldBy(column: Column): number {
  const { data, stride = entriesOf(column), offset = 0 } = column;
  return Math.floor((data.length - offset - entriesOf(column)) / stride) + 1;
}

function checkColumn(name: string, column: Column): void {
  const { shape, stride = entriesOf(column), offset = 0 } = column;
  const whole = (n: number, least: number): boolean => Number.isInteger(n) && n >= least;
  if (shape.every((d) => whole(d, 1)) && whole(stride, 1) && whole(offset, 0)) return;
  throw new RangeError(
    `Cannot read column "${name}": shape, stride and offset must be whole numbers, from 1, 1 and ` +
      `0, got [${shape}], ${stride} and ${offset}`,
  );
}

/**
 * The order in which an epoch visits the examples: a pure function of its arguments, so that a
 * resumed run sees what an uninterrupted one sees.
 *
 * @param count Number of examples n.
 * @param seed Seed of the run.
 * @param epoch Number of the epoch, from 0.
 * @returns The integers 0 … n − 1 in random order (Fisher-Yates).
 */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return new Random(seed).fork("epoch-order").fork(epoch).permutation(count);
}

/** Number of batches that {@linkcode batches} makes of `count` examples. */
export function batchCount(count: number, size: number, dropLast = false): number {
  checkBatchSize(size);
  return dropLast ? Math.floor(count / size) : Math.ceil(count / size);
}

/** Arrays with room for a batch. */
export function batchArrays({ columns }: Examples, size: number): BatchArrays {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const length = size * entriesOf(column);
      return [name, holdsFloats(column) ? new Float32Array(length) : new Int32Array(length)];
    }),
  );
}

/** Whether a column comes as floats. */
export function holdsFloats({ data, bytes }: Column): boolean {
  return data instanceof Float32Array || (data instanceof Uint8Array && bytes === "brightness");
}

/**
 * Copies examples into arrays of a batch.
 *
 * @param indices Numbers of the examples, b.
 * @param into As of {@linkcode batchArrays}, with room for b examples.
 * @throws {RangeError} When there is no such example, or not the room.
 */
export function fillBatch(
  { count, columns }: Examples,
  indices: ArrayLike<number>,
  into: BatchArrays,
): void {
  for (let i = 0; i < indices.length; i++) {
    if (Number.isInteger(indices[i]) && indices[i]! >= 0 && indices[i]! < count) continue;
    throw new RangeError(
      `Cannot fill a batch: expected numbers of examples below ${count}, got ${indices[i]}`,
    );
  }
  for (const [name, column] of Object.entries(columns)) fillColumn(column, indices, into[name]!);
}

function fillColumn(
  column: Column,
  indices: ArrayLike<number>,
  into: Float32Array | Int32Array,
): void {
  const size = entriesOf(column);
  const { data, stride = size, offset = 0 } = column;
  if (into.length !== indices.length * size) {
    throw new RangeError(
      `Cannot fill a batch: expected room for ${indices.length * size} numbers, got ${into.length}`,
    );
  }
  const brightness = data instanceof Uint8Array && column.bytes === "brightness";
  for (let i = 0; i < indices.length; i++) {
    const start = offset + indices[i]! * stride;
    const source = data.subarray(start, start + size);
    if (source.length < size) {
      throw new RangeError(
        `Cannot fill a batch: expected ${start + size} numbers in a column, got ${data.length}`,
      );
    }
    if (!brightness) into.set(source, i * size);
    else for (let j = 0; j < size; j++) into[i * size + j] = BRIGHTNESS[source[j]!]!;
  }
}

/** The float of each of the 256 pixel values. */
const BRIGHTNESS = Float32Array.from({ length: 256 }, (_, v) => v / 255);

/** A batch of arrays that have been filled. */
export function hostBatch(
  { columns }: Examples,
  index: number,
  count: number,
  arrays: BatchArrays,
): HostBatch {
  const parts = Object.entries(columns).map(([name, column]) => {
    const data = arrays[name]!.subarray(0, count * entriesOf(column));
    return [name, { data, shape: [count, ...column.shape] }] as const;
  });
  return { index, count, columns: Object.fromEntries(parts) };
}

/** Options of {@linkcode batches}. */
export interface BatchesOptions {
  /** Number of the batch to begin with, for a resumed epoch; default 0. */
  readonly first?: number;
  /** Leave out the last batch where it is not full; default false. */
  readonly dropLast?: boolean;
}

/**
 * Walks through examples in batches.
 *
 * @param order Numbers of the examples to visit, as from {@linkcode epochOrder}.
 * @param size Examples per batch; the last batch may be smaller.
 * @throws {RangeError} When the size is not a positive integer.
 *
 * @example Two batches of three examples
 * ```ts
 * import { batches, epochOrder, examplesOf } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const x = { data: Uint8Array.of(0, 51, 255), shape: [1] };
 * const sizes = [...batches(examplesOf({ x }), epochOrder(3, 1, 0), 2)].map((b) => b.count);
 * assertEquals(sizes, [2, 1]);
 * ```
 */
export function* batches(
  examples: Examples,
  order: Uint32Array,
  size: number,
  { first = 0, dropLast = false }: BatchesOptions = {},
): Generator<HostBatch> {
  checkBatchSize(size);
  const arrays = batchArrays(examples, size);
  const end = batchCount(order.length, size, dropLast);
  for (let index = first; index < end; index++) {
    const chosen = order.subarray(index * size, (index + 1) * size);
    const batch = hostBatch(examples, index, chosen.length, arrays);
    const into = Object.entries(batch.columns).map(([name, { data }]) => [name, data] as const);
    fillBatch(examples, chosen, Object.fromEntries(into));
    yield batch;
  }
}

/**
 * Lets the size of a batch pass.
 *
 * @throws {RangeError} When it is not a positive integer.
 */
export function checkBatchSize(size: number): void {
  if (Number.isInteger(size) && size >= 1) return;
  throw new RangeError(`Cannot make batches of ${size} examples: expected a positive integer`);
}
