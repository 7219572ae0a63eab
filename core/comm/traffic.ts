/** Operations that are counted. */
export type CommKind =
  | "all-reduce"
  | "barrier"
  | "broadcast"
  | "gather"
  | "receive"
  | "scatter"
  | "send"
  | "split";

/** What one kind of operation amounts to. */
export interface TrafficCount {
  /** Calls. */
  readonly calls: number;
  /** Bytes of the arrays that this member handed in. */
  readonly bytes: number;
}

/**
 * Counts of one member by kind. Bytes are those of the arrays that it hands in, once for each call:
 * what has to be told, not what an algorithm makes of it. A ring, for one, sends every member
 * 2 (n − 1) / n of each array that is reduced.
 *
 * @example Two calls
 * ```ts
 * import { Traffic } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const traffic = new Traffic();
 * traffic.count("broadcast", new Float32Array(3));
 * traffic.count("broadcast", new Float32Array(1));
 * assertEquals(traffic.of("broadcast"), { calls: 2, bytes: 16 });
 * assertEquals(traffic.total, { calls: 2, bytes: 16 });
 * ```
 */
export class Traffic {
  readonly #counts: Map<CommKind, TrafficCount> = new Map();

  /** Adds a call. */
  count(kind: CommKind, data?: { readonly byteLength: number }): void {
    const { calls, bytes } = this.of(kind);
    this.#counts.set(kind, { calls: calls + 1, bytes: bytes + (data?.byteLength ?? 0) });
  }

  /** What one kind amounts to. */
  of(kind: CommKind): TrafficCount {
    return this.#counts.get(kind) ?? { calls: 0, bytes: 0 };
  }

  /** All kinds that occurred. */
  get byKind(): Readonly<Partial<Record<CommKind, TrafficCount>>> {
    return Object.fromEntries(this.#counts);
  }

  /** All together. */
  get total(): TrafficCount {
    let [calls, bytes] = [0, 0];
    for (const count of this.#counts.values()) {
      calls += count.calls;
      bytes += count.bytes;
    }
    return { calls, bytes };
  }
}
