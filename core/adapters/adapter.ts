/**
 * Adapters: what trains beside, or inside, a frozen matrix. An adapter is one value; its format of
 * weights, with forward maps, movers, checkpoints and merging, is made of it once for all.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { LocalField, LowRank } from "../geometry/mod.ts";
import type { Random } from "../random.ts";
import type { Moment, Mover } from "../training/mod.ts";
import type { Settings } from "../settings.ts";
import type { Tunable } from "../tunable.ts";

/** Matrices by the adapter's own names. */
export type Tensors<M> = Readonly<Record<string, M>>;

/**
 * A weight with an adapter attached. Matrices are inputs×outputs, and a kernel is one of
 * height·width·in rows. Names are different in all groups, and none is "base".
 */
export interface Attached<M> {
  /** W₀, or what is left of it beside the start of the increment. Never moves. */
  readonly base: M;
  /** What the optimizer moves. */
  readonly trained: Tensors<M>;
  /** What stays as it was attached: random bases, and `scale`, 1×1, the factor of the increment. */
  readonly frozen: Tensors<M>;
  /** What {@linkcode Adapter.settle} remembers, of which no pass knows: scores, masks. */
  readonly memory?: Tensors<M>;
  /**
   * Plain numbers of the state: `rank`; `trained`, how many numbers train where `trained` holds others
   * as well.
   */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** What an adapter may use to begin. */
export interface AttachContext<M> {
  /** Name of the weight. */
  readonly name: string;
  /** Its shape as its layer declares it: a kernel has four extents. */
  readonly shape: readonly number[];
  /** Source of what is drawn for this weight alone. */
  readonly random: Random;
  /** Gradient of the loss in the whole weight at W₀, where the caller has taken it. */
  readonly gradient?: M;
}

/** What a backward pass tells, as derivatives of *minus* the loss. */
export interface AdapterEvidence<M> {
  /** F at V = base + increment, which `outputs` has not scaled yet. */
  readonly field: LocalField<M>;
  /** F as a matrix, which is formed by this call only. */
  whole(): M;
  /** The factors of the pass: products of F with these very bases are known already. */
  readonly factors: LowRank<M> | undefined;
  /** Derivatives in the trained matrices that {@linkcode Adapter.anchors} names. */
  readonly gradients: Tensors<M>;
}

/** A weight after its optimizer step. */
export interface Settling<M> {
  /** Before the step, and before {@linkcode Adapter.open}. */
  readonly before: Attached<M>;
  /** What the optimizer made of it. */
  readonly after: Attached<M>;
  /** The flows that it followed. */
  readonly flows: Tensors<M>;
  /** Optimizer states by trained matrix, before the step; undefined where there were none. */
  readonly momentsBefore: Readonly<Record<string, unknown>> | undefined;
  /** The same after the step. */
  readonly moments: Readonly<Record<string, unknown>> | undefined;
  /** When in the run. */
  readonly moment: Moment;
}

/** Where a weight comes to rest. */
export interface Settled<M> {
  /** The weight. */
  readonly at: Attached<M>;
  /** Optimizer states; default: as the optimizer left them. */
  readonly moments?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * An adapter. `factors`, `increment` and `outputs` are functions of `t` alone, whatever the settings:
 * `base` and all trained and frozen matrices by name. Passes call them on the engine and may
 * differentiate them: they read no numbers back.
 */
export interface Adapter extends Tunable<Adapter> {
  /**
   * Begins: takes W₀ apart into base, trained and frozen matrices.
   *
   * @param w W₀, inputs×outputs; returned as the base where nothing is taken out of it.
   */
  attach<M>(a: Algebra<M>, w: M, context: AttachContext<M>): Promise<Attached<M>>;
  /**
   * U S Vᵀ of the increment, the scale in S. The forward map runs in them and forms nothing of the
   * size of the weight. The adapter has a frozen or trained `scale`, in which passes differentiate.
   */
  factors?<M>(a: Algebra<M>, t: Tensors<M>): LowRank<M>;
  /** The increment as a matrix, for adapters without factors. One of both is there. */
  increment?<M>(a: Algebra<M>, t: Tensors<M>): M;
  /** Factor of each output, 1×outputs, by which base + increment is multiplied; absent: 1. */
  outputs?<M>(a: Algebra<M>, t: Tensors<M>): M;
  /** Trained matrices in which the engine differentiates by itself: those that `outputs` reads. */
  readonly anchors?: readonly string[];
  /**
   * The weight as one step trains it, such as a part of its columns, with its optimizer states;
   * between steps it is whole. What this changes {@linkcode Adapter.settle} puts back.
   *
   * @param moments Optimizer states of the whole weight.
   */
  open?<M>(
    a: Algebra<M>,
    at: Attached<M>,
    moments: Readonly<Record<string, unknown>> | undefined,
  ): Promise<Settled<M>>;
  /** Minus the gradients of the loss in all trained matrices. */
  flows<M>(a: Algebra<M>, t: Tensors<M>, evidence: AdapterEvidence<M>): Tensors<M>;
  /** Factors of the step size by trained matrix; absent: 1. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Trained matrices that weight decay leaves alone, since zero is not where they start. */
  readonly undecayed?: readonly string[];
  /** Brings frozen matrices up to date that follow from the trained ones; after each step. */
  derive?<M>(a: Algebra<M>, at: Attached<M>): Attached<M>;
  /** After that: thresholds, masks, another selection. */
  settle?<M>(a: Algebra<M>, step: Settling<M>): Promise<Settled<M>>;
  /** After `settle`, over all weights of a network with this adapter: budgets. */
  allocate?<M>(
    a: Algebra<M>,
    all: ReadonlyMap<string, Attached<M>>,
    moment: Moment,
  ): Promise<ReadonlyMap<string, Attached<M>>>;
  /**
   * Whether `trained` is u, s and v with orthonormal u and v, and the increment scale · u s vᵀ:
   * integrators can move it then.
   */
  readonly manifold?: boolean;
  /** How it moves, where not by the optimizer rule: an integrator's mover, for instance. */
  readonly mover?: Mover;
  /**
   * Frozen matrices that are the same for all weights with the same settings, whatever their sizes:
   * a network holds them once.
   */
  readonly common?: readonly string[];
  /** Settings that follow from all weights that a network adapts, as matrices: sizes of shared bases. */
  fitted?(shapes: readonly (readonly [inputs: number, outputs: number])[]): Settings;
  /** Whether {@linkcode Adapter.attach} needs the gradient at W₀; default false. */
  readonly needsGradient?: boolean;
  /** Numbers that train beside an inputs×outputs matrix; as many as may where the weight decides. */
  trainables(shape: readonly [inputs: number, outputs: number]): number;
}
