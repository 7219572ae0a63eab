/**
 * Windows of maximum pooling, for all channels of a window at once.
 *
 * @module
 */

import { FunctionBuilder, type I32, i32, type Local, type V128, v128 } from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";

type Int = Local<"i32">;

/** Calls `body` with the address of each pixel of a window in the matrices that start there. */
function eachPixel(
  f: FunctionBuilder,
  starts: readonly I32[],
  [rows, columns]: readonly [I32, I32],
  [rowBytes, pixelBytes]: readonly [I32, I32],
  body: (pixels: readonly Int[]) => void,
): void {
  const lines = starts.map((start) => f.local("i32", start));
  const i = f.local("i32", rows);
  f.while(i, () => {
    const pixels = lines.map((line) => f.local("i32", line));
    const j = f.local("i32", columns);
    f.while(j, () => {
      body(pixels);
      for (const pixel of pixels) f.emit(pixel.set(i32.add(pixel, pixelBytes)));
      f.emit(j.set(i32.sub(j, i32.const(1))));
    });
    for (const line of lines) f.emit(line.set(i32.add(line, rowBytes)));
    f.emit(i.set(i32.sub(i, i32.const(1))));
  });
}

/** Runs `body` for four channels at a time, then for single ones. */
function eachLane(
  f: FunctionBuilder,
  channels: I32,
  body: (
    at: I32,
    load: (address: I32) => V128,
    store: (address: I32, value: V128) => readonly number[],
  ) => void,
): void {
  const bytes = f.local("i32", i32.shl(channels, i32.const(2)));
  sweep(
    f,
    bytes,
    (at) => body(at, v128.load, v128.store),
    (at) => body(at, v128.load32Zero, v128.storeLane0),
    1,
  );
}

/** Largest entry of a window: parameters y, x, rows, columns, rowBytes, pixelBytes, channels. */
function maxWindow(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [y, x, rows, columns, rowBytes, pixelBytes, channels] = Array.from(
    { length: 7 },
    () => f.parameter("i32"),
  ) as [Int, Int, Int, Int, Int, Int, Int];
  eachLane(f, channels, (at, load, store) => {
    const best = f.local("v128", load(i32.add(x, at)));
    eachPixel(f, [i32.add(x, at)], [rows, columns], [rowBytes, pixelBytes], ([pixel]) => {
      f.emit(best.set(v128.pmax(best, load(pixel!))));
    });
    f.emit(store(i32.add(y, at), best));
  });
  return f;
}

/**
 * Adds dy to the first of a window's largest entries: parameters dx, x, dy, y, rows, columns,
 * rowBytes, pixelBytes, channels; `plain` says that windows do not overlap, and then every entry
 * of dx is written, not added to.
 */
function maxWindowGrad(plain: boolean): FunctionBuilder {
  const f = new FunctionBuilder();
  const [dx, x, dy, y, rows, columns, rowBytes, pixelBytes, channels] = Array.from(
    { length: 9 },
    () => f.parameter("i32"),
  ) as [Int, Int, Int, Int, Int, Int, Int, Int, Int];
  eachLane(f, channels, (at, load, store) => {
    const rest = f.local("v128", load(i32.add(dy, at)));
    const best = f.local("v128", load(i32.add(y, at)));
    const starts = [i32.add(x, at), i32.add(dx, at)];
    const open = f.local("v128", v128.constI32(-1));
    eachPixel(f, starts, [rows, columns], [rowBytes, pixelBytes], ([from, to]) => {
      const hit = f.local("v128", v128.and(open, v128.eq(load(from!), best)));
      const share = v128.and(rest, hit);
      f.emit(store(to!, plain ? share : v128.add(load(to!), share)));
      f.emit(open.set(v128.andnot(open, hit)));
    });
  });
  return f;
}

/** Every kernel of this file by its exported name. */
export function poolKernels(): Record<string, FunctionBuilder> {
  return {
    max_window: maxWindow(),
    max_window_grad: maxWindowGrad(false),
    max_window_grad_apart: maxWindowGrad(true),
  };
}
