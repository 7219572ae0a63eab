/**
 * Where members within one process meet: each operation ends when all have come, and the sums are
 * formed by rank, so that their bits do not depend on who comes first.
 *
 * @module
 */

import { type CommData, CommError, type Reduction } from "./types.ts";

/** What a member brings to a meeting. */
export interface Contribution {
  /** What it asks for, root included: all must ask for the same. */
  readonly kind: string;
  /** Its array; absent where there is nothing to say. */
  readonly data?: CommData;
}

/** A meeting under way. */
interface Round<T> {
  readonly parts: (Contribution | undefined)[];
  readonly done: PromiseWithResolvers<T>;
  missing: number;
}

/** A message on its way. */
interface Letter {
  readonly data: CommData;
}

/** The members of one communicator, and what waits for them. */
export class Meeting {
  /** Members. */
  readonly size: number;
  readonly #rounds: Map<number, Round<unknown>> = new Map();
  readonly #turns: number[];
  readonly #letters: Map<string, Letter[]> = new Map();
  readonly #readers: Map<string, PromiseWithResolvers<Letter>[]> = new Map();
  readonly #ranks: readonly number[];
  readonly #within: Within;

  /**
   * A meeting of some members of a job.
   *
   * @param ranks Their ranks in the job.
   * @param within How long a member waits, and what ends the job.
   */
  constructor(ranks: readonly number[], within: Within) {
    this.size = ranks.length;
    this.#ranks = ranks;
    this.#turns = ranks.map(() => 0);
    this.#within = within;
  }

  /**
   * Brings a part; the last to come calls `act` with all of them, by rank.
   *
   * @returns What `act` returned.
   */
  async meet<T>(
    rank: number,
    own: Contribution,
    act: (parts: readonly Contribution[]) => T,
  ): Promise<T> {
    this.#within.check();
    const turn = this.#turns[rank]!++;
    const round = this.#rounds.get(turn) as Round<T> | undefined ?? this.#opened<T>(turn);
    round.parts[rank] = own;
    round.missing--;
    if (round.missing > 0) {
      return await this.#within.wait(round.done.promise, own.kind, () => this.#absent(round.parts));
    }
    this.#rounds.delete(turn);
    try {
      round.done.resolve(act(this.#agreed(round.parts as Contribution[])));
    } catch (error) {
      this.#within.fail(error as Error);
    }
    return await this.#within.wait(round.done.promise, own.kind, () => []);
  }

  /**
   * A meeting of some of these members.
   *
   * @param ranks Their ranks here.
   */
  part(ranks: readonly number[]): Meeting {
    return new Meeting(ranks.map((rank) => this.#ranks[rank]!), this.#within);
  }

  /** Leaves a copy of an array for one member. */
  send(data: CommData, from: number, to: number, tag: number): void {
    this.#within.check();
    const key = `${from}>${to}#${tag}`;
    const letter = { data: data.slice() as CommData };
    const reader = this.#readers.get(key)?.shift();
    if (reader) reader.resolve(letter);
    else this.#letters.set(key, [...this.#letters.get(key) ?? [], letter]);
  }

  /** Waits for the next array that one member leaves for another. */
  async receive(into: CommData, from: number, to: number, tag: number): Promise<void> {
    this.#within.check();
    const key = `${from}>${to}#${tag}`;
    const { data } = this.#letters.get(key)?.shift() ?? await this.#read(key, from);
    if (data.length !== into.length || data.constructor !== into.constructor) {
      throw this.#within.fail(
        new CommError(
          `Cannot receive: expected ${described(into)} from member ${from}, ` +
            `got ${described(data)}`,
        ),
      );
    }
    into.set(data);
  }

  async #read(key: string, from: number): Promise<Letter> {
    const reader = Promise.withResolvers<Letter>();
    this.#readers.set(key, [...this.#readers.get(key) ?? [], reader]);
    return await this.#within.wait(reader.promise, "receive", () => [this.#ranks[from]!]);
  }

  #opened<T>(turn: number): Round<T> {
    const round = {
      parts: Array(this.size).fill(undefined),
      done: Promise.withResolvers<T>(),
      missing: this.size,
    };
    this.#rounds.set(turn, round as Round<unknown>);
    return round;
  }

  /** Ranks in the job of those who have not come. */
  #absent(parts: readonly (Contribution | undefined)[]): number[] {
    return this.#ranks.filter((_, i) => parts[i] === undefined);
  }

  /** Refuses parts that do not belong together. */
  #agreed(parts: readonly Contribution[]): readonly Contribution[] {
    const [first] = parts;
    for (const [i, part] of parts.entries()) {
      if (part.kind === first!.kind && fits(part.data, first!.data)) continue;
      throw new CommError(
        `Cannot ${first!.kind}: expected all members to do the same, member ${
          this.#ranks[0]
        } has ` +
          `${described(first!.data)}, member ${this.#ranks[i]} asks for "${part.kind}" with ` +
          described(part.data),
      );
    }
    return parts;
  }
}

/** How long members wait for others, and what ends a job. */
export interface Within {
  /** Throws where the job has ended. */
  check(): void;
  /**
   * Waits, but no longer than the limit, nor than the job lasts.
   *
   * @param absent Ranks in the job of those who are waited for.
   */
  wait<T>(promise: Promise<T>, kind: string, absent: () => readonly number[]): Promise<T>;
  /** Ends the job. */
  fail(error: Error): Error;
}

function fits(a: CommData | undefined, b: CommData | undefined): boolean {
  return a?.length === b?.length && a?.constructor === b?.constructor;
}

function described(data: CommData | undefined): string {
  return data === undefined ? "nothing" : `${data.length} entries of ${data.constructor.name}`;
}

/** Reduces arrays of one length into the first of them, by rank. */
export function reduced(parts: readonly CommData[], how: Reduction): CommData {
  const total = parts[0]!.slice() as CommData;
  const fold = FOLDS[how];
  for (const part of parts.slice(1)) {
    for (let i = 0; i < total.length; i++) total[i] = fold(total[i]!, part[i]!);
  }
  return total;
}

const FOLDS: Readonly<Record<Reduction, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
};
