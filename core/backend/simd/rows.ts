/**
 * Copies between matrices of different widths.
 *
 * @module
 */

import { FunctionBuilder, i32, type Local, v128 } from "./assembler.ts";
import { sweep } from "./elementwise.ts";

/** Kernels of this file. */
export function rowKernels(): Record<string, FunctionBuilder> {
  return { copy_rows: copyRows() };
}

/**
 * Copies a block: parameters to, from, rows, and in bytes the width of the block, the pitch of the
 * target and the pitch of the source.
 */
function copyRows(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, from, rows, width, toPitch, fromPitch] = Array.from(
    { length: 6 },
    () => f.parameter("i32"),
  ) as Six;
  const end = f.local("i32", i32.add(to, i32.mul(rows, toPitch)));
  f.while(i32.ltU(to, end), () => {
    sweep(
      f,
      width,
      (at, offset) =>
        f.emit(v128.store(i32.add(to, at), v128.load(i32.add(from, at), offset), offset)),
      (at) => f.emit(v128.storeLane0(i32.add(to, at), v128.load32Zero(i32.add(from, at)))),
    );
    f.emit(to.set(i32.add(to, toPitch)));
    f.emit(from.set(i32.add(from, fromPitch)));
  });
  return f;
}

type Int = Local<"i32">;
type Six = [Int, Int, Int, Int, Int, Int];
