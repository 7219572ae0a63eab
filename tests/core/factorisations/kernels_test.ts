/** Each kernel beside its loop. */

import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import {
  type FactorKernels,
  factorKernels,
  LANES,
  reflector,
} from "../../../core/factorisations/mod.ts";
import { Random } from "../../../core/random.ts";
import { assemble } from "../../../core/wasm/mod.ts";

const PAD = -7;

/** Numbers of a row with what fills it up. */
const pitchOf = (cols: number): number => LANES * Math.ceil(cols / LANES);
const AT = 40;

/** Both variants on memories of their own. */
const MEMORIES = [true, false].map((fused) => {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const module = new WebAssembly.Module(assemble({ ...factorKernels(fused) }));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = exports as unknown as FactorKernels;
  return { kernels, numbers: new Float64Array(memory.buffer) };
});

/** Rows, columns (of which a kernel takes whole vectors), seed. */
const CASES = fc.tuple(fc.integer({ min: 2, max: 21 }), fc.integer({ min: 1, max: 45 }), fc.nat());

type Operate = (kernels: FactorKernels, pitch: number, width: number, extra: number) => void;

/** Runs a kernel in both variants on a matrix between two paddings; `expected` is the loop. */
function check(
  [rows, cols, seed]: [number, number, number],
  extra: Float64Array,
  operate: Operate,
  expected: (x: Float64Array, pitch: number) => void,
): void {
  const width = pitchOf(cols);
  const pitch = width + 4;
  const x = new Random(seed).fillNormal(new Float64Array(rows * pitch));
  const wanted = x.slice();
  expected(wanted, pitch);
  for (const { kernels, numbers } of MEMORIES) {
    numbers.fill(PAD);
    numbers.set(x, AT);
    const extraAt = AT + x.length + 8;
    numbers.set(extra, extraAt);
    operate(kernels, 8 * pitch, 8 * width, 8 * extraAt);
    const got = numbers.subarray(AT, AT + x.length);
    got.forEach((v, i) => {
      if (i % pitch >= width) assertEquals(v, x[i], "what is beside the rows stays");
      else assertLess(Math.abs(v - wanted[i]!), 1e-12);
    });
    assertEquals([numbers[AT - 1], numbers[AT + x.length]], [PAD, PAD]);
  }
}

/** A reflection of so many numbers. */
function reflection(count: number, seed: number): Float64Array {
  const v = new Random(seed + 1).fillNormal(new Float64Array(count));
  reflector(v, 0, count);
  return v;
}

Deno.test("reflect_left() is A − v (vᵀ A)", () => {
  fc.assert(fc.property(CASES, ([rows, cols, seed]) => {
    const v = reflection(rows, seed);
    check([rows, cols, seed], v, (k, pitch, width, at) => {
      k.reflect_left(8 * AT, pitch, rows, width, at);
    }, (x, pitch) => {
      for (let j = 0; j < pitchOf(cols); j++) {
        const along = v.reduce((sum, f, i) => sum + f * x[i * pitch + j]!, 0);
        v.forEach((f, i) => x[i * pitch + j]! -= f * along);
      }
    });
  }));
});

Deno.test("reflect_right() is A − (A v) vᵀ", () => {
  fc.assert(fc.property(CASES, ([rows, cols, seed]) => {
    const v = reflection(pitchOf(cols), seed);
    check([rows, cols, seed], v, (k, pitch, width, at) => {
      k.reflect_right(8 * AT, pitch, rows, width, at);
    }, (x, pitch) => {
      for (let i = 0; i < rows; i++) {
        const along = v.reduce((sum, f, j) => sum + f * x[i * pitch + j]!, 0);
        v.forEach((f, j) => x[i * pitch + j]! -= f * along);
      }
    });
  }));
});

Deno.test("project() is vᵀ A, and reflect_both() takes it out before it reflects", () => {
  fc.assert(fc.property(CASES, ([rows, cols, seed]) => {
    const width = pitchOf(cols);
    const [u, v] = [reflection(rows, seed), reflection(width, seed + 1)];
    const extra = new Float64Array(rows + 2 * width);
    extra.set(u);
    extra.set(v, rows + width);
    check([rows, cols, seed], extra, (k, pitch, bytes, at) => {
      const along = at + 8 * rows;
      k.project(8 * AT, pitch, rows, bytes, at, along);
      k.reflect_both(8 * AT, pitch, rows, bytes, at, along, along + bytes);
    }, (x, pitch) => {
      for (let j = 0; j < width; j++) {
        const along = u.reduce((sum, f, i) => sum + f * x[i * pitch + j]!, 0);
        u.forEach((f, i) => x[i * pitch + j]! -= f * along);
      }
      for (let i = 0; i < rows; i++) {
        const across = v.reduce((sum, f, j) => sum + f * x[i * pitch + j]!, 0);
        v.forEach((f, j) => x[i * pitch + j]! -= f * across);
      }
    });
  }));
});

Deno.test("rotate() turns one pair of rows after the other, sweep after sweep", () => {
  fc.assert(fc.property(CASES, ([rows, cols, seed]) => {
    const random = new Random(seed + 1);
    const pitchBytes = 8 * (pitchOf(cols) + 4);
    const log: number[] = [];
    const pairs: [row: number, c: number, s: number][] = [];
    for (let sweep = 0; sweep < 3; sweep++) {
      const first = random.integer(rows - 1);
      const count = 1 + random.integer(rows - 1 - first);
      log.push(first * pitchBytes, 16 * count);
      for (let k = first; k < first + count; k++) {
        const angle = random.uniform() * 7;
        log.push(Math.cos(angle), Math.sin(angle));
        pairs.push([k, Math.cos(angle), Math.sin(angle)]);
      }
    }
    check([rows, cols, seed], Float64Array.from(log), (k, pitch, width, at) => {
      k.rotate(8 * AT, pitch, width, at, at + 8 * log.length);
    }, (x, pitch) => {
      for (const [k, c, s] of pairs) {
        for (let j = 0; j < pitchOf(cols); j++) {
          const [p, q] = [x[k * pitch + j]!, x[(k + 1) * pitch + j]!];
          x[k * pitch + j] = c * p + s * q;
          x[(k + 1) * pitch + j] = c * q - s * p;
        }
      }
    });
  }));
});

Deno.test("reflector() takes a vector to a multiple of the first unit vector, zeros to zeros", () => {
  for (const scale of [1, 1e-310, 1e300, 0]) {
    const x = Float64Array.of(99, 3, -4, 12, 0, 99).map((v) => v === 99 ? v : v * scale);
    const v = x.slice();
    const head = reflector(v, 1, 5);
    assertEquals([v[0], v[5]], [99, 99]);
    const along = v.subarray(1, 5).reduce((sum, f, i) => sum + f * x[i + 1]!, 0);
    const unit = scale || 1;
    const moved = Array.from(x.subarray(1, 5), (value, i) => (value - along * v[i + 1]!) / unit);
    const wanted = scale === 0 ? [0, 0, 0, 0] : [head / unit, 0, 0, 0];
    moved.forEach((value, i) => assertLess(Math.abs(value - wanted[i]!), 1e-12));
    assertLess(Math.abs(Math.abs(head) / unit - (scale === 0 ? 0 : 13)), 1e-12);
  }
});
