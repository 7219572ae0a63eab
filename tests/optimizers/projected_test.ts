/** The exact limits of Fira and APOLLO, in float64 and on an engine. */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { type Matrix, Random, transposed } from "../../core/mod.ts";
import { gaussian, host, inner, minus, norm, times } from "../support/matrices.ts";
import { testAlgebras } from "../support/algebras.ts";
import { closeIn, course, flowsOf, get, RATE, SHAPES } from "./courses.ts";

/** x with one of its vectors along the long side set to zero. */
function withoutOne(x: Matrix): Matrix {
  const wide = x.rows <= x.cols;
  return {
    ...x,
    data: x.data.map((v, k) => (wide ? k % x.cols : Math.floor(k / x.cols)) === 1 ? 0 : v),
  };
}

await testAlgebras(
  "fira and apollo over sgd without a limit are sgd at every rank",
  async (a, t) => {
    const close = closeIn(t);
    for (const name of ["fira", "apollo"]) {
      for (const [m, n] of SHAPES) {
        const random = new Random(m);
        const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 5)];
        const wanted = (await course(host, ["sgd"], x, flows)).values.at(-1)!;
        for (const scaling of name === "fira" ? ["column", "matrix"] : ["channel", "tensor"]) {
          for (const rank of [1, 3, 9]) {
            const settings = { rank, every: 2, scale: 1, base: "sgd", growth: 0, scaling };
            const got = (await course(a, [name, settings], x, flows)).values.at(-1)!;
            assertLess(norm(minus(got, wanted)), close, `${name}, ${m}×${n}, rank ${rank}`);
          }
        }
      }
    }
  },
);

await testAlgebras("fira of full rank is galore of full rank", async (a, t) => {
  const random = new Random(2);
  for (const [m, n] of SHAPES) {
    const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 5)];
    const settings = { rank: 9, every: 100 };
    const got = (await course(a, ["fira", settings], x, flows)).values.at(-1)!;
    const wanted = (await course(host, ["galore", settings], x, flows)).values.at(-1)!;
    assertLess(norm(minus(got, wanted)), 10 * closeIn(t), `${m}×${n}`);
  }
});

await testAlgebras(
  "fira's residual is orthogonal to the subspace, and grows slowly",
  async (a, t) => {
    const close = closeIn(t);
    for (const [m, n] of SHAPES) {
      const random = new Random(n);
      const x = gaussian(random, m, n);
      // Ever longer gradients, which the limiter has to hold back.
      const flows = flowsOf(random, m, n, 6).map((flow, k) => host.scale(1.5 ** k, flow));
      const settings = { rank: 2, every: 2, scale: 1 };
      const { values, states } = await course(a, ["fira", settings], x, flows);
      let before = Infinity;
      for (const [k, value] of values.entries()) {
        const moved = host.scale(1 / RATE, minus(value, k === 0 ? x : values[k - 1]!));
        const p = await get(a, states[k]!.basis as never);
        const square = times(p, transposed(p));
        const inside = m <= n ? times(square, moved) : times(moved, square);
        const length = norm(minus(moved, inside));
        assertLess(Math.abs(length - (states[k]!.residual as number)), 100 * close * length);
        assertLess(length, 1.01 * before * (1 + 1e-5));
        before = length;
      }
    }
  },
);

await testAlgebras("fira and apollo leave out what has no gradient, without NaN", async (a) => {
  for (const name of ["fira", "apollo"]) {
    for (const [m, n] of SHAPES) {
      const random = new Random(3);
      const flow = gaussian(random, m, n);
      // There is momentum in a vector that has no gradient any more.
      const settings = { rank: 2, scale: 1, growth: 0 };
      const { values } = await course(a, [name, settings], gaussian(random, m, n), [
        flow,
        withoutOne(flow),
        host.zeros(m, n),
        flow,
      ]);
      for (const value of values) assertEquals(value.data.every(Number.isFinite), true);
      if (name === "apollo") {
        const moved = minus(values[1]!, values[0]!);
        assertEquals(norm(minus(moved, withoutOne(moved))), 0);
      }
    }
  }
});

await testAlgebras("fira and apollo move on after a step without gradient", async (a) => {
  for (const name of ["fira", "apollo"]) {
    const random = new Random(4);
    const [x, flow] = [gaussian(random, 4, 6), gaussian(random, 4, 6)];
    const { values } = await course(a, [name, { rank: 2 }], x, [flow, host.zeros(4, 6), flow]);
    const lengths = [values[0]!, values[2]!].map((value, k) =>
      norm(minus(value, k === 0 ? x : values[1]!))
    );
    assertGreater(lengths[1]!, 0.3 * lengths[0]!);
  }
});

await testAlgebras("apollo's step for a whole tensor is along the gradient", async (a, t) => {
  const random = new Random(5);
  for (const [m, n] of SHAPES) {
    const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 4)];
    const { values, states } = await course(a, ["apollo-mini", { every: 2 }], x, flows);
    for (const [k, flow] of flows.entries()) {
      const moved = minus(values[k]!, k === 0 ? x : values[k - 1]!);
      const cosine = inner(moved, flow) / norm(moved) / norm(flow);
      assertLess(Math.abs(cosine - 1), 10 * closeIn(t));
      const length = states[k]!.length as number;
      if (k > 0) assertLess(length, 1.01 * (states[k - 1]!.length as number) * (1 + 1e-6));
    }
  }
});

Deno.test("apollo's first step over adam is √r long in each channel, not √m", async () => {
  // Adam's first step has entries ±1, √r long in the projection, which keeps norms in the mean.
  const [m, n, rank] = [128, 200, 64];
  const flow = gaussian(new Random(6), m, n);
  const zero = host.zeros(m, n);
  const { values } = await course(host, ["apollo", { rank }], zero, [flow]);
  const lengths = Array.from({ length: n }, (_, j) => {
    return norm(host.columns(values[0]!, j, j + 1)) / RATE;
  });
  const mean = lengths.reduce((sum, v) => sum + v, 0) / n;
  assertLess(Math.abs(mean / Math.sqrt(rank) - 1), 0.03);
  assertLess(Math.max(...lengths), 1.5 * mean);
  assertLess(mean, 0.8 * Math.sqrt(m));
});

Deno.test("apollo's projections are a function of seed, shape and count", async () => {
  const random = new Random(7);
  const [x, flows] = [gaussian(random, 5, 8), flowsOf(random, 5, 8, 4)];
  const end = async (seed: number) => {
    return (await course(host, ["apollo", { rank: 2, every: 2, seed }], x, flows)).values.at(-1)!;
  };
  assertEquals(await end(1), await end(1));
  assertGreater(norm(minus(await end(1), await end(2))), 1e-3);
});
