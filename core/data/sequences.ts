/**
 * Data sets of token sequences: texts, and puzzles that are made from a seed.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { Tunable } from "../tunable.ts";
import type { Examples } from "./examples.ts";
import type { Tokenizer } from "./text/tokenizer.ts";

/** Sequences of token ids in memory. */
export interface SequenceData {
  /** What it is, for reports: a registry name, or that of a file. */
  readonly name: string;
  /** Ids are below it. */
  readonly vocabulary: number;
  /** Tokens of an example, T. */
  readonly length: number;
  /**
   * What to train on: `x` has the tokens of an example, T of them, and `y` the token that follows
   * each, or {@linkcode UNASKED} where none is asked for.
   */
  readonly train: Examples;
  /** What to measure on, in the same columns. */
  readonly test: Examples;
  /** Whether an example has an answer that is right or wrong as a whole. */
  readonly answers: boolean;
  /** Of texts: how they became ids. */
  readonly tokenizer?: Tokenizer;
  /** Of texts: bytes of the validation part per token of it. */
  readonly bytesPerToken?: number;
  /** SHA-256 of everything that decides the examples, hexadecimal. */
  readonly sha256: string;
}

/** Label of a place where no token is asked for: losses and measures leave it out. */
export const UNASKED: number = -100;

/** Options of {@linkcode SequenceSource.load}. */
export interface LoadSequencesOptions {
  /** Seed of sources that make their data. */
  readonly seed: number;
  /** Examples to train on, the first ones of those that there are; default: those of the source. */
  readonly trainCount?: number;
  /** Examples to measure on; default: those of the source. */
  readonly testCount?: number;
  /** File or folder of a text. */
  readonly path?: string;
  /** "bytes", the default, or the file or folder of a `tokenizer.json`, of a text. */
  readonly tokenizer?: string;
  /** Tokens in an example of a text; default 128. */
  readonly context?: number;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal;
}

/** A way to come by sequences, found by name in the `sequenceDatasets` registry. */
export interface SequenceSource extends Tunable<SequenceSource> {
  /**
   * Makes or reads the data.
   *
   * @throws {RangeError} When there is not enough for an example of that length.
   * @throws {Error} When files are missing or damaged.
   */
  load(options: LoadSequencesOptions): Promise<SequenceData>;
}

/**
 * Sources of sequences by name.
 *
 * @example Numbers to put into order
 * ```ts
 * import { sequenceDatasets } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const sorting = await sequenceDatasets.get("sorting").load({ seed: 1, trainCount: 64, testCount: 10 });
 * assertEquals([sorting.vocabulary, sorting.length, sorting.train.count], [11, 20, 64]);
 * ```
 */
export const sequenceDatasets: Registry<SequenceSource> = new Registry("sequence data set");
