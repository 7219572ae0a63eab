/** The exact limits of GaLore, in float64 and on an engine. */

import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type Algebra,
  hostAlgebra,
  type Matrix,
  matrix,
  Random,
  transposed,
  type Updated,
} from "../../core/mod.ts";
import { adam, galore, type Optimizer, optimizers, sgd } from "../../optimizers/mod.ts";
import { gaussian, host, inner, minus, norm, times } from "../support/matrices.ts";
import { testAlgebras, type Tolerance } from "../support/algebras.ts";

const RATE = 0.1;
const SHAPES = [[6, 4], [4, 6], [5, 5]] as const;

type Setting = Parameters<Optimizer["create"]>[0];

/** What a rule makes of a matrix along given gradients, with its state after each. */
async function course<M>(
  a: Algebra<M>,
  settings: Setting,
  x: Matrix,
  flows: readonly Matrix[],
  optimizer: Optimizer = galore,
): Promise<{ readonly values: Matrix[]; readonly bases: Matrix[] }> {
  const rule = optimizer.create(settings);
  const put = (m: Matrix) => a.from(m.data, m.rows, m.cols);
  const get = async (m: M) => matrix(await a.read(m), a.rows(m), a.cols(m));
  let now: Updated<M> = { value: put(x) };
  const [values, bases]: [Matrix[], Matrix[]] = [[], []];
  for (const flow of flows) {
    now = await rule.update(a, now.value, put(flow), { rate: RATE, decay: 0 }, now.state);
    values.push(await get(now.value));
    if (now.state?.basis) bases.push(await get(now.state.basis as M));
  }
  return { values, bases };
}

function flowsOf(random: Random, m: number, n: number, count: number): Matrix[] {
  return Array.from({ length: count }, () => gaussian(random, m, n));
}

/** P Pᵀ x on the short side. */
function projected(p: Matrix, x: Matrix): Matrix {
  const square = times(p, transposed(p));
  return x.rows <= x.cols ? times(square, x) : times(x, square);
}

/** The error that will do: 1e-12 in float64, 1e-5 in float32. */
const closeIn = (t: Tolerance): number => Math.max(1e-12, 5 * t.relative);

await testAlgebras("galore of full rank over sgd is sgd", async (a, t) => {
  const close = closeIn(t);
  for (const [m, n] of SHAPES) {
    const random = new Random(m);
    const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 7)];
    const settings = { rank: 99, every: 2, scale: 1, base: "sgd" };
    const got = (await course(a, settings, x, flows)).values.at(-1)!;
    const wanted = (await course(host, {}, x, flows, sgd)).values.at(-1)!;
    assertLess(norm(minus(got, wanted)), close, `${m}×${n}`);
  }
});

await testAlgebras("galore of full rank over adam is adam in one fixed basis", async (a, t) => {
  const close = closeIn(t);
  const random = new Random(2);
  const [x, flows] = [gaussian(random, 4, 6), flowsOf(random, 4, 6, 6)];
  const settings = { rank: 4, every: 100, scale: 1 };
  const { values, bases } = await course(a, settings, x, flows);
  const p = bases[0]!;
  const into = (w: Matrix) => times(transposed(p), w);
  const inside = (await course(host, {}, into(x), flows.map(into), adam)).values.at(-1)!;
  // Adam divides small differences by small roots; float32 leaves a digit or two there.
  assertLess(norm(minus(values.at(-1)!, times(p, inside))), 10 * close);
  const plain = (await course(host, {}, x, flows, adam)).values.at(-1)!;
  assertGreater(norm(minus(values.at(-1)!, plain)), 0.05, "it is not adam on W");
});

await testAlgebras("galore moves in its subspace alone, until it chooses anew", async (a, t) => {
  const close = closeIn(t);
  for (const base of ["adam", "sgd"]) {
    for (const [m, n] of SHAPES) {
      const random = new Random(n);
      const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 6)];
      const { values, bases } = await course(a, { rank: 2, every: 3, base }, x, flows);
      for (const [k, value] of values.entries()) {
        const from = k < 3 ? x : values[2]!;
        const moved = minus(value, from);
        assertLess(norm(minus(moved, projected(bases[k]!, moved))), close);
        const { sigma } = await host.svd(minus(value, x));
        const rank = sigma.filter((s) => s > 10 * close).length;
        assertEquals(rank <= (k < 3 ? 2 : 4), true, `rank ${rank} after ${k + 1} steps`);
      }
      assertEquals(bases[0], bases[2]);
      assertGreater(norm(minus(bases[3]!, bases[2]!)), 0.1);
    }
  }
});

await testAlgebras("galore over sgd goes down as steeply as any projection can", async (a, t) => {
  const close = closeIn(t);
  const random = new Random(9);
  const [x, flow] = [gaussian(random, 6, 5), gaussian(random, 6, 5)];
  const { sigma } = await host.svd(flow);
  for (const rank of [1, 2, 5]) {
    const { values } = await course(a, { rank, base: "sgd" }, x, [flow]);
    const along = inner(minus(values[0]!, x), flow);
    const most = RATE * 0.25 * sigma.slice(0, rank).reduce((s, v) => s + v * v, 0);
    assertLess(Math.abs(along / most - 1), close);
  }
});

await testAlgebras("galore keeps the old subspace where the gradient has none", async (a, t) => {
  const close = closeIn(t);
  const random = new Random(1);
  const [x, flow, none] = [gaussian(random, 4, 6), gaussian(random, 4, 6), host.zeros(4, 6)];
  const first = await course(a, { rank: 2, every: 1 }, x, [none, flow]);
  assertLess(norm(minus(first.values[0]!, x)), close, "it waits for a gradient");
  assertGreater(norm(minus(first.values[1]!, x)), 0.01);
  const { bases } = await course(a, { rank: 2, every: 1 }, x, [flow, none]);
  assertLess(norm(minus(bases[1]!, bases[0]!)), close);
  const broken = { ...flow, data: flow.data.map((v, i) => i === 3 ? NaN : v) };
  const kept = await course(a, { rank: 2, every: 1 }, x, [flow, broken]);
  assertEquals(kept.bases[1], kept.bases[0], "nor from what is not finite");
});

/** The algebra with singular vectors of other signs, as another library would return them. */
function otherSigns(flips: () => readonly number[]): Algebra<Matrix> {
  const a = hostAlgebra();
  a.svd = async (x) => {
    const { p, sigma, q } = await host.svd(x);
    const d = host.diagonal(flips().slice(0, sigma.length));
    return { p: times(p, d), sigma, q: times(q, d) };
  };
  return a;
}

Deno.test("galore does not see which signs a library gives to singular vectors", async () => {
  const random = new Random(3);
  const [x, flows] = [gaussian(random, 5, 7), flowsOf(random, 5, 7, 9)];
  let call = 0;
  const turned = otherSigns(() => call++ % 2 ? [1, -1, -1, 1, -1] : [-1, 1, -1, -1, 1]);
  for (const base of ["adam", "sgd", "heavy-ball"]) {
    const settings = { rank: 3, every: 2, base };
    const end = async (a: Algebra<Matrix>) => (await course(a, settings, x, flows)).values.at(-1)!;
    assertLess(norm(minus(await end(turned), await end(host))), 1e-12, base);
  }
});

Deno.test("galore keeps the moments as they are when the subspace changes", async () => {
  const random = new Random(6);
  const flows = flowsOf(random, 4, 6, 2);
  const rule = galore.create({ rank: 2, every: 1, scale: 1, base: "heavy-ball" });
  const heavy = optimizers.get("heavy-ball").create();
  const step = { rate: RATE, decay: 0 };
  const first = await rule.update(host, host.zeros(4, 6), flows[0]!, step, undefined);
  const second = await rule.update(host, host.zeros(4, 6), flows[1]!, step, first.state);
  const basis = second.state!.basis as Matrix;
  const low = times(transposed(basis), flows[1]!);
  const { base } = first.state as { base: { count: number; first: Matrix } };
  const moved = await heavy.update(host, host.zerosLike(low), low, step, base);
  assertEquals(second.state!.base, moved.state);
  assertAlmostEquals(norm(second.value), norm(moved.value), 1e-12);
});

await testAlgebras(
  "galore carries momentum into a new subspace, as far as it lies there",
  async (a, t) => {
    const close = closeIn(t);
    for (const [m, n] of SHAPES) {
      const random = new Random(m);
      const flows = flowsOf(random, m, n, 2);
      const settings = { rank: 2, every: 1, scale: 1, base: "heavy-ball", carry: true };
      const { values, bases } = await course(a, settings, host.zeros(m, n), flows);
      const [old, now] = flows.map((flow, k) => projected(bases[k]!, flow));
      assertLess(norm(minus(values[0]!, host.scale(RATE, old!))), close);
      // In the new subspace: 0.9 of the old momentum, projected, and the new gradient.
      const wanted = host.lincomb(0.9, projected(bases[1]!, old!), 1, now!);
      assertLess(norm(minus(minus(values[1]!, values[0]!), host.scale(RATE, wanted))), close);
    }
  },
);

await testAlgebras("galore that carries moments is adam while its subspace stays", async (a, t) => {
  const random = new Random(4);
  const [x, flows] = [gaussian(random, 4, 6), flowsOf(random, 4, 6, 5)];
  const end = async (carry: boolean) =>
    (await course(a, { rank: 2, every: 100, carry }, x, flows)).values.at(-1)!;
  assertLess(norm(minus(await end(true), await end(false))), closeIn(t));
});

await testAlgebras("galore on both sides moves by rank r between choices", async (a, t) => {
  const close = closeIn(t);
  for (const [m, n] of SHAPES) {
    const random = new Random(m);
    const [x, flows] = [gaussian(random, m, n), flowsOf(random, m, n, 4)];
    const settings = { rank: 2, every: 2, side: "full", scale: 1 };
    const { values } = await course(a, settings, x, flows);
    const { sigma } = await host.svd(minus(values[1]!, x));
    assertLess(sigma[2]!, 10 * close, `${m}×${n}`);
    assertGreater(sigma[1]!, 0.01);
    // Of full rank over sgd it is sgd.
    const whole = { rank: 9, every: 2, side: "full", scale: 1, base: "sgd", choice: "power" };
    const got = (await course(a, whole, x, flows)).values.at(-1)!;
    const wanted = flows.reduce((sum, flow) => host.lincomb(1, sum, RATE, flow), x);
    if (m === n) assertLess(norm(minus(got, wanted)), close);
  }
});

await testAlgebras("power steps find the subspace of a gradient that stays", async (a, t) => {
  const random = new Random(7);
  const [m, n, rank] = [6, 8, 2];
  // Singular values 8, 4, 2, …: a step is four times closer to the leading two, as (2 / 4)² says.
  const { p, q } = await host.svd(gaussian(random, m, n));
  const steep = host.weighted(p, { columns: Array.from({ length: m }, (_, i) => 2 ** (3 - i)) });
  const flow = host.multiply(steep, q, { transposeRight: true });
  const leading = host.columns(p, 0, rank);
  for (const side of ["left", "full"]) {
    const flows = [gaussian(random, m, n), ...Array(12).fill(flow)];
    const settings = { rank, every: 1, side, choice: "power" };
    const { bases } = await course(a, settings, host.zeros(m, n), flows);
    const missing = bases.map((b) => norm(minus(leading, times(times(b, transposed(b)), leading))));
    assertGreater(missing[1]!, 0.01);
    assertLess(missing.at(-1)!, Math.max(1e-6, 10 * t.relative));
    assertLess(missing[4]! / missing[2]!, 0.1);
  }
});

Deno.test("galore looks half as often where its subspace stays, again and again", async () => {
  const random = new Random(8);
  const looked = async (flows: readonly Matrix[], lazy: number) => {
    let calls = 0;
    const a = hostAlgebra();
    a.svd = (x) => (calls++, host.svd(x));
    await course(a, { rank: 2, every: 1, lazy }, host.zeros(4, 6), flows);
    return calls;
  };
  const still = Array<Matrix>(32).fill(gaussian(random, 4, 6));
  assertEquals(await looked(still, 0), 32);
  // Five cosines take six choices; then after 2, 4 and 8 steps.
  assertEquals(await looked(still, 0.9), 9);
  assertEquals(await looked(flowsOf(random, 4, 6, 32), 0.999), 32);
});
