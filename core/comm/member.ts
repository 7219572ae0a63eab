/**
 * A communicator over whatever carries its messages: checks what it is asked for, and counts it.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import { type CommKind, Traffic } from "./traffic.ts";
import type { CommData, Communicator, Reduction } from "./types.ts";

/** What carries messages. Arguments are checked; ranks are those of the communicator. */
export interface Carrier {
  /** Number of this member, from 0. */
  readonly rank: number;
  /** Members in all. */
  readonly size: number;
  /** Members on this machine. */
  readonly neighbours: number;
  /** For people. */
  readonly description: string;
  /** Reduces in place. */
  allReduce(data: CommData, how: Reduction): Promise<void>;
  /** Fills the arrays of all but the root. */
  broadcast(data: CommData, root: number): Promise<void>;
  /** Fills `all` at the root, by rank. */
  gather(part: CommData, all: CommData | undefined, root: number): Promise<void>;
  /** Fills the part of each member from `all` at the root. */
  scatter(all: CommData | undefined, part: CommData, root: number): Promise<void>;
  /** Sends; the array may be changed when the promise is fulfilled. */
  send(data: CommData, to: number, tag: number): Promise<void>;
  /** Receives. */
  receive(into: CommData, from: number, tag: number): Promise<void>;
  /** Waits for all. */
  barrier(): Promise<void>;
  /** The members of one colour. */
  split(color: number | undefined): Promise<Carrier | undefined>;
  /** Ends all. */
  abort(reason: string): void;
}

/** Most that MPI promises tags to reach. */
const LARGEST_TAG = 32767;

/** A member of a job. */
export class Member implements Communicator {
  /** What has been sent and received so far. */
  readonly traffic: Traffic = new Traffic();
  readonly #carrier: Carrier;

  /** Speaks through a carrier. */
  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  /** Number of this member. */
  get rank(): number {
    return this.#carrier.rank;
  }

  /** Members in all. */
  get size(): number {
    return this.#carrier.size;
  }

  /** Members on this machine. */
  get neighbours(): number {
    return this.#carrier.neighbours;
  }

  /** What carries the messages. */
  get description(): string {
    return this.#carrier.description;
  }

  /** Reduces in place. */
  async allReduce<T extends CommData>(data: T, how: Reduction = "sum"): Promise<T> {
    this.traffic.count("all-reduce", data);
    if (this.#carrier.size > 1) await this.#carrier.allReduce(data, how);
    return data;
  }

  /** Fills the arrays of all but the root. */
  async broadcast<T extends CommData>(data: T, root = 0): Promise<T> {
    this.#checkRank("broadcast", "root", root);
    this.traffic.count("broadcast", data);
    if (this.size > 1) await this.#carrier.broadcast(data, root);
    return data;
  }

  /** Brings the parts of all to the root. */
  async gather<T extends CommData>(part: T, root = 0): Promise<T[] | undefined> {
    this.#checkRank("gather", "root", root);
    this.traffic.count("gather", part);
    if (this.rank !== root) {
      await this.#carrier.gather(part, undefined, root);
      return undefined;
    }
    const all = madeLike(part, part.length * this.size);
    if (this.size > 1) await this.#carrier.gather(part, all, root);
    else all.set(part);
    return Array.from(
      { length: this.size },
      (_, i) => all.subarray(i * part.length, (i + 1) * part.length) as T,
    );
  }

  /** Fills the part of each member. */
  async scatter<T extends CommData>(all: T | undefined, part: T, root = 0): Promise<T> {
    this.#checkRank("scatter", "root", root);
    if (this.rank === root && all?.length !== part.length * this.size) {
      throw new RangeError(
        `Cannot scatter: expected ${this.size} parts of ${part.length} entries at the root, ` +
          `got ${all?.length ?? "no"} entries`,
      );
    }
    this.traffic.count("scatter", part);
    if (this.size > 1) await this.#carrier.scatter(all, part, root);
    else part.set(all!);
    return part;
  }

  /** Sends to one member. */
  async send(data: CommData, to: number, tag = 0): Promise<void> {
    this.#checkPeer("send", to, tag);
    this.traffic.count("send", data);
    await this.#carrier.send(data, to, tag);
  }

  /** Receives from one member. */
  async receive<T extends CommData>(into: T, from: number, tag = 0): Promise<T> {
    this.#checkPeer("receive", from, tag);
    this.traffic.count("receive", into);
    await this.#carrier.receive(into, from, tag);
    return into;
  }

  /** Waits for all. */
  async barrier(): Promise<void> {
    this.traffic.count("barrier");
    if (this.size > 1) await this.#carrier.barrier();
  }

  /** The members of one colour. */
  async split(color: number | undefined): Promise<Communicator | undefined> {
    if (color !== undefined) checkInteger("split a communicator", "color", color, { least: 0 });
    this.traffic.count("split");
    const part = await this.#carrier.split(color);
    return part && new Member(part);
  }

  /** Ends all. */
  abort(reason: string): void {
    this.#carrier.abort(reason);
  }

  #checkRank(kind: CommKind, name: string, rank: number): void {
    checkInteger(kind, name, rank, { least: 0, most: this.size - 1 });
  }

  #checkPeer(kind: CommKind, peer: number, tag: number): void {
    this.#checkRank(kind, kind === "send" ? "to" : "from", peer);
    checkInteger(kind, "tag", tag, { least: 0, most: LARGEST_TAG });
    if (peer !== this.rank) return;
    throw new RangeError(`Cannot ${kind}: expected another member than ${peer}, which is this one`);
  }
}

/** Zeros of the type of another array. */
export function madeLike<T extends CommData>(like: T, length: number): T {
  return new (like.constructor as { new (length: number): T })(length);
}
