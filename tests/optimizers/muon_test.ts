/** The exact limits of Muon, in float64 and on an engine. */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type Algebra,
  engineAlgebra,
  type Matrix,
  matrix,
  openEngine,
  Random,
  transposed,
} from "../../core/mod.ts";
import { muon, type MuonSettings, newtonSchulz } from "../../optimizers/mod.ts";
import { gaussian, host, inner, minus, norm, orthonormal, times } from "../support/matrices.ts";
import { testAlgebras, type Tolerance } from "../support/algebras.ts";

/** The first direction that Muon takes along a flow: (W₁ − W₀) / rate. */
async function direction<M>(
  a: Algebra<M>,
  flow: Matrix,
  settings: Partial<MuonSettings> = {},
): Promise<Matrix> {
  const rule = muon.create(settings);
  const f = a.from(flow.data, flow.rows, flow.cols);
  const { value } = await rule.update(a, a.zerosLike(f), f, { rate: 1, decay: 0 }, undefined);
  return matrix(await a.read(value), flow.rows, flow.cols);
}

/** A matrix with given singular values. */
async function withValues(random: Random, m: number, n: number, sigma: readonly number[]) {
  const r = sigma.length;
  const [p, q] = [await orthonormal(random, m, r), await orthonormal(random, n, r)];
  return { p, q, x: times(p, host.diagonal(sigma), transposed(q)) };
}

const SHAPES = [[6, 4], [4, 6], [4, 4]] as const;
const SIGMA = [1, 0.3, 0.1, 0.02];
const quintic = (x: number): number => 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;

/** The error that will do: 1e-12 in float64, 1e-5 in float32. */
const closeIn = (t: Tolerance): number => Math.max(1e-12, 5 * t.relative);

await testAlgebras("Newton-Schulz moves singular values alone, by its polynomial", async (a, t) => {
  const close = closeIn(t);
  for (const [m, n] of SHAPES) {
    const { p, q, x } = await withValues(new Random(m), m, n, SIGMA);
    for (const steps of [1, 5]) {
      const y = newtonSchulz(a, a.from(x.data, m, n), steps);
      const moved = SIGMA.map((s) => Array.from({ length: steps }).reduce<number>(quintic, s));
      const wanted = times(p, host.diagonal(moved), transposed(q));
      assertLess(norm(minus(matrix(await a.read(y), m, n), wanted)), close, `${m}×${n}`);
    }
  }
});

await testAlgebras("Newton-Schulz with 1.5, −0.5 leads to the polar factor", async (a, t) => {
  const close = closeIn(t);
  for (const [m, n] of SHAPES) {
    const { p, q, x } = await withValues(new Random(m), m, n, [1.7, 1, 0.3, 0.1]);
    const y = newtonSchulz(a, a.from(x.data, m, n), 16, [1.5, -0.5, 0]);
    const polar = times(p, transposed(q));
    assertLess(norm(minus(matrix(await a.read(y), m, n), polar)), close, `${m}×${n}`);
  }
});

await testAlgebras(
  'muon by "polar" has spectral norm 1 and the nuclear norm along D',
  async (a, t) => {
    const close = closeIn(t);
    for (const [m, n] of SHAPES) {
      const { x } = await withValues(new Random(m), m, n, SIGMA);
      const o = host.scale(
        1 / Math.sqrt(Math.max(1, n / m)),
        await direction(a, x, { orthogonaliser: "polar" }),
      );
      assertLess(Math.abs((await host.svd(o)).sigma[0]! - 1), close);
      assertLess(Math.abs(inner(o, x) - SIGMA.reduce((s, v) => s + v, 0)), close);
    }
  },
);

await testAlgebras(
  "muon does not see the length of the gradient, and turns with it",
  async (a, t) => {
    const close = closeIn(t);
    const random = new Random(4);
    const [q1, q2] = [await orthonormal(random, 6, 6), await orthonormal(random, 4, 4)];
    const flow = gaussian(random, 6, 4);
    for (const orthogonaliser of ["newton-schulz", "polar"]) {
      const plain = await direction(a, flow, { orthogonaliser });
      // 1e-7 beside the norm of what is normalised leaves 1e-7 over it.
      const same = close + 4e-7;
      const longer = await direction(a, host.scale(50, flow), { orthogonaliser });
      assertLess(norm(minus(longer, plain)), same);
      const turned = await direction(a, times(q1, flow, q2), { orthogonaliser });
      assertLess(norm(minus(turned, times(q1, plain, q2))), close * 10);
    }
  },
);

await testAlgebras("muon averages gradients, looks ahead, and decays apart", async (a, t) => {
  const close = closeIn(t);
  const random = new Random(7);
  const [g1, g2, w] = [gaussian(random, 5, 3), gaussian(random, 5, 3), gaussian(random, 5, 3)];
  for (const nesterov of [true, false]) {
    const rule = muon.create({ momentum: 0.6, nesterov, orthogonaliser: "polar" });
    const put = (x: Matrix) => a.from(x.data, x.rows, x.cols);
    const step = { rate: 0.1, decay: 0.5 };
    const first = await rule.update(a, put(w), put(g1), step, undefined);
    const second = await rule.update(a, put(w), put(g2), step, first.state);
    const m = host.lincomb(0.6 * 0.4, g1, 0.4, g2);
    const d = nesterov ? host.lincomb(0.4, g2, 0.6, m) : m;
    const wanted = host.lincomb(
      1 - 0.1 * 0.5,
      w,
      0.1,
      await direction(host, d, {
        orthogonaliser: "polar",
      }),
    );
    const got = matrix(await a.read(second.value), 5, 3);
    assertLess(norm(minus(got, wanted)), close * 10);
  }
});

await testAlgebras("muon stands still where there is no gradient", async (a) => {
  for (const orthogonaliser of ["newton-schulz", "polar"]) {
    assertEquals(norm(await direction(a, host.zeros(4, 3), { orthogonaliser })), 0);
  }
});

Deno.test("newtonSchulz() leaves nothing on an engine but its result", async () => {
  const { engine } = await openEngine("cpu");
  const a = engineAlgebra(engine);
  const held = () => engine.memory().numTensors;
  await engine.scope(() => {
    const x = a.from([0.5, 0.1, 0.2, 0.3], 2, 2);
    const before = held();
    newtonSchulz(a, x, 5);
    assertEquals(held(), before + 1);
  });
});

Deno.test("newtonSchulz() does not converge, and brings small values near to 1", async () => {
  const { x } = await withValues(new Random(1), 6, 4, [1, 0.3, 0.05, 0.01]);
  const { sigma } = await host.svd(newtonSchulz(host, x, 5));
  for (const s of sigma) {
    assertGreater(s, 0.65);
    assertLess(s, 1.25);
  }
  assertGreater(Math.max(...Array.from(sigma, (s) => Math.abs(s - 1))), 0.05);
});

Deno.test("muon scales steps by √max(1, outputs / inputs), or to the length of Adam's", async () => {
  for (const [m, n] of [[2, 8], [8, 2]] as const) {
    const flow = gaussian(new Random(m), m, n);
    const length = async (scale: string) =>
      norm(await direction(host, flow, { orthogonaliser: "polar", scale })) / Math.sqrt(2);
    assertLess(Math.abs(await length("spectral") - Math.sqrt(Math.max(1, n / m))), 1e-12);
    assertLess(Math.abs(await length("rms") - 0.2 * Math.sqrt(8)), 1e-12);
  }
});

Deno.test("muon's direction is what it makes orthogonal: the flow averaged and looked ahead", async () => {
  const random = new Random(8);
  const [w, f1, f2] = [gaussian(random, 5, 3), gaussian(random, 5, 3), gaussian(random, 5, 3)];
  const rule = muon.create({ orthogonaliser: "polar" });
  const step = { rate: 1, decay: 0 };
  const { state } = await rule.update(host, w, f1, step, undefined);
  const { value } = await rule.update(host, w, f2, step, state);
  const along = await rule.direction!(host, f2, state);
  assertLess(
    norm(minus(
      minus(value, w),
      await direction(host, along, {
        orthogonaliser: "polar",
        momentum: 0,
      }),
    )),
    1e-12,
  );
});
