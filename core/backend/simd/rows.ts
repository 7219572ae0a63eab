/**
 * Copies between matrices of different widths.
 *
 * @module
 */

import { f32, FunctionBuilder, type I32, i32, type Local, v128 } from "./assembler.ts";
import { sweep } from "./elementwise.ts";

/** Kernels of this file. */
export function rowKernels(): Record<string, FunctionBuilder> {
  return { copy_rows: copyRows(), transpose: transpose() };
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

/** to = fromᵀ: parameters to, from, and the rows and columns of `from`. */
function transpose(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, from, rows, columns] = Array.from({ length: 4 }, () => f.parameter("i32")) as Four;
  const pitch = f.local("i32", i32.shl(rows, i32.const(2)));
  const width = f.local("i32", i32.shl(columns, i32.const(2)));
  const end = f.local("i32", i32.add(from, i32.mul(rows, width)));
  const step = (local: Int, by: I32) => f.emit(local.set(i32.add(local, by)));
  f.while(i32.ltU(from, end), () => {
    const line = f.local("i32", i32.add(from, width));
    const target = f.local("i32", to);
    f.while(i32.ltU(from, line), () => {
      f.emit(f32.store(target, f32.load(from)));
      step(target, pitch);
      step(from, i32.const(4));
    });
    step(to, i32.const(4));
  });
  return f;
}

type Four = [Int, Int, Int, Int];
type Int = Local<"i32">;
type Six = [Int, Int, Int, Int, Int, Int];
