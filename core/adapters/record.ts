/**
 * Adapted weights as their states hold them, and back.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import type { StateTree, WeightPoint, WeightRecord } from "../training/mod.ts";
import type { Attached, Tensors } from "./adapter.ts";

/** The record of an adapted weight. */
export interface AdapterRecord extends WeightRecord {
  /** W₀ in the shape of the weight. */
  readonly base: { readonly value: Tensor };
  /** {@linkcode Attached.trained}. */
  readonly trained: Tensors<Tensor>;
  /** {@linkcode Attached.frozen}. */
  readonly frozen?: Tensors<Tensor>;
  /** {@linkcode Attached.memory}. */
  readonly memory?: Tensors<Tensor>;
  /** {@linkcode Attached.numbers}. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** A weight of the shape as an inputs×outputs matrix: a kernel has height·width·in rows. */
export function asMatrix(a: Algebra<Tensor>, x: Tensor, shape: readonly number[]): Tensor {
  if (shape.length === 2) return x;
  const rows = shape.length === 3 ? shape[0]! : x.size / shape.at(-1)!;
  return a.reshape(x, rows, x.size / rows);
}

/** What a record holds, as adapters see it. */
export function attachedOf(
  a: Algebra<Tensor>,
  shape: readonly number[],
  record: WeightRecord,
): Attached<Tensor> {
  const { base, trained, frozen = {}, memory, numbers } = record as AdapterRecord;
  return {
    base: asMatrix(a, base.value, shape),
    trained,
    frozen,
    ...(memory ? { memory } : {}),
    ...(numbers ? { numbers } : {}),
  };
}

/**
 * The record of a weight.
 *
 * @param known A record that holds the same base, which is shared with it.
 */
export function recordOf(
  engine: Engine,
  shape: readonly number[],
  at: Attached<Tensor>,
  known?: WeightRecord,
): AdapterRecord {
  const base = known
    ? (known as AdapterRecord).base
    : { value: shape.length === 2 ? at.base : engine.reshape(at.base, shape) };
  const { trained, ...others } = { ...at, base: undefined };
  const filled = Object.entries(others).filter(([, group]) =>
    group !== undefined && Object.keys(group).length > 0
  );
  return { base, trained, ...Object.fromEntries(filled) as Record<string, StateTree> };
}

/** What passes compute with: the base in the shape of the weight, and all matrices by name. */
export function pointOf(record: WeightRecord): WeightPoint {
  const { base, trained, frozen } = record as AdapterRecord;
  return { ...trained, ...frozen, base: base.value };
}

/** What hooks see of a weight. */
export function tensorsOf<M>({ base, trained, frozen }: Attached<M>): Tensors<M> {
  return { ...trained, ...frozen, base };
}
