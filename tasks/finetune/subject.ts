/**
 * What is fine-tuned: a trained network, new data, and the old data that may be forgotten.
 *
 * @module
 */

import type { AdapterBase, DatasetIdentity, Layer, Task, WeightStates } from "../../core/mod.ts";
import type { Pretrained } from "../../layers/mod.ts";

/** A network that was trained before. */
export interface Subject {
  /** The network, all weights in full. */
  readonly network: Layer;
  /** Its weights; the caller disposes them. */
  readonly states: () => Promise<WeightStates>;
  /** What is learnt now. */
  readonly task: Task;
  /** From what. */
  readonly dataset: DatasetIdentity;
  /** What it knew before; absent where nobody says. */
  readonly old?: Task;
  /** Weights that get adapters where no option says. */
  readonly targets: string;
  /** Weights that train in full, such as a head. */
  readonly full: readonly string[];
  /** How files of other libraries know it; absent for runs. */
  readonly file?: { readonly pretrained: Pretrained; readonly base: AdapterBase };
}
