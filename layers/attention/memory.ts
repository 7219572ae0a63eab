/**
 * What attention remembers of earlier tokens while a text grows.
 *
 * @module
 */

import type { Engine, Tensor } from "../../core/mod.ts";

/** Bytes of a number. */
const FLOAT = 4;

/**
 * Keys and values of the tokens so far, by the name of the layer; the holder disposes it.
 *
 * @example Nothing yet
 * ```ts
 * import { openEngine } from "@rankflow/rankflow/core";
 * import { AttentionMemory } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * using memory = new AttentionMemory(engine);
 * assertEquals([memory.length, memory.bytesPerToken], [0, 0]);
 * ```
 */
export class AttentionMemory {
  readonly #engine: Engine;
  readonly #kept: Map<string, Tensor> = new Map();
  #length = 0;

  /** Begins with nothing. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Tokens that passes have left: the position of the next one. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that each token of one sequence takes. */
  get bytesPerToken(): number {
    const numbers = [...this.#kept.values()].reduce(
      (sum, { shape }) => sum + shape[1]! * shape[3]!,
      0,
    );
    return FLOAT * numbers;
  }

  /**
   * All tokens so far with fresh ones behind them, which are kept.
   *
   * @param fresh B×heads×T×entries.
   */
  append(name: string, fresh: Tensor): Tensor {
    const before = this.#kept.get(name);
    const engine = this.#engine;
    const all = engine.keep(before ? engine.concat([before, fresh], 2) : engine.clone(fresh));
    before?.dispose();
    this.#kept.set(name, all);
    return all;
  }

  /** Says that a pass over so many tokens is through. */
  advance(tokens: number): void {
    this.#length += tokens;
  }

  /** Frees what is kept. */
  [Symbol.dispose](): void {
    for (const t of this.#kept.values()) t.dispose();
    this.#kept.clear();
  }
}
