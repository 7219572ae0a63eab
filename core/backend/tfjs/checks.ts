/**
 * Checks of operands, with messages that name what was wrong.
 *
 * @module
 */

import { checkInteger } from "../../checks.ts";
import type { Factors, Tensor } from "../engine.ts";
import { inner, type TensorInfo, type TfTensor } from "./types.ts";

/** The extents, when they are whole numbers that a tensor may have. */
export function expectExtents(shape: readonly number[]): number[] {
  for (const n of shape) checkInteger("make a tensor", "its extents", n, { least: 0 });
  return [...shape];
}

/** Refuses values that are not as many as a shape has. */
export function expectSize(shape: readonly number[], values: number): void {
  const size = expectExtents(shape).reduce((a, b) => a * b, 1);
  if (size === values) return;
  throw new RangeError(
    `Cannot make a tensor of shape [${shape}]: expected ${size} values, got ${values}`,
  );
}

/** Operands that may be integers. */
const INTEGERS: readonly string[] = ["labels", "ids"];

/**
 * Refuses operands that are no floats: kernels would take the bits of integers for those of floats.
 */
export function expectFloats(operands: Readonly<Record<string, TensorInfo | undefined>>): void {
  for (const [name, operand] of Object.entries(operands)) {
    if (!operand || operand.dtype === "float32" || INTEGERS.includes(name)) continue;
    throw new TypeError(
      `Cannot compute with ${operand.dtype} numbers: expected float32 for "${name}"`,
    );
  }
}

/** Refuses statistics of nothing. */
export function expectEntries(action: string, x: Tensor): void {
  if (x.size > 0) return;
  throw new RangeError(`Cannot ${action} [${x.shape}]: expected one entry at least, got none`);
}

/** Refuses what are no logits with a class for each label. */
export function expectLabels(logits: Tensor, labels: Tensor): void {
  const classes = logits.shape.at(-1) ?? 0;
  const fits = `${[...labels.shape, classes]}` === `${logits.shape}`;
  if (fits && labels.dtype === "int32" && labels.size > 0 && classes > 1) return;
  throw new RangeError(
    `Cannot compare logits with labels: expected [batch, classes] and int32 [batch] of one row and ` +
      `two classes at least, or more axes before the classes, got [${logits.shape}] and ` +
      `${labels.dtype} [${labels.shape}]`,
  );
}

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

/** The label that the loss does not look at. */
export const IGNORED = -100;

/** Refuses labels that are no classes, and not the one that is `ignored`. */
export function expectClasses(labels: Int32Array, classes: number, ignored?: number): void {
  const wrong = labels.find((label) => !(label >= 0 && label < classes) && label !== ignored);
  if (wrong === undefined) return;
  throw new RangeError(
    `Cannot compare with label ${wrong}: expected a class of 0 to ${classes - 1}`,
  );
}

/** Refuses what is no block of a tensor. */
export function expectBlock(
  x: Tensor,
  begin: readonly number[],
  size: readonly number[],
): void {
  const rank = x.shape.length;
  const inside = begin.length === rank && size.length === rank && begin.every((b, i) => {
    const n = size[i]!;
    return Number.isInteger(b) && Number.isInteger(n) && b >= 0 && n >= 0 && b + n <= x.shape[i]!;
  });
  if (inside) return;
  throw new RangeError(
    `Cannot cut a block out of [${x.shape}]: expected whole numbers within these extents, got ` +
      `[${size}] from [${begin}] on`,
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
