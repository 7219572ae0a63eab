/**
 * Who takes part in a round.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import { Random } from "../random.ts";
import type { ClientRequest } from "./types.ts";

/** What decides who takes part. */
export interface Participation {
  /** Clients that there are. */
  readonly clients: number;
  /** Share of them that takes part in a round, at least one client. */
  readonly share: number;
  /** Share of those that are too late with what they have trained. */
  readonly late: number;
  /** Seed of both. */
  readonly seed: number;
}

/**
 * Numbers of the clients that take part in a round, ascending: a function of seed and round.
 *
 * @throws {RangeError} When a share is no share, or there are no clients.
 */
export function participantsOf({ clients, share, seed }: Participation, round: number): number[] {
  checkInteger("draw participants", "clients", clients);
  checkNumber("draw participants", "share", share, { above: 0, most: 1 });
  const count = Math.max(1, Math.round(share * clients));
  const order = new Random(seed).fork("participants").fork(round).permutation(clients);
  return [...order.subarray(0, count)].sort((x, y) => x - y);
}

/** Whether a client answers, for simulations: who is late trains in vain. */
export function inTime<M>(
  { late, seed }: Participation,
): (client: number, request: ClientRequest<M>) => boolean {
  checkNumber("draw stragglers", "late", late, { least: 0, most: 1 });
  const random = new Random(seed).fork("stragglers");
  return (client, { stage, round }) =>
    stage !== "train" || random.fork(round).fork(client).uniform() >= late;
}
