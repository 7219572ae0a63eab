/**
 * What networks came to, as the folder of a study keeps it.
 *
 * @module
 */

import {
  aCount,
  aNumber,
  aRecord,
  arrayOf,
  aText,
  byName,
  type Expectation,
  listOf,
} from "../../../core/mod.ts";
import type { Relaxation } from "./relaxation.ts";
import type { Streamed } from "./streaming.ts";

/** A network that was trained. */
export interface TrainedCollision {
  /** What it is, for people. */
  readonly label: string;
  /** Every weight in full, by name, row after row. */
  readonly weights: Readonly<Record<string, Float64Array>>;
  /** Size of what it was taught. */
  readonly scale: number;
  /** Numbers that hold the matrices and biases of the branch. */
  readonly branch: number;
  /** The same in full. */
  readonly fullBranch: number;
  /** Numbers of the whole network. */
  readonly parameters: number;
  /** Steps at which it was measured. */
  readonly steps: Float64Array;
  /** Root mean square errors then, on test densities and relative to the scale. */
  readonly losses: Float64Array;
  /** Seconds that the training took. */
  readonly seconds: number;
}

/** What a file must hold of it. */
export const aTrainedCollision: Expectation<TrainedCollision> = aRecord<TrainedCollision>({
  label: aText,
  weights: byName(arrayOf(Float64Array)),
  scale: aNumber,
  branch: aCount,
  fullBranch: aCount,
  parameters: aCount,
  steps: arrayOf(Float64Array),
  losses: arrayOf(Float64Array),
  seconds: aNumber,
});

/** How good an operator is. */
export interface JudgedCollision {
  /** What it is, for people. */
  readonly label: string;
  /** Mean relative error on densities of least entropy. */
  readonly error: number;
  /** Mean |∫ Q| on them. */
  readonly defect: number;
  /** Mean relative error on naive densities. */
  readonly naiveError: number;
  /** Collisions of the first test density. */
  readonly sample: Float64Array;
  /** A gas at rest. */
  readonly relaxation: Relaxation;
  /** Particles that stream in. */
  readonly inflow: Streamed;
  /** A pulse. */
  readonly pulse: Streamed;
  /** Mean square errors of φ/|V| in both, against the exact operator. */
  readonly inflowError: number;
  readonly pulseError: number;
}

const relaxation: Expectation<Relaxation> = aRecord<Relaxation>({
  times: arrayOf(Float64Array),
  errors: arrayOf(Float64Array),
  drifts: arrayOf(Float64Array),
});

const streamed: Expectation<Streamed> = aRecord<Streamed>({
  x: arrayOf(Float64Array),
  flux: arrayOf(Float64Array),
  defect: aNumber,
});

/** What a file must hold of it. */
export const aJudgedCollision: Expectation<JudgedCollision> = aRecord<JudgedCollision>({
  label: aText,
  error: aNumber,
  defect: aNumber,
  naiveError: aNumber,
  sample: arrayOf(Float64Array),
  relaxation,
  inflow: streamed,
  pulse: streamed,
  inflowError: aNumber,
  pulseError: aNumber,
});

/** Everything that tables and pictures need. */
export interface CollisionRecord {
  /** Coordinates along the slab by node. */
  readonly v: Float64Array;
  /** The first test density. */
  readonly density: Float64Array;
  /** The exact operator. */
  readonly exact: Pick<JudgedCollision, "sample" | "inflow" | "pulse">;
  /** The networks. */
  readonly trained: readonly TrainedCollision[];
  /** What they are worth, in the same order. */
  readonly judged: readonly JudgedCollision[];
}

/** What a file must hold of it. */
export const aCollisionRecord: Expectation<CollisionRecord> = aRecord<CollisionRecord>({
  v: arrayOf(Float64Array),
  density: arrayOf(Float64Array),
  exact: aRecord<CollisionRecord["exact"]>({
    sample: arrayOf(Float64Array),
    inflow: streamed,
    pulse: streamed,
  }),
  trained: listOf(aTrainedCollision),
  judged: listOf(aJudgedCollision),
});
