/**
 * What is fine-tuned: a trained network, new data, and the old data that may be forgotten.
 *
 * @module
 */

import type { AdapterBase, DatasetIdentity, Layer, Task, WeightStates } from "../../core/mod.ts";
import type { Pretrained } from "../../layers/mod.ts";
import { UsageError } from "../usage_error.ts";

/** A network that was trained before. */
export interface Trained {
  /** The network, all weights in full. */
  readonly network: Layer;
  /** Its weights; the caller disposes them. */
  readonly states: () => Promise<WeightStates>;
  /** Weights that get adapters where no option says. */
  readonly targets: string;
  /** Weights that train in full, such as a head. */
  readonly full: readonly string[];
  /** How files of other libraries know it; absent for runs. */
  readonly file?: { readonly pretrained: Pretrained; readonly base: AdapterBase };
}

/** The same with what it learns. */
export interface Subject extends Trained {
  /** What is learnt now. */
  readonly task: Task;
  /** From what. */
  readonly dataset: DatasetIdentity;
  /** What it knew before; absent where nobody says. */
  readonly old?: Task;
}

/** A network with a head that tells classes. */
export interface Classifier {
  /** Names of the classes that it knows. */
  readonly classNames: readonly string[];
  /** The network with a head for those classes: its own where there are as many, or else a new one. */
  withHead(classNames: readonly string[]): Promise<Trained>;
}

/** Refuses a text that is longer than what a model can look at. */
export function requireContext(model: string, context: number, most: number): void {
  if (context <= most) return;
  throw new UsageError(
    `Cannot fine-tune ${model}: expected --context of at most ${most}, got ${context}`,
  );
}

/** Refuses ids that a model has no vectors for. */
export function requireVocabulary(model: string, own: number, vocabulary: number): void {
  if (vocabulary <= own) return;
  throw new UsageError(
    `Cannot fine-tune ${model}: expected a tokenizer of at most ${own} tokens, as its table has, ` +
      `got ${vocabulary}`,
  );
}
