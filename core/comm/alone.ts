import { type Carrier, Member } from "./member.ts";
import type { Communicator } from "./types.ts";

/**
 * A job of one: every operation ends at once, and is counted as those of larger jobs are.
 *
 * @param description For people; default "one process".
 *
 * @example A sum over one
 * ```ts
 * import { alone } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const comm = alone();
 * assertEquals([...await comm.allReduce(new Float32Array([1, 2]))], [1, 2]);
 * assertEquals(comm.traffic.of("all-reduce"), { calls: 1, bytes: 8 });
 * ```
 */
export function alone(description = "one process"): Communicator {
  return new Member(carrierOfOne(description));
}

/** Nobody to talk to: members of a job of one never ask. */
function carrierOfOne(description: string): Carrier {
  const nobody = (): Promise<void> => Promise.resolve();
  return {
    rank: 0,
    size: 1,
    neighbours: 1,
    description,
    allReduce: nobody,
    broadcast: nobody,
    gather: nobody,
    scatter: nobody,
    send: nobody,
    receive: nobody,
    barrier: nobody,
    split: (color) => Promise.resolve(color === undefined ? undefined : carrierOfOne(description)),
    abort: nobody,
  };
}
