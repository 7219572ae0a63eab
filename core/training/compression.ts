/**
 * Between networks of one format and another: dense checkpoints to factorised ones, and back.
 *
 * @module
 */

import { checkInteger, checkNumber, NonFiniteError } from "../checks.ts";
import type { Engine, Tensor } from "../backend/mod.ts";
import { denseFormat } from "./formats.ts";
import { isTensor } from "./step.ts";
import { representationOf, stateOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { Compression } from "./representation.ts";
import type { StateTree, WeightSpec, WeightState, WeightStates } from "./weight.ts";

/** A network's weights in the formats that another declares. */
export interface CompressedStates {
  /** States in the new formats, without optimizer moments; the caller disposes them. */
  readonly states: WeightStates;
  /** Frobenius norm of what was left out, by the name of each weight that leaves something out. */
  readonly discarded: Readonly<Record<string, number>>;
}

/**
 * Brings trained weights into the formats that a network declares: matrices by SVD, kernels by
 * sequentially truncated HOSVD. In each mode the relative error is below the tolerance where the
 * bounds of the ranks allow it; for a kernel with two compressed modes below √2 times that.
 *
 * @param network Declares the new formats, with weights of the same names and shapes.
 * @param states Trained weights in any formats.
 * @throws {Error} When a weight is missing, or its format cannot be converted.
 * @throws {RangeError} When the tolerance or the rank makes no sense.
 * @throws {NonFiniteError} When a weight is not finite: of a run that has diverged.
 */
export async function compressStates(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  compression: Compression = {},
): Promise<CompressedStates> {
  if (compression.tolerance !== undefined) {
    checkNumber("convert the network", "tolerance", compression.tolerance, { least: 0 });
  }
  if (compression.rank !== undefined) checkInteger("convert the network", "rank", compression.rank);
  return await method.engine.scope(async () => {
    const out: Record<string, WeightState> = {};
    const discarded: Record<string, number> = {};
    const common = new Map<string, Tensor>();
    for (const spec of network.weights) {
      const state = found(states, spec.name);
      const update = await converted(method, spec, state, compression);
      const joined = representationOf(spec).joined?.(spec, update.state, common) ?? update.state;
      out[spec.name] = stateOf(spec, joined);
      if (update.discarded !== undefined) discarded[spec.name] = update.discarded;
    }
    return { states: out, discarded };
  });
}

/**
 * All weights as full tensors, in the format in which a dense network of the same layers stores
 * them: what leaves for other programs, or serves without factors.
 *
 * @param network Declares the formats of `states`.
 * @param states Weights; they stay the caller's.
 * @returns States of format "dense", statistics as they are; the caller disposes them.
 * @throws {Error} When a weight has a format without full tensors.
 */
export async function denseStates(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
): Promise<WeightStates> {
  return (await compressStates(method, denseNetwork(network), states)).states;
}

/** The same network with every factorised weight stored in full. */
export function denseNetwork(network: Layer): Layer {
  return {
    ...network,
    weights: network.weights.map((spec) =>
      representationOf(spec).anchor !== undefined && representationOf(spec).toDense
        ? { ...spec, format: denseFormat.name }
        : spec
    ),
  };
}

async function converted(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightState,
  compression: Compression,
): Promise<{ state: WeightState; discarded?: number }> {
  const [from, to] = [representationOf(state), representationOf(spec)];
  if ((from.anchor === undefined) === (to.anchor === undefined) && from.toDense && to.fromDense) {
    const value = from.toDense(method, spec, state);
    const norm = await method.algebra.norm(value);
    if (!Number.isFinite(norm)) {
      throw new NonFiniteError(
        `Cannot convert weight "${spec.name}": expected finite entries, got a norm of ${norm}`,
      );
    }
    const found = await to.fromDense(method, spec, value, compression);
    return { ...found, state: stateOf(spec, found.state) };
  }
  if (state.format === spec.format) return { state: copied(method.engine, state) as WeightState };
  throw new Error(
    `Cannot convert weight "${spec.name}" from format "${state.format}" to "${spec.format}"`,
  );
}

function found(states: WeightStates, name: string): WeightState {
  const state = states[name];
  if (state) return state;
  throw new Error(
    `Cannot convert the network: weight "${name}" is missing, there are ${Object.keys(states)}`,
  );
}

function copied(engine: Engine, tree: StateTree): StateTree {
  if (typeof tree !== "object" || tree === null) return tree;
  if (isTensor(tree)) return engine.clone(tree as Parameters<Engine["clone"]>[0]);
  return Object.fromEntries(Object.entries(tree).map(([k, child]) => [k, copied(engine, child)]));
}
