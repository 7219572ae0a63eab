/**
 * Clients in processes of their own: the server is the first of a job.
 *
 * @module
 */

import type { Communicator } from "../comm/mod.ts";
import { respond } from "./client.ts";
import { mapped } from "./parts.ts";
import type {
  ClientAnswer,
  ClientMemory,
  ClientRequest,
  Clients,
  Federation,
  Holder,
  Parts,
  SharedWeights,
} from "./types.ts";
import { receiveMessage, sendMessage } from "./wire.ts";

/** Stages by their number in a message; the last one ends the service. */
const STAGES = ["observe", "compare", "train", "end"] as const;

/** Numbers and sections of a request: stage, client, round, rate, steps; weights, columns, mean. */
const REQUEST = { numbers: 5, sections: 3 };
/** Of an answer: client, loss, moved; directions, values. */
const ANSWER = { numbers: 3, sections: 2 };

/** The process that holds a client, where there are `size` with the server. */
export function homeOf(client: number, size: number): number {
  return 1 + client % (size - 1);
}

/** Clients that other processes serve, and how to let these go. */
export interface RemoteClients<M> extends Clients<M> {
  /** Ends {@linkcode serveClients} in all processes. */
  end(): Promise<void>;
}

/**
 * Clients in the processes of a job, where this one is the first. All that take part work at the
 * same time; answers are folded in the order of their numbers, so that results are those of a
 * simulation. Who does not come within the limit of the communicator ends the job.
 *
 * @param names Names of the weights, in the order in which all processes have them.
 * @param sizes Examples of each client.
 * @param answers Whether a client answers a request; default: all do.
 */
export function remoteClients<M>(
  f: Federation<M>,
  comm: Communicator,
  names: readonly string[],
  sizes: readonly number[],
  answers: (client: number, request: ClientRequest<M>) => boolean = () => true,
): RemoteClients<M> {
  const tell = (to: number, client: number, request: ClientRequest<M> | undefined) => {
    const { stage = "end", round = 0, rate = 0, steps = 0 } = request ?? {};
    const weights = request?.weights && mapped(request.weights, (w) => w.parts);
    return sendMessage(f, comm, to, names, {
      numbers: [STAGES.indexOf(stage), client, round, rate, steps],
      sections: [weights, request?.columns, request?.mean],
    });
  };
  return {
    count: sizes.length,
    sizes,
    async ask(who, request, initial, fold) {
      let sum = initial;
      for (const wave of wavesOf(who, comm.size)) {
        for (const client of wave) await tell(homeOf(client, comm.size), client, request);
        for (const client of wave) {
          const before = sum;
          sum = await f.scope(async () => {
            const answer = await heard(f, comm, client, names);
            return answers(client, request) ? fold(before, client, answer) : before;
          });
          f.free(before, [initial, sum]);
        }
      }
      return sum;
    },
    async end() {
      for (let rank = 1; rank < comm.size; rank++) await tell(rank, 0, undefined);
    },
  };
}

/**
 * Clients in their order, cut such that no process has two of a part: it could not take in the
 * second request while it tells the answer to the first.
 */
function wavesOf(who: readonly number[], size: number): number[][] {
  const waves: number[][] = [];
  for (const client of who) {
    const last = waves.at(-1);
    const home = homeOf(client, size);
    if (!last || last.some((other) => homeOf(other, size) === home)) waves.push([client]);
    else last.push(client);
  }
  return waves;
}

async function heard<M>(
  f: Federation<M>,
  comm: Communicator,
  client: number,
  names: readonly string[],
): Promise<ClientAnswer<M>> {
  const from = homeOf(client, comm.size);
  const { numbers, sections } = await receiveMessage(f, comm, from, names, ANSWER);
  const [, loss, moved] = numbers as [number, number, number];
  const [directions, values] = sections as [Parts<M>, Parts<M>];
  return { loss, moved, directions, values };
}

/**
 * Answers the server's requests until it ends.
 *
 * @param like Weights as this process has them: what the server's stand for.
 * @param holders The data of all clients that live here, by their number.
 */
export async function serveClients<M>(
  f: Federation<M>,
  comm: Communicator,
  like: SharedWeights<M>,
  holders: ReadonlyMap<number, Holder<M>>,
): Promise<void> {
  const memories = new Map<number, ClientMemory<M>>();
  for (;;) {
    const served = await f.scope(() => serveOne(f, comm, like, holders, memories));
    if (!served) break;
    const before = memories.get(served.client);
    memories.set(served.client, served.memory);
    f.free(before, served.memory);
  }
  f.free([...memories.values()], undefined);
}

/** Answers one request; undefined where it is the end. */
async function serveOne<M>(
  f: Federation<M>,
  comm: Communicator,
  like: SharedWeights<M>,
  holders: ReadonlyMap<number, Holder<M>>,
  memories: ReadonlyMap<number, ClientMemory<M>>,
): Promise<{ readonly client: number; readonly memory: ClientMemory<M> } | undefined> {
  const names = Object.keys(like);
  const { numbers, sections } = await receiveMessage(f, comm, 0, names, REQUEST);
  const [number, client, round, rate, steps] = numbers as [number, number, number, number, number];
  const stage = STAGES[number]!;
  if (stage === "end") return undefined;
  const [weights, columns, mean] = sections;
  const request: ClientRequest<M> = {
    ...{ stage, round, rate, steps },
    ...(weights ? { weights: mapped(like, (w, n) => w.withParts(weights[n] as M[])) } : {}),
    ...(columns ? { columns } : {}),
    ...(mean ? { mean: mean as Parts<M> } : {}),
  };
  const known = request.weights ? {} : memories.get(client) ?? {};
  const { answer, memory } = await respond(f, holders.get(client)!, request, known);
  await sendMessage(f, comm, 0, names, {
    numbers: [client, answer.loss, answer.moved],
    sections: [answer.directions, answer.values],
  });
  return { client, memory };
}
