/**
 * Several members within one process: for tests, and for simulating a job without starting one.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import { type Contribution, Meeting, reduced, type Within } from "./meeting.ts";
import { type Carrier, Member } from "./member.ts";
import { type CommData, CommError, type Communicator } from "./types.ts";

/** Settings of {@linkcode runMembers}. */
export interface MembersOptions {
  /** Seconds that a member waits for the others; default 300. */
  readonly limit?: number;
}

/**
 * Runs a program once for each member, all of them within this process. Sums are formed by rank:
 * results are the same in every run. Where a member throws, ends while others wait for it, or does
 * not come within the limit, all end with one message.
 *
 * @param size Members.
 * @param program What each of them does.
 * @returns What each of them returned, by rank.
 * @throws {Error} What the first member to fail threw.
 *
 * @example A sum over three
 * ```ts
 * import { runMembers } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const sums = await runMembers(3, async (comm) => {
 *   const [sum] = await comm.allReduce(new Float64Array([comm.rank]));
 *   return sum;
 * });
 * assertEquals(sums, [3, 3, 3]);
 * ```
 */
export async function runMembers<T>(
  size: number,
  program: (comm: Communicator) => Promise<T>,
  { limit = DEFAULT_LIMIT }: MembersOptions = {},
): Promise<T[]> {
  checkInteger("run members", "size", size);
  checkNumber("run members", "limit", limit, { above: 0 });
  const job = new Job(limit);
  const meeting = new Meeting([...Array(size).keys()], job);
  const members = Array.from({ length: size }, async (_, rank) => {
    try {
      return await program(new Member(new Seat(meeting, rank, job)));
    } catch (error) {
      throw job.fail(error as Error);
    } finally {
      job.left(rank);
    }
  });
  const ends = await Promise.allSettled(members);
  if (job.failure) throw job.failure;
  return ends.map((end) => (end as PromiseFulfilledResult<T>).value);
}

/** Seconds that members wait for each other where nobody says how long. */
export const DEFAULT_LIMIT = 300;

/** A member that waits. */
interface Wait {
  /** Ends the waiting by an error. */
  readonly ends: (error: Error) => void;
  /** Looks whether it waits for somebody who has left. */
  readonly look: () => void;
}

/** What all members share: how long they wait, and whether one has failed. */
class Job implements Within {
  failure: Error | undefined;
  readonly #limit: number;
  readonly #gone: Set<number> = new Set();
  readonly #waits: Set<Wait> = new Set();

  constructor(limit: number) {
    this.#limit = limit;
  }

  check(): void {
    if (this.failure) throw this.failure;
  }

  async wait<T>(
    promise: Promise<T>,
    kind: string,
    absent: () => readonly number[],
  ): Promise<T> {
    this.check();
    const failed = Promise.withResolvers<never>();
    const cannot = (ranks: readonly number[], why: string): void => {
      const who = `member${ranks.length === 1 ? "" : "s"} ${ranks.join(", ")}`;
      this.fail(new CommError(`Cannot ${kind}: ${who} ${why}`));
    };
    const late = (): void => cannot(absent(), `did not come within ${this.#limit} s`);
    const wait: Wait = {
      ends: failed.reject,
      look: () => {
        const gone = absent().filter((rank) => this.#gone.has(rank));
        if (gone.length > 0) cannot(gone, "ended before");
      },
    };
    this.#waits.add(wait);
    wait.look();
    const timer = setTimeout(late, 1000 * this.#limit);
    try {
      return await Promise.race([promise, failed.promise]);
    } finally {
      clearTimeout(timer);
      this.#waits.delete(wait);
    }
  }

  fail(error: Error): Error {
    this.failure ??= error;
    for (const wait of [...this.#waits]) wait.ends(this.failure);
    return this.failure;
  }

  /** A member has ended; those who wait for it would do so in vain. */
  left(rank: number): void {
    this.#gone.add(rank);
    if (this.failure) return;
    for (const wait of [...this.#waits]) wait.look();
  }
}

/** A member's place in a meeting. */
class Seat implements Carrier {
  readonly rank: number;
  readonly size: number;
  /** They take turns. */
  readonly neighbours = 1;
  readonly description: string;
  readonly #meeting: Meeting;
  readonly #job: Job;

  constructor(meeting: Meeting, rank: number, job: Job) {
    this.#meeting = meeting;
    this.#job = job;
    this.rank = rank;
    this.size = meeting.size;
    this.description = `${this.size} members of one process`;
  }

  async allReduce(data: CommData, how: "sum" | "max" | "min"): Promise<void> {
    data.set(await this.#meet(`all-reduce ${how}`, data, (all) => reduced(all, how)));
  }

  async broadcast(data: CommData, root: number): Promise<void> {
    const held = await this.#meet(`broadcast from ${root}`, data, (all) => all[root]!.slice());
    if (this.rank !== root) data.set(held);
  }

  async gather(part: CommData, all: CommData | undefined, root: number): Promise<void> {
    const parts = await this.#meet(`gather at ${root}`, part, (each) => each.map((x) => x.slice()));
    if (all) parts.forEach((x, i) => all.set(x, i * part.length));
  }

  async scatter(all: CommData | undefined, part: CommData, root: number): Promise<void> {
    const kind = `scatter from ${root}`;
    const own: Contribution & { readonly all?: CommData } = {
      kind,
      data: part,
      ...(all && { all }),
    };
    const whole = await this.#meeting.meet(
      this.rank,
      own,
      (parts) => (parts[root] as typeof own).all!.slice() as CommData,
    );
    const begin = this.rank * part.length;
    part.set(whole.subarray(begin, begin + part.length));
  }

  send(data: CommData, to: number, tag: number): Promise<void> {
    this.#meeting.send(data, this.rank, to, tag);
    return Promise.resolve();
  }

  async receive(into: CommData, from: number, tag: number): Promise<void> {
    await this.#meeting.receive(into, from, this.rank, tag);
  }

  async barrier(): Promise<void> {
    await this.#meeting.meet(this.rank, { kind: "wait at a barrier" }, () => undefined);
  }

  async split(color: number | undefined): Promise<Carrier | undefined> {
    const own = { kind: "split", color };
    const parts = await this.#meeting.meet(this.rank, own, (all) => {
      const colors = all.map((part) => (part as typeof own).color);
      return new Map(
        [...new Set(colors)].filter((c) => c !== undefined).map((c) => {
          const ranks = [...colors.keys()].filter((i) => colors[i] === c);
          return [c, { ranks, meeting: this.#meeting.part(ranks) }] as const;
        }),
      );
    });
    if (color === undefined) return undefined;
    const { ranks, meeting } = parts.get(color)!;
    return new Seat(meeting, ranks.indexOf(this.rank), this.#job);
  }

  abort(reason: string): void {
    this.#job.fail(new CommError(reason));
  }

  #meet<T>(kind: string, data: CommData, act: (all: readonly CommData[]) => T): Promise<T> {
    return this.#meeting.meet(this.rank, { kind, data }, (all) => act(all.map((p) => p.data!)));
  }
}
