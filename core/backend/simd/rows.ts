/**
 * Copies between matrices of different widths.
 *
 * @module
 */

import {
  f32,
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  type V128,
  v128,
} from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";
import { words } from "./lanes.ts";

/** Kernels of this file. */
export function rowKernels(): Record<string, FunctionBuilder> {
  return {
    copy_rows: copyRows(),
    transpose: transpose(false),
    transpose_block: transpose(true),
  };
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

/** The columns of a 4×4 block that is given by rows. */
function turned(f: FunctionBuilder, rows: readonly V128[]): V128[] {
  const [a, b, c, d] = rows as [V128, V128, V128, V128];
  const keep = (value: V128) => f.local("v128", value);
  const low = words(0, 4, 1, 5);
  const high = words(2, 6, 3, 7);
  const [ab, cd] = [keep(v128.shuffle(a, b, low)), keep(v128.shuffle(c, d, low))];
  const [AB, CD] = [keep(v128.shuffle(a, b, high)), keep(v128.shuffle(c, d, high))];
  const [first, second] = [words(0, 1, 4, 5), words(2, 3, 6, 7)];
  return [
    v128.shuffle(ab, cd, first),
    v128.shuffle(ab, cd, second),
    v128.shuffle(AB, CD, first),
    v128.shuffle(AB, CD, second),
  ];
}

/**
 * to = fromᵀ, in blocks of 4×4: parameters to, from, and the rows and columns of `from`; for a block
 * of a matrix also the pitch of the target and that of the source in bytes.
 */
function transpose(block: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [to, from, rows, columns] = Array.from({ length: 4 }, () => f.parameter("i32")) as Four;
  const [pitch, width] = block
    ? [f.parameter("i32"), f.parameter("i32")]
    : [rows, columns].map((n) => f.local("i32", i32.shl(n, i32.const(2)))) as [Int, Int];
  const length = block ? f.local("i32", i32.shl(rows, i32.const(2))) : pitch;
  const extent = block ? f.local("i32", i32.shl(columns, i32.const(2))) : width;
  const end = f.local("i32", i32.add(from, extent));
  const step = (local: Int, by: I32) => f.emit(local.set(i32.add(local, by)));
  const times = (k: number, n: I32) => k === 0 ? i32.const(0) : i32.mul(n, i32.const(k));
  /** Columns `from` … turned to rows `to` …, as many as a step takes. */
  const columnsOf = (last: I32, count: number) =>
    f.while(i32.ltU(from, last), () => {
      const [source, target] = [f.local("i32", from), f.local("i32", to)];
      const line = f.local("i32", i32.add(to, length));
      if (count === 4) {
        const whole = f.local("i32", i32.add(to, i32.and(length, i32.const(-16))));
        f.while(i32.ltU(target, whole), () => {
          const block = [0, 1, 2, 3].map((k) =>
            f.local("v128", v128.load(i32.add(source, times(k, width))))
          );
          turned(f, block).forEach((value, k) =>
            f.emit(v128.store(i32.add(target, times(k, pitch)), value))
          );
          step(source, times(4, width));
          step(target, i32.const(16));
        });
      }
      f.while(i32.ltU(target, line), () => {
        for (let k = 0; k < count; k++) {
          f.emit(f32.store(i32.add(target, times(k, pitch)), f32.load(source, 4 * k)));
        }
        step(source, width);
        step(target, i32.const(4));
      });
      step(from, i32.const(4 * count));
      step(to, times(count, pitch));
    });
  columnsOf(f.local("i32", i32.add(from, i32.and(extent, i32.const(-16)))), 4);
  columnsOf(end, 1);
  return f;
}

type Four = [Int, Int, Int, Int];
type Int = Local<"i32">;
type Six = [Int, Int, Int, Int, Int, Int];
