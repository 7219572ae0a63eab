/**
 * All clients in this process, one after another.
 *
 * @module
 */

import { respond } from "./client.ts";
import type { ClientMemory, ClientRequest, Clients, Federation, Holder } from "./types.ts";

/**
 * Clients that answer in turn. What the server sends is shared, not copied: beside one model there
 * is what clients keep of their own.
 *
 * @param holders The data of each.
 * @param answers Whether a client answers a request; default: all do.
 */
export function simulatedClients<M>(
  f: Federation<M>,
  holders: readonly Holder<M>[],
  answers: (client: number, request: ClientRequest<M>) => boolean = () => true,
): Clients<M> {
  const memories = new Map<number, ClientMemory<M>>();
  return {
    count: holders.length,
    sizes: holders.map((h) => h.count),
    async ask(who, request, initial, fold) {
      let sum = initial;
      for (const client of who) {
        const memory = request.weights ? {} : memories.get(client) ?? {};
        const before = { sum, own: memories.get(client)?.own };
        memories.delete(client);
        if (!answers(client, request)) {
          f.free(before.own, sum);
          continue;
        }
        const next = await f.scope(async () => {
          const response = await respond(f, holders[client]!, request, memory);
          return { sum: fold(sum, client, response.answer), memory: response.memory };
        });
        sum = next.sum;
        memories.set(client, next.memory);
        f.free(before, [initial, next]);
      }
      return sum;
    },
  };
}
