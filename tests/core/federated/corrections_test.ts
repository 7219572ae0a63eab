/** Every correction leaves the optimum of all where it is, or says what it does. */

import { assert, assertEquals, assertLess } from "@std/assert";
import {
  corrections,
  federatedRound,
  type Matrix,
  matrix,
  sharedMatrices,
  simulatedClients,
} from "../../../core/mod.ts";
import { a, federationOf, gaussian, matrixHolder, pull, pullFlow } from "./problem.ts";

/** Whether the optimum of all is where rounds of several local steps stay. */
const ROWS: Record<string, { keepsOptimum: boolean; exchanges: number }> = {
  none: { keepsOptimum: false, exchanges: 1 },
  simplified: { keepsOptimum: true, exchanges: 2 },
  full: { keepsOptimum: true, exchanges: 2 },
  proximal: { keepsOptimum: false, exchanges: 1 },
};

const N = 5;
const pulls = [0, 1, 2].map((c) => pull(c, N, N));

/** Where the mean flow of all clients vanishes. */
async function optimum(): Promise<Matrix> {
  const sum = (of: (p: (typeof pulls)[number]) => Matrix): Matrix =>
    pulls.map(of).reduce((x, y) => a.lincomb(1, x, 1, y));
  const left = sum(({ left }) => left);
  const right = sum(({ left, target }) => a.multiply(left, target));
  const { p, sigma, q } = await a.svd(left);
  const inverted = a.weighted(a.multiply(p, right, { transposeLeft: true }), {
    rows: sigma.map((s) => 1 / s),
  });
  return a.multiply(q, inverted);
}

Deno.test("the table has a row for every correction", () => {
  assertEquals(Object.keys(ROWS), corrections.names());
});

for (const correction of corrections.list()) {
  const { name } = correction;
  const { keepsOptimum, exchanges } = ROWS[name]!;

  Deno.test(`${name} ${keepsOptimum ? "keeps" : "leaves"} the optimum of unlike clients`, async () => {
    const best = await optimum();
    const f = federationOf(correction);
    const clients = simulatedClients(f, pulls.map((p) => matrixHolder(p)));
    const options = { round: 0, rate: 0.01, steps: 10, participants: [0, 1, 2] };
    const { weights, traffic } = await federatedRound(
      f,
      clients,
      { w: sharedMatrices([best]) },
      options,
    );
    const moved = await a.norm(a.lincomb(1, weights.w!.parts[0]!, -1, best));
    assertEquals(traffic.exchanges, exchanges);
    if (keepsOptimum) assertLess(moved, 1e-10);
    else assert(moved > 1e-3, `${moved}`);
  });

  Deno.test(`${name} follows the own flow where all is as at the start`, () => {
    const flow = pullFlow(pulls[0]!, gaussian("at", N, N));
    const x = gaussian("x", N, N);
    assertEquals(correction.flow(a, { flow, x, start: x }).data, flow.data);
    const zero = matrix(new Float64Array(N * N), N, N);
    assertEquals(correction.flow(a, { flow, x, start: x, shift: zero }).data, flow.data);
  });
}
