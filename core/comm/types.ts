/**
 * What members of a job say to each other, whoever carries it.
 *
 * @module
 */

import type { Traffic } from "./traffic.ts";

/** Arrays that members exchange. */
export type CommData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** How the entries of several members become one. */
export type Reduction = "sum" | "max" | "min";

/**
 * One member among several that run the same program. All of them call the same operations in the
 * same order, with arrays of the same length and type; where one does not, or does not come within
 * the limit, all end with a {@linkcode CommError}.
 */
export interface Communicator {
  /** Number of this member, from 0. */
  readonly rank: number;
  /** Members in all. */
  readonly size: number;
  /** Members on this machine, this one included: who share its cores. */
  readonly neighbours: number;
  /** For people: what carries the messages. */
  readonly description: string;
  /** What has been sent and received so far. */
  readonly traffic: Traffic;
  /**
   * Puts the sum over all members, entry by entry, into the array of each: the same bits everywhere,
   * and in every run with as many members.
   *
   * @param how Default the sum.
   */
  allReduce<T extends CommData>(data: T, how?: Reduction): Promise<T>;
  /** Puts what the root holds into the array of every member. */
  broadcast<T extends CommData>(data: T, root?: number): Promise<T>;
  /** Brings the arrays of all members to the root, by rank; undefined elsewhere. */
  gather<T extends CommData>(part: T, root?: number): Promise<T[] | undefined>;
  /**
   * Fills the array of each member with its part of what the root holds.
   *
   * @param all The parts one after the other, by rank, at the root; ignored elsewhere.
   */
  scatter<T extends CommData>(all: T | undefined, part: T, root?: number): Promise<T>;
  /**
   * Sends to one member.
   *
   * @param tag Messages of different tags may overtake each other; default 0.
   */
  send(data: CommData, to: number, tag?: number): Promise<void>;
  /** Fills the array with what one member sends, which must be as long. */
  receive<T extends CommData>(into: T, from: number, tag?: number): Promise<T>;
  /** Goes on when all are there. */
  barrier(): Promise<void>;
  /**
   * The members of one colour as a communicator of their own, by their rank here.
   *
   * @param color An integer ≥ 0; undefined: this member joins none.
   */
  split(color: number | undefined): Promise<Communicator | undefined>;
  /**
   * Ends the job for all members, because this one cannot go on.
   *
   * @param reason One line.
   */
  abort(reason: string): void;
}

/** Members cannot go on together. */
export class CommError extends Error {
  /** Name of the class. */
  override readonly name = "CommError";
}
