/**
 * Checkpoints as a walk over records: nested plain values to named tensors and a skeleton, and
 * back, exactly.
 *
 * @module
 */

import { isRecord } from "./expectation.ts";
import { brief, plainJson } from "./json.ts";
import {
  orderedRecord,
  readSafetensors,
  type TensorArray,
  type TensorData,
  type TensorFile,
  writeSafetensors,
} from "./safetensors.ts";

/** Metadata key under which the skeleton is stored, as JSON. */
const SKELETON = "rankflow.record";
/** Key that marks what JSON cannot say; a record that has it itself is written as entries. */
const TAG = "$";

/**
 * Turns a nested record into named tensors plus a JSON skeleton.
 *
 * Values may be numbers (kept exactly, also NaN, infinities and −0), strings, booleans, null,
 * arrays, plain objects, `{ shape, data }` tensors and bare typed arrays. Tensors are named by
 * their path, such as `layers.0.u`. Typed arrays are not copied.
 *
 * @param record The value to store.
 * @returns Tensors and metadata for {@linkcode writeSafetensors}.
 * @throws {TypeError} When a value cannot be stored; the message names its path.
 *
 * @example State survives the round trip
 * ```ts
 * import { flattenRecord, unflatten } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const state = { step: 7, best: -0, u: { shape: [2, 1], data: new Float32Array([1, 2]) } };
 * const flat = flattenRecord(state);
 * assertEquals(Object.keys(flat.tensors), ["u"]);
 * assertEquals(unflatten(flat), state);
 * ```
 */
export function flattenRecord(record: object): TensorFile {
  const tensors = new Map<string, TensorData>();
  const skeleton = describe(record, "", tensors);
  return {
    tensors: orderedRecord(tensors),
    metadata: { [SKELETON]: JSON.stringify(skeleton) },
  };
}

/**
 * Rebuilds the record that {@linkcode flattenRecord} took apart.
 *
 * @param file Tensors and metadata.
 * @param name Name of the file for error messages.
 * @returns The record, with the prototypes of plain objects.
 * @throws {Error} When the skeleton is missing or damaged, or names a tensor that is not there.
 */
export function unflatten(file: TensorFile, name = "record"): Record<string, unknown> {
  const text = file.metadata[SKELETON];
  if (text === undefined) {
    throw new Error(`Cannot read ${name}: expected a record, got a file of tensors without one`);
  }
  const record = rebuild(plainJson(text, name, "a record of JSON text"), file.tensors, name);
  if (isRecord(record)) return record;
  throw broken(name, "named values", brief(record));
}

/**
 * Stores a nested record as a safetensors file, in one step.
 *
 * @param path The file to write; its folder must exist.
 * @param record Nested plain values, see {@linkcode flattenRecord}.
 */
export async function writeRecord(path: string, record: object): Promise<void> {
  const { tensors, metadata } = flattenRecord(record);
  await writeSafetensors(path, tensors, metadata);
}

/**
 * Reads a record that {@linkcode writeRecord} stored.
 *
 * @param path The file to read.
 * @returns The record.
 * @throws {Error} When the file is missing, damaged or holds no record.
 */
export async function readRecord(path: string): Promise<Record<string, unknown>> {
  return unflatten(await readSafetensors(path), path);
}

function describe(value: unknown, path: string, tensors: Map<string, TensorData>): unknown {
  if (typeof value === "number") return describeNumber(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    return value.map((v, i) => describe(v, joinPath(path, String(i)), tensors));
  }
  if (ArrayBuffer.isView(value)) {
    const data = value as TensorArray;
    return { [TAG]: "array", name: store({ shape: [data.length], data }, path, tensors) };
  }
  if (isTensor(value)) return { [TAG]: "tensor", name: store(value, path, tensors) };
  if (!isPlain(value)) throw unstorable(value, path);
  const entries = Object.entries(value).map(
    ([key, v]) => [key, describe(v, joinPath(path, key), tensors)] as const,
  );
  return TAG in value ? { [TAG]: "entries", entries } : Object.fromEntries(entries);
}

/** JSON has no NaN and no infinities, and drops the sign of −0. */
function describeNumber(value: number): unknown {
  if (Object.is(value, -0)) return { [TAG]: "number", value: "-0" };
  return Number.isFinite(value) ? value : { [TAG]: "number", value: String(value) };
}

function store(tensor: TensorData, path: string, tensors: Map<string, TensorData>): string {
  const base = path === "" || path.startsWith("__") ? `record${path}` : path;
  let name = base;
  for (let i = 2; tensors.has(name); i++) name = `${base}~${i}`;
  tensors.set(name, { shape: tensor.shape, data: tensor.data });
  return name;
}

function isTensor(value: unknown): value is TensorData {
  return isPlain(value) && Object.keys(value).length === 2 && Array.isArray(value["shape"]) &&
    ArrayBuffer.isView(value["data"]);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function unstorable(value: unknown, path: string): TypeError {
  const found = typeof value === "object" ? `a ${value?.constructor?.name}` : `a ${typeof value}`;
  return new TypeError(
    `Cannot store record entry "${path}": expected a number, string, boolean, null, array, ` +
      `plain object or typed array, got ${found}`,
  );
}

function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** How numbers are written that JSON lacks. */
const MARKED_NUMBERS: readonly unknown[] = ["-0", "NaN", "Infinity", "-Infinity"];

type Tensors = Readonly<Record<string, TensorData>>;

function rebuild(node: unknown, tensors: Tensors, file: string): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map((v) => rebuild(v, tensors, file));
  if (TAG in node) return rebuildTagged(node as Tagged, tensors, file);
  return rebuildEntries(Object.entries(node), tensors, file);
}

/** As it should be; a damaged file may have anything in these places. */
interface Tagged {
  readonly [TAG]: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly entries?: unknown;
}

function rebuildTagged(node: Tagged, tensors: Tensors, file: string): unknown {
  switch (node[TAG]) {
    case "number":
      if (MARKED_NUMBERS.includes(node.value)) return Number(node.value);
      throw broken(file, `one of ${MARKED_NUMBERS.join(", ")}`, brief(node.value));
    case "entries":
      if (isEntries(node.entries)) return rebuildEntries(node.entries, tensors, file);
      throw broken(file, "pairs of a name and a value", brief(node.entries));
    case "tensor":
      return tensorOf(node.name, tensors, file);
    case "array":
      return tensorOf(node.name, tensors, file).data;
    default:
      throw broken(file, "a mark of number, entries, tensor or array", brief(node[TAG]));
  }
}

function rebuildEntries(
  entries: readonly (readonly [string, unknown])[],
  tensors: Tensors,
  file: string,
): Record<string, unknown> {
  return Object.fromEntries(entries.map(([k, v]) => [k, rebuild(v, tensors, file)]));
}

function tensorOf(name: unknown, tensors: Tensors, file: string): TensorData {
  if (typeof name === "string" && Object.hasOwn(tensors, name)) return tensors[name]!;
  throw broken(file, `a tensor ${brief(name)}`, "none of that name");
}

function isEntries(value: unknown): value is readonly (readonly [string, unknown])[] {
  return Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string");
}

function broken(file: string, expected: string, got: string): Error {
  return new Error(`Cannot read ${file}: expected ${expected} in its record, got ${got}`);
}
