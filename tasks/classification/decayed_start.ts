/**
 * Ill-conditioned starts: factorised weights whose singular values decay by powers of two.
 *
 * @module
 */

import {
  disposeStates,
  initialStates,
  type Layer,
  Random,
  representationOf,
  stateOf,
  type Tensor,
  type TrainingMethod,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import { methods } from "../methods.ts";

/**
 * Random states in which the singular values of each factorised weight (of each mode of a kernel)
 * fall by a factor of 2^decay from one to the next, about, while its norm is what it would be. What
 * a weight is depends on seed and rank, not on the format that it gets.
 *
 * @param rank Rank of each weight, as far as it has one.
 * @returns A start for {@linkcode train}.
 */
export function decayedStart(
  method: TrainingMethod,
  network: Layer,
  { seed, rank, decay }: { readonly seed: number; readonly rank: number; readonly decay: number },
): () => Promise<WeightStates> {
  const random = new Random(seed).fork("decayed-start");
  return async () => {
    const before = await initialStates(method, network, seed);
    const after: Record<string, WeightState> = { ...before };
    for (const spec of network.weights) {
      const { rank: rankOf, fromDense } = representationOf(spec);
      if (rankOf(before[spec.name]!) === undefined || !fromDense) continue;
      after[spec.name] = await method.engine.scope(async () => {
        const stream = random.fork(spec.name);
        const value = await decayedWeight(method, { ...spec, rank }, stream, decay);
        return stateOf(spec, (await fromDense(method, spec, value, { rank })).state);
      });
    }
    disposeStates(before, after);
    return after;
  };
}

/** A whole weight with decaying singular values and random singular vectors. */
async function decayedWeight(
  method: TrainingMethod,
  spec: WeightSpec,
  random: Random,
  decay: number,
): Promise<Tensor> {
  const { engine } = method;
  const onManifold = methods.get(spec.shape.length === 2 ? "low-rank" : "tucker").format;
  const format = representationOf({ format: onManifold });
  const state = await format.create(method, spec, random);
  const core = state[format.anchor!] as Tensor;
  const shares = engine.tensor(powers(core.shape, decay), core.shape);
  const scaled = engine.mul(core, shares);
  const [before, after] = await Promise.all([core, scaled].map((t) => engine.read(engine.norm(t))));
  const factor = before![0]! / after![0]!;
  return format.toDense!(method, spec, {
    ...state,
    [format.anchor!]: engine.scale(factor, scaled),
  });
}

/** 2^(−decay·max(i, j)) for the last two indices i, j. */
function powers(shape: readonly number[], decay: number): Float32Array {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const size = shape.reduce((n, d) => n * d, 1);
  return Float32Array.from({ length: size }, (_, k) => {
    const [i, j] = [Math.floor(k / columns) % rows, k % columns];
    return 2 ** (-decay * Math.max(i, j));
  });
}
