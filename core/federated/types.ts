/**
 * What server and clients of a federation share: weights as they travel, flows, messages.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Truncation } from "../integrators/mod.ts";
import type { ModeTruncation } from "../integrators/tucker/mod.ts";
import type { OptimizerRule } from "../training/mod.ts";
import type { Correction } from "./corrections.ts";

/** Lists of matrices by the name of the weight that they belong to. */
export type Parts<M> = Readonly<Record<string, readonly M[]>>;

/** What the data of a client say about a weight at a point: minus the gradient, in two views. */
export interface Flow<M> {
  /** By which its bases are to grow: F V and FᵀU of a matrix; none where there are no bases. */
  directions(): Promise<readonly M[]>;
  /** In the coordinates of the point: UᵀF V of a matrix. */
  coordinates(): Promise<readonly M[]>;
}

/** A weight at a point, as server and clients see it: bases that are shared, coordinates that move. */
export interface SharedWeight<M> {
  /** Whether it has bases, which the server lets grow before clients move coordinates in them. */
  readonly hasBases: boolean;
  /** All of its matrices, as they travel. */
  readonly parts: readonly M[];
  /** What clients move: the core, or all of a weight without bases. */
  readonly coordinates: readonly M[];
  /** The weight that other matrices of its kind stand for; it has not grown. */
  withParts(parts: readonly M[]): SharedWeight<M>;
  /** The same with other coordinates. */
  withCoordinates(coordinates: readonly M[]): SharedWeight<M>;
  /**
   * New columns of each basis, orthonormal and orthogonal to it; undefined where there are none.
   *
   * @param directions Sum of what {@linkcode Flow.directions} say.
   */
  newColumns(directions: readonly M[]): Promise<readonly (M | undefined)[]>;
  /** The same weight in bases with those columns; the coordinates are embedded. */
  grown(columns: readonly (M | undefined)[]): SharedWeight<M>;
  /** Coordinates in the bases before as coordinates in these. */
  embedded(coordinates: readonly M[]): readonly M[];
  /** What of a flow's coordinates cannot be told from its directions, and so has to be sent. */
  untold(coordinates: readonly M[]): readonly M[];
  /** A flow's coordinates of its directions, in the bases before, and of what they do not tell. */
  told(directions: readonly M[], untold: readonly M[]): readonly M[];
  /** The weight after truncation, with what that discarded; undefined where there are no ranks. */
  truncated(
    truncation: Truncation | ModeTruncation | undefined,
  ): Promise<{ readonly weight: SharedWeight<M>; readonly discarded?: number }>;
}

/** Weights by name. */
export type SharedWeights<M> = Readonly<Record<string, SharedWeight<M>>>;

/** How a weight moves, wherever it is. */
export interface WeightPlan {
  /** Factor of the step size; default 1. */
  readonly rateFactor?: number;
  /** Decoupled decay; default 0. */
  readonly decay?: number;
  /** Whether it is a vector; default false. */
  readonly vector?: boolean;
  /** How ranks adapt; needed where there are bases. */
  readonly truncation?: Truncation | ModeTruncation;
  /** Share of a new observation, for running means, whose "flow" is what was observed. */
  readonly observed?: number;
}

/** What server and clients have in common. */
export interface Federation<M> {
  /** Its matrices. */
  readonly algebra: Algebra<M>;
  /** How clients move coordinates. */
  readonly rule: OptimizerRule;
  /** What is done against the drift of clients. */
  readonly correction: Correction;
  /** How each weight moves. */
  readonly plans: Readonly<Record<string, WeightPlan>>;
  /** Bytes of a number on its way. */
  readonly bytesPerNumber: number;
  /** Frees what is made meanwhile but for what is found in the result. */
  scope<T>(f: () => Promise<T>): Promise<T>;
  /** Frees what one tree holds and another does not. */
  free(before: unknown, after: unknown): void;
}

/** Which examples a client looks at. */
export interface Sample {
  /** Before local steps, to be shared, or for one of them. */
  readonly purpose: "shared" | "local";
  /** Number of the round, from 0. */
  readonly round: number;
  /** Number of the look or step within it, from 0. */
  readonly step: number;
  /** Local steps in all. */
  readonly steps: number;
}

/** A look at the data of a client. */
export interface Seen<M> {
  /** Mean loss. */
  readonly loss: number;
  /** Flows of all weights. */
  readonly flows: Readonly<Record<string, Flow<M>>>;
  /** Ends what the flows live on. */
  dispose(): void;
}

/** Who has data that nobody else sees. */
export interface Holder<M> {
  /** Examples: its share in every mean. */
  readonly count: number;
  /** Looks whose mean is the gradient that is shared; default 1. */
  readonly looks?: number;
  /** Loss and flows at a point. */
  look(weights: SharedWeights<M>, sample: Sample): Promise<Seen<M>>;
}

/** What the server asks of a client; what was sent before in the round is not sent again. */
export interface ClientRequest<M> {
  /**
   * "observe": say by which directions bases are to grow; "compare": the gradient in the grown
   * ones; "train": move.
   */
  readonly stage: "observe" | "compare" | "train";
  /** Number of the round, from 0. */
  readonly round: number;
  /** Step size. */
  readonly rate: number;
  /** Local steps. */
  readonly steps: number;
  /** Where the weights are. */
  readonly weights?: SharedWeights<M>;
  /** New columns of the bases. */
  readonly columns?: Readonly<Record<string, readonly (M | undefined)[]>>;
  /** Mean flow of all clients, in the coordinates that the correction says. */
  readonly mean?: Parts<M>;
}

/** What a client answers. */
export interface ClientAnswer<M> {
  /** Loss at the first look. */
  readonly loss: number;
  /** Σ ‖x − x₀‖² of the coordinates after training; 0 in other stages. */
  readonly moved: number;
  /** Directions of the bases. */
  readonly directions: Parts<M>;
  /** Coordinates after training, or what of those of the flow its directions do not tell. */
  readonly values: Parts<M>;
}

/** What a client keeps from one request of a round to the next. */
export interface ClientMemory<M> {
  /** The weights as the server has sent them. */
  readonly weights?: SharedWeights<M>;
  /** New columns of their bases. */
  readonly columns?: ClientRequest<M>["columns"];
  /** Its own flow, where the correction compares it with the mean. */
  readonly own?: Parts<M>;
}

/** The clients, as the server reaches them. */
export interface Clients<M> {
  /** How many there are. */
  readonly count: number;
  /** Examples of each. */
  readonly sizes: readonly number[];
  /**
   * Asks some of them, and folds their answers in their order. Who does not answer is left out.
   *
   * @param who Numbers of the clients, ascending.
   * @param fold Adds an answer to what there is.
   */
  ask<T>(
    who: readonly number[],
    request: ClientRequest<M>,
    initial: T,
    fold: (sum: T, client: number, answer: ClientAnswer<M>) => T,
  ): Promise<T>;
}
