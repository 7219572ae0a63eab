/**
 * Sums over members that the generators of many weights ask for side by side.
 *
 * @module
 */

import type { Engine, Tensor } from "../../backend/mod.ts";
import type { Communicator } from "../../comm/mod.ts";

/** A part that waits for those of the other members. */
interface Asked {
  readonly part: Tensor;
  readonly answer: PromiseWithResolvers<Float32Array>;
}

/**
 * Gathers what weights ask for into rounds, and exchanges each round in one message. Weights advance
 * as fast as their factorisations let them, on other threads and in another order in each process;
 * a round is over when every weight under way has asked, so that it is the same everywhere.
 */
export class Rounds {
  readonly #engine: Engine;
  readonly #comm: Communicator;
  readonly #share: number;
  /** What each weight under way has asked for and waits for, by its name. */
  readonly #asked: Map<string, Asked[]> = new Map();
  #exchanging = false;

  /**
   * Rounds of one member.
   *
   * @param share Part of the batch that it holds.
   */
  constructor(engine: Engine, comm: Communicator, share: number) {
    this.#engine = engine;
    this.#comm = comm;
    this.#share = share;
  }

  /** Says which weights may ask from here on. */
  enter(names: readonly string[]): void {
    for (const name of names) this.#asked.set(name, []);
  }

  /** Says that a weight asks no more. */
  leave(name: string): void {
    this.#asked.delete(name);
    void this.#exchange();
  }

  /**
   * The mean of a tensor over all members, weighted by their parts of the batch.
   *
   * @param name The weight that asks.
   * @returns A tensor of the innermost scope.
   */
  async mean(name: string, part: Tensor): Promise<Tensor> {
    const answer = Promise.withResolvers<Float32Array>();
    const queue = this.#asked.get(name);
    if (queue) {
      queue.push({ part, answer });
      void this.#exchange();
    } else await this.#together([{ part, answer }]);
    return this.#engine.tensor(await answer.promise, part.shape);
  }

  /** Exchanges rounds as long as every weight under way waits for one. */
  async #exchange(): Promise<void> {
    if (this.#exchanging) return;
    this.#exchanging = true;
    while (this.#asked.size > 0 && [...this.#asked.values()].every((queue) => queue.length > 0)) {
      // By name: maps remember who came first.
      const names = [...this.#asked.keys()].sort();
      await this.#together(names.map((name) => this.#asked.get(name)!.shift()!));
    }
    this.#exchanging = false;
  }

  /** All parts in one array, which MPI takes as it is. */
  async #message(round: readonly Asked[]): Promise<Float32Array> {
    const [first] = round;
    if (round.length === 1) return await this.#engine.read(first!.part) as Float32Array;
    const all = new Float32Array(round.reduce((sum, { part }) => sum + part.size, 0));
    let at = 0;
    for (const { part } of round) {
      all.set(await this.#engine.read(part), at);
      at += part.size;
    }
    return all;
  }

  async #together(round: readonly Asked[]): Promise<void> {
    try {
      const all = await this.#message(round);
      if (this.#share !== 1) { for (let i = 0; i < all.length; i++) all[i]! *= this.#share; }
      await this.#comm.allReduce(all);
      let at = 0;
      // Parts of one array: who asked makes a tensor of his, which copies it.
      for (const { part, answer } of round) answer.resolve(all.subarray(at, at += part.size));
    } catch (error) {
      for (const { answer } of round) answer.reject(error);
    }
  }
}
