/**
 * How the states of a simulation are kept while it is swept backwards.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";

/**
 * Keeps working states of type S as snapshots of type C. A step may write into the working state or
 * return a new one; a snapshot is never written to.
 */
export interface StateKeeper<S, C = S> {
  /** Makes a snapshot of the working state, which goes on living. */
  save(state: S): C;
  /**
   * Makes a snapshot the working state.
   *
   * @param current The working state, which is not needed any more: its memory may be used, and is
   * to be freed where it is not.
   * @param last Whether the snapshot is not needed after this either: it may become the state.
   */
  load(snapshot: C, current: S, last: boolean): S;
  /** Takes back the memory of a snapshot when a sweep fails half-way; nothing when absent. */
  drop?(snapshot: C): void;
  /**
   * Takes back the memory of a working state that is not needed any more; nothing when absent. Not
   * called for a state that a step returned a second time.
   */
  free?(state: S): void;
  /** Bytes of a snapshot of that state, for memory limits. */
  bytes?(state: S): number;
}

/** A typed array, or a record or list of states. */
export type ArrayState =
  | number
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint8Array
  | { readonly [key: string]: ArrayState }
  | readonly ArrayState[];

/**
 * Keeps typed arrays, matrices of the host algebra, and records and lists of them, by copying.
 * Steps may overwrite the arrays. A load writes into the arrays of the working state, so that a
 * step that works in place always sees the same ones; arrays of snapshots are used again.
 */
export function arrayKeeper<S extends object>(): StateKeeper<S> {
  const spare: S[] = [];
  return {
    save: (state) => copyInto(state as ArrayState, spare.pop() as ArrayState | undefined) as S,
    load(snapshot, current, last) {
      if (last) spare.push(snapshot);
      return copyInto(snapshot as ArrayState, current as ArrayState) as S;
    },
    bytes: (state) => bytesOf(state as ArrayState),
  };
}

/** A copy of the numbers, in `target` where that has the same layout. */
function copyInto(source: ArrayState, target: ArrayState | undefined): ArrayState {
  if (typeof source === "number") return source;
  if (ArrayBuffer.isView(source)) return copyArray(source, target);
  if (Array.isArray(source)) {
    const places = Array.isArray(target) ? target as readonly ArrayState[] : [];
    return source.map((part, i) => copyInto(part, places[i]));
  }
  const places = (target ?? {}) as Readonly<Record<string, ArrayState | undefined>>;
  return Object.fromEntries(
    Object.entries(source).map(([key, part]) => [key, copyInto(part, places[key])]),
  );
}

type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array;

function copyArray(source: NumberArray, target: ArrayState | undefined): NumberArray {
  const fits = ArrayBuffer.isView(target) && target.constructor === source.constructor &&
    target.length === source.length && target !== source;
  if (!fits) return source.slice();
  (target as NumberArray).set(source);
  return target as NumberArray;
}

function bytesOf(state: ArrayState): number {
  if (typeof state === "number") return 8;
  if (ArrayBuffer.isView(state)) return state.byteLength;
  return Object.values(state).reduce<number>((sum, part) => sum + bytesOf(part as ArrayState), 0);
}

/**
 * Keeps lists of tensors: a snapshot shares their data under handles of its own.
 *
 * @param engine Where they live.
 */
export function tensorKeeper(engine: Engine): StateKeeper<readonly Tensor[]> {
  const dispose = (tensors: readonly Tensor[]): void => tensors.forEach((t) => t.dispose());
  const share = (tensors: readonly Tensor[]): Tensor[] =>
    tensors.map((t) => engine.keep(engine.clone(t)));
  return {
    save: share,
    load(snapshot, current, last) {
      dispose(current);
      return last ? snapshot : share(snapshot);
    },
    drop: dispose,
    free: dispose,
    bytes: (state) => state.reduce((sum, t) => sum + 4 * t.size, 0),
  };
}
