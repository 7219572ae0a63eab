import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { Random } from "../../../../core/random.ts";
import { BareHeap } from "../../../support/bare_heap.ts";
import { smooth } from "../../../support/attention_oracle.ts";
import { act } from "../../../support/dense_oracle.ts";

/** Evenly spaced values, rounded to float32. */
function grid(from: number, to: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => from + (to - from) * i / (count - 1));
}

function largestError(
  kernel: string,
  x: Float32Array,
  exact: (x: number) => number,
  floor: number,
): number {
  const heap = new BareHeap();
  const [from, to] = [heap.place(x), heap.allocate(4 * x.length)];
  heap.simd[kernel]!(to, from, x.length);
  const y = heap.view(to, x.length);
  return x.reduce((worst, v, i) => {
    const wanted = exact(v);
    return Math.max(worst, Math.abs(y[i]! - wanted) / Math.max(Math.abs(wanted), floor));
  }, 0);
}

Deno.test("exp is right to 2e-7 relative over its range", () => {
  assertLess(largestError("exp", grid(-87.2, 87.2, 20001), Math.exp, 0), 2e-7);
  assertLess(largestError("exp", grid(-1, 1, 20001), Math.exp, 0), 2e-7);
});

Deno.test("tanh and sigmoid are right to 3e-7 relative", () => {
  for (const range of [30, 1, 1e-3]) {
    const x = grid(-range, range, 20000);
    assertLess(largestError("activate_tanh", x, act.tanh, 0), 3e-7);
    assertLess(largestError("activate_sigmoid", x, act.sigmoid, 0), 3e-7);
  }
});

Deno.test("GELU in both forms and SiLU are right to 3e-7, or relative to that beyond one", () => {
  for (const range of [30, 3, 1e-3]) {
    const x = grid(-range, range, 20000);
    assertLess(largestError("smooth_gelu-exact", x, smooth.exact, 1), 3e-7);
    assertLess(largestError("smooth_gelu-tanh", x, smooth.tanh, 1), 3e-7);
    assertLess(largestError("smooth_silu", x, smooth.silu, 1), 3e-7);
  }
});

Deno.test("softplus is right to 3e-7 relative, far below zero too", () => {
  assertLess(largestError("activate_softplus", grid(-80, 80, 20001), act.softplus, 0), 3e-7);
});

Deno.test("activations at infinity and NaN are what they must be", () => {
  const x = Float32Array.of(Infinity, -Infinity, NaN);
  const at = (name: string) => {
    const heap = new BareHeap();
    const [from, to] = [heap.place(x), heap.allocate(12)];
    heap.simd[`activate_${name}`]!(to, from, 3);
    return [...heap.view(to, 3)];
  };
  assertEquals(at("relu"), [Infinity, 0, NaN]);
  assertEquals(at("tanh"), [1, -1, NaN]);
  const [up, down, none] = at("sigmoid");
  assertEquals(up, 1);
  assertLess(down!, 1e-37);
  assertEquals(none, NaN);
});

Deno.test("NaN in a gradient or its activation stays visible", () => {
  for (const name of ["relu", "tanh", "sigmoid", "softplus"]) {
    const heap = new BareHeap();
    const [dy, y, d] = [heap.place([NaN]), heap.place([0.5]), heap.allocate(4)];
    heap.simd[`grad_${name}`]!(d, dy, y, 1);
    assert(Number.isNaN(heap.view(d, 1)[0]), name);
  }
});

Deno.test("kernels write their range and nothing beside it", () => {
  const property = fc.property(fc.integer({ min: 0, max: 70 }), (n) => {
    const heap = new BareHeap();
    const x = heap.place(new Float32Array(n).fill(2));
    const out = heap.allocate(4 * (n + 2)) + 4;
    heap.floats.fill(-7, out / 4 - 1, out / 4 + n + 1);
    heap.simd.add!(out, x, x, n);
    const expected = [-7, ...new Array(n).fill(4), -7];
    assertEquals([...heap.view(out - 4, n + 2)], expected);
  });
  fc.assert(property, { seed: 1 });
});

Deno.test("sums are taken in float64", () => {
  const heap = new BareHeap(128);
  const x = heap.place(Float32Array.of(1e8, ...new Array(1000).fill(1), -1e8));
  assertEquals(heap.simd.sum!(x, 1002), 1000);
  assertEquals(heap.simd.sum_squares!(x, 1002), 2e16 + 1000);
});

Deno.test("bias and activation, gradient and column sums agree with loops", () => {
  const extent = fc.integer({ min: 1, max: 40 });
  const property = fc.property(extent, extent, fc.integer(), (rows, columns, seed) => {
    const random = new Random(seed);
    const fill = (n: number) => random.fillNormal(new Float32Array(n));
    const [y, b, dy] = [fill(rows * columns), fill(columns), fill(rows * columns)];
    const heap = new BareHeap();
    const [py, pb, pd, pu, ps] = [y, b, dy, dy, b].map((v) => heap.place(v)) as number[];
    heap.simd.bias_relu!(py!, pb!, rows, columns);
    heap.simd.grad_sums_relu!(pd!, pu!, py!, ps!, rows, columns);
    const sums = new Float64Array(columns);
    for (let i = 0; i < rows * columns; i++) {
      const z = Math.max(0, Math.fround(y[i]! + b[i % columns]!));
      assertEquals(heap.view(py!, rows * columns)[i], z);
      const d = z > 0 ? dy[i]! : 0;
      assertEquals(heap.view(pd!, rows * columns)[i], d);
      sums[i % columns]! += d;
    }
    heap.view(ps!, columns).forEach((s, c) => assertLess(Math.abs(s - sums[c]!), 1e-4));
  });
  fc.assert(property, { seed: 1, numRuns: 50 });
});
