/**
 * Checks of the operands of operations on sequences.
 *
 * @module
 */

import { checkNumber } from "../../checks.ts";
import type { MatMulOptions, Tensor } from "../engine.ts";
import type { RotaryPairing, ScoreOptions } from "../sequences.ts";
import { expectEntries, expectLast } from "./checks.ts";

/** Refuses what are no batches of matrices that can be multiplied. */
export function expectBatches(a: Tensor, b: Tensor, options: MatMulOptions): void {
  const { transposeLeft = false, transposeRight = false } = options;
  const inner = a.shape.at(transposeLeft ? -2 : -1);
  const meets = inner === b.shape.at(transposeRight ? -1 : -2);
  const fits = a.shape.length >= 3 && a.shape.length === b.shape.length && meets;
  const leading = a.shape.slice(0, -2).every((n, i) => {
    const other = b.shape[i]!;
    return n === other || n === 1 || other === 1;
  });
  if (fits && leading) return;
  throw new RangeError(
    `Cannot multiply batches [${a.shape}]${transposeLeft ? "ᵀ" : ""} by [${b.shape}]` +
      `${
        transposeRight ? "ᵀ" : ""
      }: expected equal ranks of at least 3, equal inner extents, and ` +
      `leading extents that are equal or 1`,
  );
}

/** Refuses what does not name every axis of a tensor once. */
export function expectAxes(x: Tensor, axes: readonly number[]): void {
  const rank = x.shape.length;
  const all = axes.length === rank && x.shape.every((_, axis) => axes.includes(axis));
  if (all) return;
  throw new RangeError(
    `Cannot permute the axes of [${x.shape}]: expected each of 0 to ${
      rank - 1
    } once, got [${axes}]`,
  );
}

/** Refuses what is no table with numbers of rows. */
export function expectTable(table: Tensor, ids: Tensor): void {
  if (table.shape.length === 2 && table.size > 0 && ids.dtype === "int32") return;
  throw new RangeError(
    `Cannot gather rows: expected a table V×d and int32 numbers, got [${table.shape}] and ` +
      `${ids.dtype} [${ids.shape}]`,
  );
}

/** Refuses numbers of rows that a table does not have. */
export function expectRows(ids: Int32Array, rows: number): void {
  const wrong = ids.find((id) => !(id >= 0 && id < rows));
  if (wrong === undefined) return;
  throw new RangeError(`Cannot gather row ${wrong}: expected a number of 0 to ${rows - 1}`);
}

/** Refuses rows that cannot be normalised. */
export function expectNorm(
  x: Tensor,
  vectors: readonly (Tensor | null)[],
  epsilon: number,
): void {
  expectLast("normalise", x, ...vectors.filter((v) => v !== null));
  expectEntries("normalise", x);
  checkNumber("normalise", "epsilon", epsilon, { least: 0 });
}

/** Refuses tables of angles that do not fit. */
export function expectRotary(
  x: Tensor,
  cos: Tensor,
  sin: Tensor,
  pairing: RotaryPairing,
): void {
  if (pairing !== "half-split" && pairing !== "interleaved") {
    throw new RangeError(
      `Cannot rotate pairs "${pairing}": expected "half-split" or "interleaved"`,
    );
  }
  const [rows, width] = x.shape.slice(-2);
  const table = `${[rows, width! / 2]}`;
  if (
    x.shape.length > 1 && width! % 2 === 0 && `${cos.shape}` === table && `${sin.shape}` === table
  ) {
    return;
  }
  throw new RangeError(
    `Cannot rotate [${x.shape}]: expected …×T×e with an even e and tables T×(e/2), got ` +
      `[${cos.shape}] and [${sin.shape}]`,
  );
}

/** Extents of an attention. */
export interface AttentionShape {
  /** Sequences, B. */
  readonly batch: number;
  /** Heads of the queries, h. */
  readonly heads: number;
  /** Groups of heads that share keys and values, g. */
  readonly groups: number;
  /** Queries, Tq. */
  readonly queries: number;
  /** Keys, Tk. */
  readonly keys: number;
  /** Entries of a query or key, e. */
  readonly width: number;
  /** Entries of a value, e′. */
  readonly valueWidth: number;
}

/** What has a shape. */
interface Shaped {
  readonly shape: readonly number[];
}

/** The extents that queries, keys and values have. */
export function attentionShape(q: Shaped, k: Shaped, v: Shaped): AttentionShape {
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  const [, groups, keys] = k.shape as [number, number, number];
  return { batch, heads, groups, queries, keys, width, valueWidth: v.shape[3]! };
}

/** Refuses queries, keys, values, a mask or a bias that do not fit. */
export function expectAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { scale, mask, bias }: ScoreOptions,
): void {
  checkNumber("attend", "the scale", scale);
  const { batch, heads, groups, queries, keys, width, valueWidth } = attentionShape(q, k, v);
  const fits = q.shape.length === 4 && q.size > 0 &&
    `${k.shape}` === `${[batch, groups, keys, width]}` && k.size > 0 &&
    `${v.shape}` === `${[batch, groups, keys, valueWidth]}` && v.size > 0 && heads % groups === 0;
  if (!fits) {
    throw new RangeError(
      `Cannot attend: expected q B×h×Tq×e, k B×g×Tk×e and v B×g×Tk×e′ with h a multiple of g, got ` +
        `[${q.shape}], [${k.shape}] and [${v.shape}]`,
    );
  }
  if (mask && `${mask.shape}` !== `${[batch, keys]}`) {
    throw new RangeError(
      `Cannot attend: expected a mask B×Tk of [${batch},${keys}], got [${mask.shape}]`,
    );
  }
  const scores = [batch, heads, queries, keys];
  const spread = bias === undefined || bias.shape.length <= 4 &&
      bias.shape.every((n, i) => n === 1 || n === scores[4 - bias.shape.length + i]);
  if (spread) return;
  throw new RangeError(
    `Cannot attend: expected a bias that broadcasts to [${scores}], got [${bias.shape}]`,
  );
}
