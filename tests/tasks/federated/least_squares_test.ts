/** What is known of federated low-rank training, on both least-squares problems. */

import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { hostAlgebra, openHostAlgebra, Random } from "../../../core/mod.ts";
import { sgd } from "../../../optimizers/mod.ts";
import { type FederatedCurve, reached } from "../../../tasks/federated/curve.ts";
import { flowAt, legendre, lossAt } from "../../../tasks/federated/least_squares.ts";
import { federatedMethods } from "../../../tasks/federated/methods.ts";
import {
  heterogeneous,
  homogeneous,
  type LeastSquares,
  openLeastSquares,
} from "../../../tasks/federated/problems.ts";
import { solve } from "../../../tasks/federated/solve.ts";

const a = await openHostAlgebra();

/** Curves of methods on a problem, from one start. */
async function curvesOf(
  problem: LeastSquares,
  seed: number,
  names: readonly string[],
  clients = 4,
): Promise<FederatedCurve[]> {
  const random = new Random(seed).fork(problem.name);
  const data = await openLeastSquares(a, problem, clients, random);
  const curves: FederatedCurve[] = [];
  for (const name of names) {
    curves.push(
      await solve(a, federatedMethods.get(name), problem, data, {
        rule: sgd.create(),
        participation: { clients, share: 1, late: 0, seed },
        random: random.fork("start"),
        signal: new AbortController().signal,
      }),
    );
  }
  return curves;
}

Deno.test("one target for all: rank 4 is found, never underestimated, sooner and with fewer bytes than by FedLin", async () => {
  const problem = { ...homogeneous, rounds: 40 };
  const [lin] = await curvesOf({ ...problem, rounds: 20 }, 1, ["fedlin"]);
  const shared = await curvesOf(problem, 1, ["fedlrt-uncorrected", "fedlrt"]);
  for (const lrt of shared) {
    assertEquals(Math.min(...lrt.ranks), 4);
    assertEquals(lrt.ranks.slice(20).every((r) => r === 4), true);
    assertLess(lrt.values[39]!, 1e-12);
    assertGreater(lin!.values[19]!, 1e3 * lrt.values[19]!);
    const [own, theirs] = [reached(lrt, 1e-3, "less")!, reached(lin!, 1e-3, "less")!];
    assertLess(own.rounds, theirs.rounds);
    assertLess(own.bytes, theirs.bytes);
  }
});

Deno.test("a step too long for the full correction diverges, which ends the curve", async () => {
  const problem = { ...homogeneous, rate: 0.2, rounds: 20 };
  const [curve] = await curvesOf(problem, 1, ["fedlrt"]);
  assertLess(curve!.values.length, 20);
  assertGreater(curve!.values.at(-1)!, 1e3);
});

Deno.test("a target for each: clients drift, the simplified correction halves it, the full one ends it", async () => {
  const names = ["fedlrt-uncorrected", "fedlrt-simplified", "fedlrt"];
  const [none, simplified, full] = await curvesOf({ ...heterogeneous, rounds: 100 }, 7, names);
  const within = (value: number, reference: number): void =>
    assert(value < 3 * reference && value > reference / 3, `${value} for ${reference}`);
  within(none!.values[99]!, 2.1e-4);
  within(simplified!.values[99]!, 5.3e-5);
  // Both stand where they are; the corrected one goes on.
  for (const c of [none!, simplified!]) within(c.values[99]!, c.values[69]!);
  assertLess(full!.values[99]!, 3 * 3.6e-7);
  assertLess(full!.values[99]!, full!.values[69]! / 3);
  assertLess(full!.drift[99]!, 0.1 * simplified!.drift[99]!);
  assertLess(simplified!.drift[99]!, none!.drift[99]!);
});

Deno.test("factors that are averaged one by one go wrong where shared bases do not", async () => {
  const problem = { ...heterogeneous, steps: 20, rounds: 12 };
  const [shared, naive] = await curvesOf(problem, 1, ["fedlrt-uncorrected", "factor-averaging"]);
  assertGreater(naive!.values[11]!, 2 * shared!.values[11]!);
  assertEquals(naive!.ranks, []);
});

Deno.test("normalised Legendre polynomials are orthonormal, plain ones are 1 at 1", () => {
  const n = 4000;
  const x = Float64Array.from({ length: n }, (_, i) => (2 * i + 1) / n - 1);
  const p = legendre(x, 4, true);
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      let mean = 0;
      for (let k = 0; k < n; k++) mean += p.data[k * 4 + i]! * p.data[k * 4 + j]! / n;
      assertAlmostEquals(mean, i === j ? 1 : 0, 1e-5);
    }
  }
  legendre(Float64Array.of(1), 5, false).data.forEach((v) => assertAlmostEquals(v, 1, 1e-14));
});

Deno.test("the flow is minus the gradient of the loss, and vanishes at the optimum", async () => {
  const b = hostAlgebra();
  const problem = { ...heterogeneous, size: 4, points: 60 };
  const { clients: [q], best } = await openLeastSquares(b, problem, 1, new Random(1));
  const at = b.lincomb(1, best, 0.5, b.identity(4));
  const flow = flowAt(b, q!, at);
  for (const i of [0, 5, 14]) {
    const moved = (h: number) => {
      const data = at.data.slice();
      data[i]! += h;
      return lossAt(q!, { ...at, data });
    };
    assertAlmostEquals(-flow.data[i]!, (moved(1e-4) - moved(-1e-4)) / 2e-4, 1e-9);
  }
  assertLess(await b.norm(flowAt(b, q!, best)), 1e-12);
});
