/** What lies between two steps of an integrator, in float64: the core alone, and what it is worth. */

import { assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  denseField,
  denseTensorField,
  factorsLowRank,
  type LowRank,
  type Matrix,
  type MomentSlots,
  NonFiniteError,
  optimizerStepper,
  Random,
  type StepResult,
  transportSlots,
  truncate,
} from "../../../core/mod.ts";
import { heldBases, sightOf } from "../../../core/integrators/matrix/held_bases.ts";
import { shareWithin } from "../../../core/integrators/sight.ts";
import { heldTuckerBases, tuckerSightOf } from "../../../core/integrators/tucker/held_bases.ts";
import { ranksGrown, ranksKept } from "../../../core/integrators/truncation.ts";
import { heavyBall, sgd } from "../../../optimizers/mod.ts";
import {
  type HostTucker,
  latentProjection,
  tuckerTangentProjection,
} from "../../properties/tucker_rows.ts";
import {
  dense,
  gaussian,
  host,
  minus,
  norm,
  plus,
  projector,
  randomLowRank,
  relativeError,
  tangentProjection,
  times,
} from "../../support/matrices.ts";
import { full, gaussianTensor, randomTucker } from "../../support/tensors.ts";

const SEEDS = [1, 2, 3];
const RATE = 0.1;

/** One answer to a step that asks once. */
async function answeredOnce<R, F>(step: AsyncGenerator<unknown, R, F>, f: F): Promise<R> {
  await step.next();
  const end = await step.next(f);
  if (!end.done) throw new Error("a step of the core asks once");
  return end.value;
}

function heldStep(
  y: LowRank<Matrix>,
  f: Matrix,
  moments: MomentSlots<Matrix> = {},
  rule = sgd.create(),
): Promise<StepResult<Matrix>> {
  const o = { stepper: optimizerStepper(rule), truncation: ranksKept, moments };
  return answeredOnce(heldBases.step(host, y, RATE, o), denseField(host, f));
}

Deno.test("a step with held bases is dt U Uᵀ F V Vᵀ, in the very same bases", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 9, 7, [2, 1, 1e-9]);
    const f = gaussian(random, 9, 7);
    const { y: after, discarded } = await heldStep(y, f);
    const expected = host.scale(RATE, times(projector(y.u), f, projector(y.v)));
    assertLess(relativeError(minus(dense(after), dense(y)), expected), 1e-12);
    assertEquals([after.u === y.u, after.v === y.v, discarded], [true, true, 0]);
  }
});

Deno.test("the share within the bases is that of the projected field, 1 where there is none", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y = await randomLowRank(random, 9, 7, [2, 1, 1e-9]);
    const f = gaussian(random, 9, 7);
    const inside = norm(times(projector(y.u), f, projector(y.v))) ** 2;
    const all = norm(tangentProjection(y, f)) ** 2;
    const look = (z: Matrix) => sightOf(host, y, denseField(host, z));
    assertAlmostEquals(await shareWithin(host, await look(f)), inside / all, 1e-12);
    assertAlmostEquals(await shareWithin(host, await look(dense(y))), 1, 1e-12);
    assertEquals(await shareWithin(host, await look(host.zeros(9, 7))), 1);
  }
});

Deno.test("by two looks the share is that of the mean field, though each is mostly noise", async () => {
  const random = new Random(7);
  const y = await randomLowRank(random, 60, 50, [2, 1, 0.5]);
  const f = gaussian(random, 60, 50);
  const core = host.multiply(times(y.u, gaussian(random, 3, 3)), y.v, { transposeRight: true });
  for (const weight of [0, 10]) {
    const mean = plus(f, host.scale(weight, core));
    const expected = await shareWithin(host, await sightOf(host, y, denseField(host, mean)));
    const look = () => {
      const noisy = plus(mean, host.scale(3, gaussian(random, 60, 50)));
      return sightOf(host, y, denseField(host, noisy));
    };
    const shares: number[] = [];
    for (let i = 0; i < 30; i++) shares.push(await shareWithin(host, await look(), await look()));
    const middle = shares.toSorted((x, z) => x - z)[15]!;
    assertLess(Math.abs(middle - expected), 0.1, `${middle} for ${expected}`);
  }
});

Deno.test("momentum in held bases stays one tangent vector, which the next integrator carries", async () => {
  const random = new Random(4);
  const y = await randomLowRank(random, 9, 7, [3, 2, 1]);
  const rule = heavyBall.create({ momentum: 0.9 });
  const o = { stepper: optimizerStepper(rule) };
  // A first tangent vector, as an integrator leaves it.
  const z = gaussian(random, 9, 7);
  const s = host.multiply(y.u, times(z, y.v), { transposeLeft: true });
  const first = {
    k: { velocity: times(z, y.v) },
    l: { velocity: host.multiply(z, y.u, { transposeLeft: true }) },
    s: { velocity: s },
  };
  const [entry] = [rule.tangent!];
  const named = Object.fromEntries(
    Object.entries(first).map(([slot, { velocity }]) => [slot, { [entry]: velocity }]),
  ) as MomentSlots<Matrix>;
  const vector = (at: LowRank<Matrix>, m: MomentSlots<Matrix>): Matrix => {
    const [k, l, core] = [m.k, m.l, m.s].map((state) => state![entry] as Matrix);
    return dense(factorsLowRank(host, at, { k: k!, l: l!, s: core! }));
  };
  const f = gaussian(random, 9, 7);
  const { y: after, moments } = await heldStep(y, f, named, rule);
  const change = minus(moments.s![entry] as Matrix, s);
  const moved = host.multiply(times(y.u, change), y.v, { transposeRight: true });
  const expected = minus(vector(after, moments), vector(y, named));
  assertLess(relativeError(expected, moved), 1e-12);
  const there = await randomLowRank(random, 9, 7, [1, 1]);
  const carried = await transportSlots(host, o, moments, after, there);
  const projected = tangentProjection(there, vector(after, moments));
  assertLess(relativeError(vector(there, carried), projected), 1e-12);
});

Deno.test("where the bounds keep every rank, nothing is factored and nothing changes", async () => {
  const y = await randomLowRank(new Random(6), 9, 7, [3, 2, 1e-9]);
  const svd = () => Promise.reject(new Error("an SVD"));
  const a = Object.assign(Object.create(host), { svd }) as typeof host;
  const t = await truncate(a, y, ranksGrown);
  assertEquals([t.y, t.discarded], [y, 0]);
  assertEquals(relativeError(times(y.u, t.left), y.u) < 1e-15, true);
  const bounded = { ...ranksGrown, minRank: 3, maxRank: 3 };
  assertEquals((await truncate(a, y, bounded)).y, y);
  await assertRejects(() => truncate(a, y, { ...bounded, minRank: 2 }), Error, "an SVD");
  const broken = { ...y, s: host.scale(NaN, y.s) };
  await assertRejects(() => truncate(host, broken, ranksGrown), NonFiniteError);
});

Deno.test("for Tucker tensors: the core alone moves, and the share is that of the projection", async () => {
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const y: HostTucker = await randomTucker(random, [5, 4, 6], [2, 3, 2]);
    const f = gaussianTensor(random, [5, 4, 6]);
    const o = { stepper: optimizerStepper(sgd.create()), truncation: ranksKept };
    const step = heldTuckerBases.step(host, y, RATE, o);
    const { y: after } = await answeredOnce(step, denseTensorField(host, f));
    const latent = latentProjection(f, y);
    const moved = minus(full(after).data, full(y).data);
    assertLess(relativeError(moved, host.scale(RATE, latent.data)), 1e-12);
    assertEquals(after.factors, y.factors);
    const all = await tuckerTangentProjection(y, f);
    const look = await tuckerSightOf(host, y, denseTensorField(host, f));
    const expected = norm(latent.data) ** 2 / norm(all.data) ** 2;
    assertAlmostEquals(await shareWithin(host, look), expected, 1e-12);
    // In the coordinates of a look before, when the core has moved since.
    const later = { ...y, core: { ...y.core, data: gaussian(random, 2, 6) } };
    const again = await tuckerSightOf(host, later, denseTensorField(host, f), look);
    assertAlmostEquals(await shareWithin(host, again, look), expected, 1e-12);
  }
});
