/**
 * Decompositions that are asked for at about the same time: the layers of a network truncate together.
 *
 * @module
 */

import type { HeapContext } from "./context.ts";
import { svdNumbers, type SvdOrder } from "./svd_pieces.ts";

/**
 * Turns of the queue of promises without another order after which those that wait are done: what
 * layers do before they truncate takes them some turns more or less.
 */
const PATIENCE = 64;
/** Matrices with fewer rows or columns take no longer than the others need to hear of them. */
const WORTHWHILE = 16;

/** An order, and who waits for it. */
interface Waiting {
  readonly order: SvdOrder;
  done(): void;
  failed(error: unknown): void;
}

/** Collects orders and lets the team do them, a matrix on each thread. */
export class SvdQueue {
  readonly #team: HeapContext["team"];
  #waiting: Waiting[] = [];

  /** Makes an empty one. */
  constructor(team: HeapContext["team"]) {
    this.#team = team;
  }

  /** Resolves when an order is done. What it finds does not depend on what else is asked for. */
  async decompose(order: SvdOrder): Promise<void> {
    if (this.#team.threads === 1 || Math.min(order.m, order.n) < WORTHWHILE) {
      this.#team.run("svd", [svdNumbers(order)]);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ order, done: resolve, failed: reject });
    if (this.#waiting.length === 1) void this.#gather();
    await promise;
  }

  async #gather(): Promise<void> {
    for (let turn = 0, count = 1; turn < PATIENCE; turn++) {
      await undefined;
      if (this.#waiting.length > count) [turn, count] = [0, this.#waiting.length];
    }
    const all = this.#waiting;
    this.#waiting = [];
    try {
      // Large ones first, so that the threads end at about the same time.
      const orders = all.map(({ order }) => order).sort((a, b) => costOf(b) - costOf(a));
      this.#team.run("svd", orders.map(svdNumbers));
      for (const { done } of all) done();
    } catch (error) {
      for (const { failed } of all) failed(error);
    }
  }
}

/** In proportion to the time that a decomposition takes. */
function costOf({ m, n }: SvdOrder): number {
  return Math.max(m, n) * Math.min(m, n) ** 2;
}
