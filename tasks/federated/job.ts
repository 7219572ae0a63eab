/**
 * What the methods of a federated run share.
 *
 * @module
 */

import type { Participation } from "../../core/mod.ts";
import type { Job } from "../classification/job.ts";
import type { TextSink } from "../terminal/mod.ts";

/** What a job among clients shares. */
export interface FederatedJob extends Job {
  /** Who takes part. */
  readonly participation: Participation;
  /** Examples of each client. */
  readonly subsets: readonly Uint32Array[];
  /** Rounds in all. */
  readonly rounds: number;
  /** Local steps. */
  readonly steps: number;
  /** Batches of the gradient that is shared. */
  readonly looks: number;
  /** Rounds between two measurements. */
  readonly measureEvery: number;
  /** Its settings, as they are told. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where people read. */
  readonly sink: TextSink;
}
