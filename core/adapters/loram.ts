/**
 * Adapters that are trained on a smaller network than they are used on (Zhang et al., "Train Small,
 * Infer Large: Memory-Efficient LoRA Training for Large Language Models", LoRAM, arXiv 2502.13533):
 * units are pruned, LoRA is trained on what is left, and its factors go back to the places of their
 * units in the whole network, with zeros for those that were not there.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import {
  type Layer,
  stateOf,
  type TrainingMethod,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../training/mod.ts";
import { type AdapterRecord, recordOf } from "./record.ts";

/** Units of a layer, such as neurons or channels, of which some are kept. */
export interface Units {
  /** Weights and biases whose outputs are the units. */
  readonly written: readonly string[];
  /** Weights whose inputs are the units. */
  readonly read: readonly string[];
  /** Numbers of those that are kept, ascending. */
  readonly kept: readonly number[];
}

/** A part of an axis of a tensor. */
interface Cut {
  readonly axis: number;
  readonly kept: readonly number[];
}

/** Where the units of groups lie in a weight. */
function cutsOf(
  { name, shape }: Pick<WeightSpec, "name" | "shape">,
  groups: readonly Units[],
): Cut[] {
  return groups.flatMap(({ written, read, kept }) => [
    ...(written.includes(name) ? [{ axis: shape.length - 1, kept }] : []),
    ...(read.includes(name) ? [{ axis: shape.length - 2, kept }] : []),
  ]);
}

/**
 * The units with the largest norms of all their weights together: as many as a share of them.
 *
 * @param states States of format "dense" or "frozen".
 * @returns Their numbers, ascending; one at least.
 */
export async function strongestUnits(
  { engine }: TrainingMethod,
  states: WeightStates,
  { written, read }: Omit<Units, "kept">,
  share: number,
): Promise<number[]> {
  const squares: number[] = [];
  const add = async (name: string, fromEnd: number): Promise<void> => {
    const { value } = states[name] as unknown as { value: Tensor };
    const inner = fromEnd === 1 ? 1 : value.shape.at(-1)!;
    const count = value.shape.at(-fromEnd)!;
    (await engine.read(value)).forEach((x, i) => {
      const unit = Math.floor(i / inner) % count;
      squares[unit] = (squares[unit] ?? 0) + x * x;
    });
  };
  for (const name of written) await add(name, 1);
  for (const name of read) await add(name, 2);
  const order = squares.map((_, i) => i).sort((i, j) => squares[j]! - squares[i]! || i - j);
  return order.slice(0, Math.max(1, Math.round(share * order.length))).sort((i, j) => i - j);
}

/**
 * The same network without the units that are not kept.
 *
 * @throws {RangeError} When a group names a weight that is not there, or a unit that is none.
 *
 * @example Two of three hidden neurons
 * ```ts
 * import { perceptron } from "@rankflow/rankflow";
 * import { prunedNetwork } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const hidden = { written: ["dense1.weight", "dense1.bias"], read: ["classifier.weight"] };
 * const network = prunedNetwork(perceptron({ sizes: [4, 3, 2] }), [{ ...hidden, kept: [0, 2] }]);
 * assertEquals(network.weights.map((w) => w.shape), [[4, 2], [2], [2, 2], [2]]);
 * ```
 */
export function prunedNetwork(network: Layer, groups: readonly Units[]): Layer {
  const names = new Set(network.weights.map((spec) => spec.name));
  const missing = groups.flatMap((g) => [...g.written, ...g.read]).find((n) => !names.has(n));
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot prune the network: expected weights of it, got "${missing}"; known are ` +
        [...names].join(", "),
    );
  }
  const weights = network.weights.map((spec) => {
    const shape = [...spec.shape];
    for (const { axis, kept } of cutsOf(spec, groups)) {
      requireUnits(spec, shape[axis]!, kept);
      shape[axis] = kept.length;
    }
    return { ...spec, shape };
  });
  return { ...network, weights };
}

function requireUnits({ name }: WeightSpec, count: number, kept: readonly number[]): void {
  const isFine = kept.length > 0 &&
    kept.every((u, i) =>
      Number.isInteger(u) && u >= 0 && u < count && (i === 0 || u > kept[i - 1]!)
    );
  if (isFine) return;
  throw new RangeError(
    `Cannot prune "${name}": expected ascending numbers of its ${count} units, got [${kept}]`,
  );
}

/**
 * Full weights without the units that are not kept.
 *
 * @param network The whole network.
 * @param states Its states of format "dense" or "frozen"; they stay the caller's.
 */
export async function prunedStates(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  groups: readonly Units[],
): Promise<WeightStates> {
  const out: Record<string, WeightState> = {};
  for (const spec of network.weights) {
    let { value } = states[spec.name] as unknown as { value: Tensor };
    value = engine.clone(value);
    for (const cut of cutsOf(spec, groups)) value = await taken(engine, value, cut);
    out[spec.name] = stateOf({ format: states[spec.name]!.format }, { value });
  }
  return out;
}

/**
 * The whole network with what was trained on the pruned one: factors u and v at the places of their
 * units and zeros elsewhere, on W₀ itself; weights that trained in full with their new entries.
 *
 * @param network The whole network in the formats of the pruned one.
 * @param states The whole network's weights, of format "dense" or "frozen".
 * @param trained States of the pruned network.
 * @throws {RangeError} When an adapter's factors are not u and v with a scale.
 */
export async function recoveredStates(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  trained: WeightStates,
  groups: readonly Units[],
): Promise<WeightStates> {
  const out: Record<string, WeightState> = {};
  for (const spec of network.weights) {
    const whole = (states[spec.name] as unknown as { value: Tensor }).value;
    const own = trained[spec.name]!;
    const cuts = cutsOf(spec, groups);
    const record = "trained" in own
      ? await recovered(engine, spec, whole, own as unknown as AdapterRecord, cuts)
      : { value: await placed(engine, whole, own.value as Tensor, cuts) };
    out[spec.name] = stateOf(spec, record);
  }
  return out;
}

async function recovered(
  engine: Engine,
  { name, shape, format }: WeightSpec,
  whole: Tensor,
  { trained, frozen = {}, numbers }: AdapterRecord,
  cuts: readonly Cut[],
): Promise<AdapterRecord> {
  const { u, v, ...others } = trained;
  if (!u || !v || Object.keys(others).length > 0 || Object.keys(frozen).join() !== "scale") {
    throw new RangeError(
      `Cannot recover "${name}": expected an adapter with factors u and v and a scale, got "${format}"`,
    );
  }
  const [rank, inputs] = [v.shape[1]!, shape.length - 2];
  const held = cuts.find(({ axis }) => axis === inputs)?.kept.length ?? shape[inputs]!;
  // Rows of u are windows × inputs.
  let left = engine.reshape(u, [u.size / (held * rank), held, rank]);
  let right = engine.clone(v);
  for (const { axis, kept } of cuts) {
    if (axis === inputs) left = await spread(engine, left, { axis: 1, kept }, shape[inputs]!);
    else right = await spread(engine, right, { axis: 0, kept }, shape[axis]!);
  }
  const base = { value: engine.clone(whole) };
  const factors = { u: engine.reshape(left, [left.size / rank, rank]), v: right };
  const scale = engine.clone(frozen.scale!);
  const at = {
    base: base.value,
    trained: factors,
    frozen: { scale },
    numbers: { ...numbers, rank },
  };
  return recordOf(engine, shape, at, { base });
}

/** Entries of a tensor along an axis, in order. */
async function taken(engine: Engine, t: Tensor, { axis, kept }: Cut): Promise<Tensor> {
  const extent = t.shape[axis]!;
  const inner = t.shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const data = await engine.read(t);
  const shape = t.shape.map((d, i) => i === axis ? kept.length : d);
  const out = new Float32Array(t.size / extent * kept.length);
  const block = kept.length * inner;
  for (let i = 0; i < out.length; i++) {
    const from = Math.floor(i / block) * extent + kept[Math.floor(i / inner) % kept.length]!;
    out[i] = data[from * inner + i % inner]!;
  }
  return engine.tensor(out, shape);
}

/** The opposite: entries at their places along an axis, zeros elsewhere. */
async function spread(
  engine: Engine,
  t: Tensor,
  { axis, kept }: Cut,
  extent: number,
): Promise<Tensor> {
  const inner = t.shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const data = await engine.read(t);
  const out = new Float32Array(t.size / kept.length * extent);
  const block = kept.length * inner;
  for (let i = 0; i < data.length; i++) {
    const to = Math.floor(i / block) * extent + kept[Math.floor(i / inner) % kept.length]!;
    out[to * inner + i % inner] = data[i]!;
  }
  return engine.tensor(out, t.shape.map((d, i) => i === axis ? extent : d));
}

/** A whole tensor with the entries of a pruned one in the places of those. */
async function placed(
  engine: Engine,
  whole: Tensor,
  own: Tensor,
  cuts: readonly Cut[],
): Promise<Tensor> {
  let [value, mask] = [engine.clone(own), engine.fill(own.shape, 1)];
  for (const cut of cuts) {
    const extent = whole.shape[cut.axis]!;
    value = await spread(engine, value, cut, extent);
    mask = await spread(engine, mask, cut, extent);
  }
  const rest = engine.mul(whole, engine.sub(engine.fill(whole.shape, 1), mask));
  return engine.add(rest, value);
}
