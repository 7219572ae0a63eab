/**
 * Data movement of convolutions in the layout batch × height × width × channels.
 *
 * @module
 */

import {
  f32,
  FunctionBuilder,
  type I32,
  i32,
  type Local,
  memoryZero,
  v128,
} from "../../wasm/mod.ts";
import { sweep } from "./elementwise.ts";

const add = i32.add;
const mul = i32.mul;
const one = i32.const(1);

/**
 * The geometry of one image, as parameters of the kernels in this order; `pitch` counts the numbers
 * from one pixel to the next, of which `channels` are looked at.
 */
export const GEOMETRY = [
  "height",
  "width",
  "channels",
  "pitch",
  "outHeight",
  "outWidth",
  "filterHeight",
  "filterWidth",
  "strideHeight",
  "strideWidth",
  "dilationHeight",
  "dilationWidth",
  "padTop",
  "padLeft",
] as const;

type Geometry = Record<typeof GEOMETRY[number], Local<"i32">>;

/** Runs `body` for i = 0 … n−1. */
function repeat(f: FunctionBuilder, n: I32, body: (i: Local<"i32">) => void): void {
  const i = f.local("i32", i32.const(0));
  f.while(i32.ltU(i, n), () => {
    body(i);
    f.emit(i.set(add(i, one)));
  });
}

/**
 * Walks the patches of one image: `inside(patch, pixel, bytes)` for runs that lie on pixels,
 * `outside(patch, bytes)` for those in the padding; both get byte addresses. A filter row that lies
 * inside the image is one run, else each of its positions is one.
 */
function eachRun(
  f: FunctionBuilder,
  g: Geometry,
  image: I32,
  patches: I32,
  inside: (patch: I32, pixel: I32, bytes: I32) => void,
  outside: (patch: I32, bytes: I32) => void,
): void {
  const pixel = f.local("i32", i32.shl(g.channels, i32.const(2)));
  const step = f.local("i32", i32.shl(g.pitch, i32.const(2)));
  const row = f.local("i32", mul(g.filterWidth, pixel));
  const patch = f.local("i32", patches);
  // Without gaps, and not beyond the last column: unsigned, a negative column is a very large one.
  const joined = i32.eqz(i32.sub(g.pitch, g.channels));
  const dense = f.local("i32", i32.and(joined, i32.ltU(g.dilationWidth, i32.const(2))));
  const columns = f.local("i32", add(i32.sub(g.width, g.filterWidth), one));
  const fits = f.local("i32", i32.and(dense, i32.ltS(i32.const(0), columns)));
  repeat(f, g.outHeight, (oh) =>
    repeat(f, g.outWidth, (ow) =>
      repeat(f, g.filterHeight, (kh) => {
        const top = i32.sub(add(mul(oh, g.strideHeight), mul(kh, g.dilationHeight)), g.padTop);
        const y = f.local("i32", top);
        const line = f.local("i32", add(image, mul(mul(y, g.width), step)));
        const left = f.local("i32", i32.sub(mul(ow, g.strideWidth), g.padLeft));
        const whole = i32.and(fits, i32.and(i32.ltU(y, g.height), i32.ltU(left, columns)));
        f.if(whole, () => {
          inside(patch, f.local("i32", add(line, mul(left, pixel))), row);
          f.emit(patch.set(add(patch, row)));
        }, () =>
          repeat(f, g.filterWidth, (kw) => {
            const x = f.local("i32", add(left, mul(kw, g.dilationWidth)));
            f.if(
              i32.and(i32.ltU(y, g.height), i32.ltU(x, g.width)),
              () => inside(patch, f.local("i32", add(line, mul(x, step))), pixel),
              () => outside(patch, pixel),
            );
            f.emit(patch.set(add(patch, pixel)));
          }));
      })));
}

function geometry(f: FunctionBuilder): Geometry {
  return Object.fromEntries(GEOMETRY.map((name) => [name, f.parameter("i32")])) as Geometry;
}

/** Writes the patches of one image as rows: parameters rows, image, geometry…. */
function imageToRows(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [rows, image] = [f.parameter("i32"), f.parameter("i32")];
  const g = geometry(f);
  eachRun(f, g, image, rows, (patch, pixel, bytes) => {
    sweep(
      f,
      bytes,
      (at, offset) => f.emit(v128.store(add(patch, at), v128.load(add(pixel, at), offset), offset)),
      (at) => f.emit(f32.store(add(patch, at), f32.load(add(pixel, at)))),
    );
  }, (patch, bytes) => {
    sweep(
      f,
      bytes,
      (at, offset) => f.emit(v128.store(add(patch, at), v128.const(0), offset)),
      (at) => f.emit(f32.store(add(patch, at), f32.const(0))),
    );
  });
  return f;
}

/** Adds the rows to the image they were taken from: parameters rows, image, geometry…. */
function rowsToImage(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [rows, image] = [f.parameter("i32"), f.parameter("i32")];
  const g = geometry(f);
  eachRun(f, g, image, rows, (patch, pixel, bytes) => {
    sweep(f, bytes, (at, offset) => {
      const to = add(pixel, at);
      const sum = v128.add(v128.load(to, offset), v128.load(add(patch, at), offset));
      f.emit(v128.store(to, sum, offset));
    }, (at) => {
      const to = add(pixel, at);
      f.emit(f32.store(to, f32.add(f32.load(to), f32.load(add(patch, at)))));
    });
  }, () => {});
  return f;
}

/**
 * For `count` pixels a stride apart: z[c] += x[c] · y[c]. Parameters z, x, y, channels, count, and
 * the byte strides of z, x and y; a stride of 0 keeps an operand in place.
 */
function multiplyAddRuns(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [z, x, y, channels, count, strideZ, strideX, strideY] = Array.from(
    { length: 8 },
    () => f.parameter("i32"),
  ) as [Eight, Eight, Eight, Eight, Eight, Eight, Eight, Eight];
  const bytes = f.local("i32", i32.shl(channels, i32.const(2)));
  repeat(f, count, () => {
    sweep(f, bytes, (at, offset) => {
      const product = v128.mul(v128.load(add(x, at), offset), v128.load(add(y, at), offset));
      const to = add(z, at);
      f.emit(v128.store(to, v128.add(v128.load(to, offset), product), offset));
    }, (at) => {
      const product = v128.mul(v128.load32Zero(add(x, at)), v128.load32Zero(add(y, at)));
      const to = add(z, at);
      f.emit(v128.storeLane0(to, v128.add(v128.load32Zero(to), product)));
    });
    f.emit(z.set(add(z, strideZ)), x.set(add(x, strideX)), y.set(add(y, strideY)));
  });
  return f;
}

/** Sets numbers to zero: parameters at, count. */
function zero(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [at, count] = [f.parameter("i32"), f.parameter("i32")];
  f.emit(memoryZero(at, i32.shl(count, i32.const(2))));
  return f;
}

type Eight = Local<"i32">;

/** Every kernel of this file by its exported name. */
export function convKernels(): Record<string, FunctionBuilder> {
  return {
    image_to_rows: imageToRows(),
    rows_to_image: rowsToImage(),
    multiply_add_runs: multiplyAddRuns(),
    zero: zero(),
  };
}
