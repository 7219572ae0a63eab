/**
 * Networks whose attention is brought into Tucker format.
 *
 * @module
 */

import {
  compressStates,
  denseStates,
  type Layer,
  type Matrix,
  representationOf,
  stateOf,
  type Tensor,
  type TrainingMethod,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import { hostMatrix, tuckerOfHeads } from "./conversion.ts";

/** A network with its weights. */
export interface NetworkStates {
  /** The network. */
  readonly network: Layer;
  /** Its weights. */
  readonly states: WeightStates;
}

/** What a conversion left out of attention, by the name of the layer. */
export interface Converted {
  /** The weights of the new network; the caller disposes them. */
  readonly states: WeightStates;
  /** ‖left out‖ / ‖tensor‖ of scores and of outputs. */
  readonly discarded: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * The weights of a network as those of another one of the same parts, but with Tucker attention in
 * place of attention by heads; for networks without rotary positions, which lie between queries and
 * keys.
 *
 * @param to The other network; its ranks are those that its weights start with.
 * @param heads Heads of both.
 * @throws {RangeError} When a weight of the other one is found in neither form.
 */
export async function withTuckerAttention(
  method: TrainingMethod,
  from: NetworkStates,
  to: Layer,
  heads: number,
): Promise<Converted> {
  const { engine } = method;
  return await engine.scope(async () => {
    const whole = await denseStates(method, from.network, from.states);
    const values = new Map<string, Matrix>();
    const discarded: Record<string, readonly [number, number]> = {};
    const read = async (name: string): Promise<Matrix | undefined> => {
      const value = whole[name]?.value as Tensor | undefined;
      return value && hostMatrix(await engine.read(value), value.shape.at(-1)!);
    };
    for (const query of to.weights.filter(isTensorOfQueries)) {
      const layer = query.name.slice(0, -".query.weight".length);
      const by = await headsOf(layer, heads, read);
      requirePlace(to, layer, Object.keys(by).some((key) => key.endsWith("Bias")));
      const own = await tuckerOfHeads(by, {
        query: query.ranks!.mode0!,
        heads: query.ranks!.mode1!,
        key: query.ranks!.mode2!,
      });
      discarded[layer] = own.discarded;
      for (const part of ["query", "key", "value", "output"] as const) {
        values.set(`${layer}.${part}.weight`, own[part]);
      }
      values.set(`${layer}.query.bias`, own.queryBias);
      values.set(`${layer}.output.bias`, own.outputBias);
    }
    const kept = to.weights.filter(({ name }) => !values.has(name));
    const { states } = await compressStates(method, { ...to, weights: kept }, whole);
    const out: Record<string, WeightState> = { ...states };
    for (const spec of to.weights.filter(({ name }) => values.has(name))) {
      const value = engine.tensor(Float32Array.from(values.get(spec.name)!.data), spec.shape);
      const { state } = await representationOf(spec).fromDense!(method, spec, value, {});
      out[spec.name] = stateOf(spec, state);
    }
    return { states: out, discarded };
  });
}

/** Refuses layers that lack a weight for what would be left out silently. */
function requirePlace({ weights }: Layer, layer: string, biases: boolean): void {
  const wanted = ["value.weight", ...(biases ? ["query.bias", "output.bias"] : [])];
  for (const part of wanted.map((part) => `${layer}.${part}`)) {
    if (weights.some(({ name }) => name === part)) continue;
    throw new RangeError(
      `Cannot bring "${layer}" into Tucker format: expected a weight "${part}" in the new network, ` +
        `got none`,
    );
  }
}

function isTensorOfQueries({ name, shape }: WeightSpec): boolean {
  return name.endsWith(".query.weight") && shape.length === 3;
}

async function headsOf(
  layer: string,
  heads: number,
  read: (name: string) => Promise<Matrix | undefined>,
) {
  const weight = async (part: string): Promise<Matrix> => {
    const found = await read(`${layer}.${part}.weight`);
    if (found) return found;
    throw new RangeError(
      `Cannot bring "${layer}" into Tucker format: expected attention by heads, with a weight ` +
        `"${layer}.${part}.weight", got none`,
    );
  };
  const [query, key] = [await weight("query"), await weight("key")];
  const biases = {
    queryBias: await read(`${layer}.query.bias`),
    valueBias: await read(`${layer}.value.bias`),
    outputBias: await read(`${layer}.output.bias`),
  };
  const present = Object.entries(biases).filter(([, bias]) => bias !== undefined);
  return {
    ...{ heads, groups: (key.cols / query.cols) * heads, query, key },
    ...{ value: await weight("value"), output: await weight("output") },
    ...Object.fromEntries(present),
  };
}
