/**
 * Checks of operands, with messages that name what was wrong.
 *
 * @module
 */

import type { Factors, Tensor } from "../engine.ts";
import { inner, type TfTensor } from "./types.ts";

/** The value, when it is a scalar. */
export function expectScalar(value: Tensor): TfTensor {
  if (value.size !== 1 || value.shape.length !== 0) {
    throw new RangeError(
      `Cannot differentiate a value of shape [${value.shape}]: expected a scalar`,
    );
  }
  return inner(value);
}

/** Refuses tensors of different shapes; `action` is a verb. */
export function expectEqualShapes(action: string, x: Tensor, y: Tensor): void {
  if (x.shape.length === y.shape.length && x.shape.every((n, i) => n === y.shape[i])) return;
  throw new RangeError(
    `Cannot ${action} tensors of different shapes: expected [${x.shape}], got [${y.shape}]`,
  );
}

/** Refuses matrices that cannot be multiplied in a row and a bias that does not fit the last one. */
export function expectChain(action: string, chain: readonly Tensor[], b: Tensor | null): void {
  const fits = chain.every((m, i) =>
    m.shape.length === 2 && (i === 0 || m.shape[0] === chain[i - 1]!.shape[1])
  );
  const width = chain.at(-1)!.shape[1];
  if (fits && (!b || (b.shape.length === 1 && b.size === width))) return;
  const got = [...chain, ...(b ? [b] : [])].map((t) => `[${t.shape}]`).join(", ");
  throw new RangeError(`Cannot ${action}: expected matrices that chain and a bias, got ${got}`);
}

/** Refuses factors whose last two do not share a rank, or a bias that does not fit. */
export function expectSharedRank({ u, s, v }: Factors, b: Tensor | null): void {
  if (v.shape.length === 2 && v.shape[1] === s.shape[1] && (!b || b.size === v.shape[0])) return;
  throw new RangeError(
    `Cannot apply a low-rank map: expected factors in×r, r×q, out×q and a bias of out, got ` +
      `[${u.shape}], [${s.shape}], [${v.shape}]${b ? ` and [${b.shape}]` : ""}`,
  );
}

/** Refuses vectors that do not go along the last axis of `x`; `action` is a verb. */
export function expectLast(action: string, x: Tensor, ...vectors: readonly Tensor[]): void {
  const n = x.shape.at(-1);
  const wrong = vectors.find((v) => v.shape.length !== 1 || v.size !== n);
  if (!wrong) return;
  throw new RangeError(
    `Cannot ${action} [${x.shape}]: expected a vector of ${n} entries, one for each entry of the ` +
      `last axis, got [${wrong.shape}]`,
  );
}
