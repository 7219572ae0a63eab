/**
 * Kernels on the columns of a matrix with a row for each pixel: statistics, scaling per column and
 * what their gradients need.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { FunctionBuilder, type I32, i32, type V128, v128 } from "../../wasm/mod.ts";
import { activationLanes, gradientLanes, perActivation, sweep } from "./elementwise.ts";
import { type Access, type Int, integers, SINGLES, VECTORS } from "./lanes.ts";

const { add, sub, mul } = v128;

/** Vectors of a group of columns: a line of the cache, so that each is read whole. */
const GROUP = 4;

/**
 * Runs `body` for groups of columns from left to right: `at` is their byte offset in a row, `size`
 * the number of vectors.
 */
function eachGroup(
  f: FunctionBuilder,
  columns: I32,
  body: (at: Int, size: number, access: Access) => void,
): void {
  const end = f.local("i32", i32.shl(columns, i32.const(2)));
  const at = f.local("i32", i32.const(0));
  const advance = (by: number) => f.emit(at.set(i32.add(at, i32.const(by))));
  for (const size of [GROUP, 1]) {
    const last = f.local("i32", i32.sub(end, i32.const(16 * size - 1)));
    f.while(i32.ltS(at, last), () => {
      body(at, size, VECTORS);
      advance(16 * size);
    });
  }
  f.while(i32.ltU(at, end), () => {
    body(at, 1, SINGLES);
    advance(4);
  });
}

/** Runs `body` for each row with the address of the group in each of the matrices. */
function eachRow(
  f: FunctionBuilder,
  starts: readonly I32[],
  rows: I32,
  pitch: I32,
  body: (lines: readonly Int[]) => void,
): void {
  const lines = starts.map((start) => f.local("i32", start));
  const left = f.local("i32", rows);
  f.while(left, () => {
    body(lines);
    for (const line of lines) f.emit(line.set(i32.add(line, pitch)));
    f.emit(left.set(i32.sub(left, i32.const(1))));
  });
}

/**
 * For each column a number near its mean, and the sums of the distances from it and of their squares:
 * parameters x, rows (at least 1), columns, centres, sums, squares.
 */
function blockMoments(): FunctionBuilder {
  const f = new FunctionBuilder();
  const [x, rows, columns, centres, sums, squares] = integers(f, 6) as [
    ...[Int, Int, Int],
    ...[Int, Int, Int],
  ];
  const one = f.local("v128", v128.const(1));
  const share = f.local("v128", v128.div(one, v128.fromI32(v128.splatI32(rows))));
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  eachGroup(f, columns, (at, size, access) => {
    const zeros = () => Array.from({ length: size }, () => f.local("v128", v128.const(0)));
    const total = zeros();
    eachRow(
      f,
      [i32.add(x, at)],
      rows,
      pitch,
      ([line]) => total.forEach((sum, k) => f.emit(sum.set(add(sum, access.load(line!, 16 * k))))),
    );
    const means = total.map((sum) => f.local("v128", mul(sum, share)));
    const [rest, about] = [zeros(), zeros()];
    eachRow(f, [i32.add(x, at)], rows, pitch, ([line]) =>
      about.forEach((sum, k) => {
        const d = f.local("v128", sub(access.load(line!, 16 * k), means[k]!));
        f.emit(rest[k]!.set(add(rest[k]!, d)));
        f.emit(sum.set(add(sum, mul(d, d))));
      }));
    const store = (to: I32, values: readonly V128[]) =>
      values.forEach((value, k) => f.emit(access.store(i32.add(to, at), value, 16 * k)));
    store(centres, means);
    store(sums, rest);
    store(squares, about);
  });
  return f;
}

/** y = act(x scale + shift) per column: parameters y, x, scale, shift, rows, columns. */
function affine(name: Activation): FunctionBuilder {
  const f = new FunctionBuilder();
  const [y, x, scale, shift, rows, columns] = integers(f, 6) as [Int, Int, Int, Int, Int, Int];
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  eachRow(f, [x, y], rows, pitch, ([from, to]) => {
    const step = (access: Access) => (at: I32, offset: number) => {
      const z = add(
        mul(access.load(i32.add(from!, at), offset), access.load(i32.add(scale, at), offset)),
        access.load(i32.add(shift, at), offset),
      );
      f.emit(access.store(i32.add(to!, at), activationLanes(f, z, name), offset));
    };
    sweep(f, pitch, step(VECTORS), (at) => step(SINGLES)(at, 0));
  });
  return f;
}

/**
 * Σ d and Σ d (x − mean) of each column with d = dy ∘ act′(y): parameters dy, y, x, mean, rows,
 * columns, sums, products. For "identity" y is not read.
 */
function normSums(name: Activation): FunctionBuilder {
  const f = new FunctionBuilder();
  const [dy, y, x, mean, rows, columns, sums, products] = integers(f, 8) as Eight;
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  eachGroup(f, columns, (at, size, access) => {
    const zeros = () => Array.from({ length: size }, () => f.local("v128", v128.const(0)));
    const [total, moments] = [zeros(), zeros()];
    const means = total.map((_, k) => f.local("v128", access.load(i32.add(mean, at), 16 * k)));
    const starts = [dy, y, x].map((p) => i32.add(p, at));
    eachRow(f, starts, rows, pitch, ([up, out, image]) =>
      total.forEach((sum, k) => {
        const given = access.load(up!, 16 * k);
        const output = name === "identity" ? given : access.load(out!, 16 * k);
        const d = f.local("v128", gradientLanes(f, given, output, name));
        const moment = moments[k]!;
        f.emit(sum.set(add(sum, d)));
        f.emit(moment.set(add(moment, mul(d, sub(access.load(image!, 16 * k), means[k]!)))));
      }));
    total.forEach((sum, k) => f.emit(access.store(i32.add(sums, at), sum, 16 * k)));
    moments.forEach((sum, k) => f.emit(access.store(i32.add(products, at), sum, 16 * k)));
  });
  return f;
}

type Eight = [Int, Int, Int, Int, Int, Int, Int, Int];

/**
 * dx = a d + b (x − mean) + c per column with d = dy ∘ act′(y): parameters dx, dy, y, x,
 * coefficients (four rows: mean, a, b, c), rows, columns. For "identity" y is not read.
 */
function normGrad(name: Activation): FunctionBuilder {
  const f = new FunctionBuilder();
  const [dx, dy, y, x, coefficients, rows, columns] = integers(f, 7) as Eight;
  const pitch = f.local("i32", i32.shl(columns, i32.const(2)));
  const [mean, a, b, c] = [0, 1, 2, 3].map((i) =>
    f.local("i32", i32.add(coefficients, i32.mul(pitch, i32.const(i))))
  ) as [Int, Int, Int, Int];
  eachRow(f, [dy, y, x, dx], rows, pitch, ([up, out, image, to]) => {
    const step = (access: Access) => (at: I32, offset: number) => {
      const read = (p: I32) => access.load(i32.add(p, at), offset);
      const given = read(up!);
      const d = gradientLanes(f, given, name === "identity" ? given : read(out!), name);
      const value = add(add(mul(read(a), d), mul(read(b), sub(read(image!), read(mean)))), read(c));
      f.emit(access.store(i32.add(to!, at), value, offset));
    };
    sweep(f, pitch, step(VECTORS), (at) => step(SINGLES)(at, 0), 2);
  });
  return f;
}

/** Every kernel of this file by its exported name. */
export function normKernels(): Record<string, FunctionBuilder> {
  return {
    block_moments: blockMoments(),
    ...perActivation("affine", affine),
    ...perActivation("norm_sums", normSums),
    ...perActivation("norm_grad", normGrad),
  };
}
