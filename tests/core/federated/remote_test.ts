/** Clients in other processes find what a simulation finds, bit for bit. */

import { assertEquals } from "@std/assert";
import {
  corrections,
  federatedRound,
  type Matrix,
  remoteClients,
  type RoundOutcome,
  runMembers,
  serveClients,
  sharedMatrices,
  type SharedMatrix,
  sharedMatrix,
  type SharedWeights,
  simulatedClients,
} from "../../../core/mod.ts";
import { homeOf } from "../../../core/federated/remote.ts";
import { a, federationOf, gaussian, lowRankPoint, matrixHolder, pull } from "./problem.ts";

const [N, R, CLIENTS] = [8, 2, 4];
const holders = Array.from({ length: CLIENTS }, (_, c) => matrixHolder(pull(c, N, N), 10 + c));
const point = await lowRankPoint(N, N, R);
const FORMS: Record<string, SharedWeights<Matrix>> = {
  "low-rank": { w: sharedMatrix(a, point) },
  dense: { w: sharedMatrices([gaussian("dense", N, N)]) },
};

/** Three rounds, in the last of which a client is late. */
async function rounds(
  f: ReturnType<typeof federationOf>,
  clients: Parameters<typeof federatedRound<Matrix>>[1],
  weights: SharedWeights<Matrix>,
): Promise<RoundOutcome<Matrix>[]> {
  const out: RoundOutcome<Matrix>[] = [];
  let now = weights;
  for (let round = 0; round < 3; round++) {
    const participants = round === 1 ? [0, 2] : [0, 1, 2, 3];
    const settings = { round, rate: 0.01, steps: 3, participants };
    const outcome = await federatedRound(f, clients, now, settings);
    now = outcome.weights;
    out.push(outcome);
  }
  return out;
}

const late = (client: number, { round, stage }: { round: number; stage: string }): boolean =>
  !(round === 2 && client === 1 && stage === "train");

/** What can be compared of an outcome. */
const told = ({ weights, loss, drift, traffic, trained }: RoundOutcome<Matrix>) => ({
  parts: (weights.w as SharedMatrix<Matrix>).parts.map((m) => m.data),
  ...{ loss, drift, traffic, trained },
});

for (const name of ["none", "simplified", "full"]) {
  for (const [form, weights] of Object.entries(FORMS)) {
    Deno.test(`${CLIENTS} clients of 3 processes, "${name}", ${form}: as simulated, and counted as sent`, async () => {
      const f = federationOf(corrections.get(name));
      const simulated = await rounds(f, simulatedClients(f, holders, late), weights);
      const [found] = await runMembers(3, async (comm) => {
        if (comm.rank > 0) {
          const own = [...holders.entries()].filter(([c]) => homeOf(c, comm.size) === comm.rank);
          await serveClients(f, comm, weights, new Map(own));
          return undefined;
        }
        const sizes = holders.map((h) => h.count);
        const clients = remoteClients(f, comm, ["w"], sizes, late);
        const outcomes = await rounds(f, clients, weights);
        await clients.end();
        return { outcomes, sent: comm.traffic.of("send"), heard: comm.traffic.of("receive") };
      });
      const { outcomes, sent, heard } = found!;
      assertEquals(outcomes.map(told), simulated.map(told));
      // Each message is three arrays: a header, extents, entries.
      const sum = (of: "down" | "up" | "exchanges") =>
        outcomes.reduce((n, { traffic }) => n + traffic[of], 0);
      const headers = (bytes: number, calls: number, numbers: number) =>
        bytes - 8 * numbers * calls / 3;
      const extents = headers(sent.bytes, sent.calls, 7) - sum("down");
      assertEquals(extents % 4, 0);
      assertEquals(extents > 0 && extents < 60 * sent.calls, true);
      assertEquals(sent.calls, heard.calls + 3 * 2, "both processes are told the end");
    });
  }
}
