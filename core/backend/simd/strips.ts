/**
 * What kernels share that walk along rows a few vectors at a time.
 *
 * @module
 */

import { type FunctionBuilder, type I32, i32, type Local } from "../../wasm/mod.ts";

/** Vectors of a wide strip. */
const WIDE = 2;

/** Adds to a variable. */
export const step = (f: FunctionBuilder, variable: Local<"i32">, by: I32): void =>
  f.emit(variable.set(i32.add(variable, by)));

/** A list of what `make` makes of 0 … count − 1. */
export const each = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Parts of a range of bytes: wide ones as long as they fit, then narrow ones. */
export function strips(
  f: FunctionBuilder,
  first: I32,
  width: I32,
  body: (at: Local<"i32">, vectors: number) => void,
): void {
  const at = f.local("i32", first);
  for (const vectors of [WIDE, 1]) {
    const bytes = i32.const(16 * vectors);
    f.while(i32.leU(i32.add(at, bytes), width), () => {
      body(at, vectors);
      step(f, at, bytes);
    });
  }
}
