/**
 * Weights between the files of other libraries and networks of ours.
 *
 * @module
 */

import {
  denseStates,
  type NamedTensors,
  representationOf,
  sizeOf,
  stateOf,
  type Tensor,
  type TensorData,
  type TrainingMethod,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import type { Place, Pretrained } from "./types.ts";

/**
 * The weights of a network out of a file, in the formats that the network declares.
 *
 * @returns States; the caller disposes them.
 * @throws {Error} When a tensor is missing, has another shape, is not finite, or has no place.
 */
export async function pretrainedStates(
  method: TrainingMethod,
  { network, places, ignored, alias }: Pretrained,
  tensors: NamedTensors,
): Promise<WeightStates> {
  const specs = new Map(network.weights.map((spec) => [spec.name, spec]));
  return await method.engine.scope(async () => {
    const states: Record<string, WeightState> = {};
    for (const place of places) {
      const own = place.ours.map((name) => specs.get(name)!);
      const { shape, extents } = theirShape(place, own);
      const name = alias && !tensors.has(place.theirs) ? alias(place.theirs) : place.theirs;
      const data = turned(tensors.take(name, shape), extents, place, "read");
      const columns = own.map((spec) => spec.shape.at(-1)!);
      for (const [i, part] of parted(data, columns).entries()) {
        const spec = own[i]!;
        const value = method.engine.tensor(part, spec.shape);
        const { state } = await representationOf(spec).fromDense!(method, spec, value, {});
        states[spec.name] = stateOf(spec, state);
      }
    }
    tensors.requireEmpty(ignored);
    return states;
  });
}

/**
 * The weights of a network as a file holds them; factors are multiplied out.
 *
 * @throws {Error} When a weight has no place in the file.
 */
export async function pretrainedTensors(
  method: TrainingMethod,
  { network, places }: Pretrained,
  states: WeightStates,
): Promise<Record<string, TensorData>> {
  const specs = new Map(network.weights.map((spec) => [spec.name, spec]));
  const known = new Set(places.flatMap((place) => place.ours));
  const stray = network.weights.find(({ name }) => !known.has(name));
  if (stray) {
    throw new Error(
      `Cannot write the model: expected weights that its kind has, got "${stray.name}"; ` +
        `files of other libraries have no place for it`,
    );
  }
  return await method.engine.scope(async () => {
    const whole = await denseStates(method, network, states);
    const out: Record<string, TensorData> = {};
    for (const place of places) {
      const own = place.ours.map((name) => specs.get(name)!);
      const parts: Float32Array[] = [];
      for (const { name } of own) {
        parts.push(await method.engine.read(whole[name]!.value as Tensor) as Float32Array);
      }
      const { shape, extents } = theirShape(place, own);
      const data = joined(parts, own.map((spec) => spec.shape.at(-1)!));
      out[place.theirs] = { shape, data: turned(data, extents, place, "write") };
    }
    return out;
  });
}

/** Extents of a tensor there, and of the same here. */
function theirShape({ layout = "same", leading = 0 }: Place, own: readonly WeightSpec[]) {
  const last = own.reduce((sum, { shape }) => sum + shape.at(-1)!, 0);
  const extents = [...own[0]!.shape.slice(0, -1), last];
  const shape = layout === "turned"
    ? extents.toReversed()
    : layout === "kernel"
    ? [extents[3]!, extents[2]!, extents[0]!, extents[1]!]
    : extents;
  return { extents, shape: [...new Array<number>(leading).fill(1), ...shape] };
}

/** Numbers in the other order. */
function turned(
  data: Float32Array,
  extents: readonly number[],
  { layout = "same" }: Place,
  direction: "read" | "write",
): Float32Array {
  if (layout === "same") return data;
  // A kernel is a matrix of pixels × inputs × outputs here, outputs × inputs × pixels there.
  const [pixels, inputs, outputs] = layout === "kernel"
    ? [extents[0]! * extents[1]!, extents[2]!, extents[3]!]
    : [1, extents[0]!, extents[1]!];
  const out = new Float32Array(data.length);
  for (let p = 0, here = 0; p < pixels; p++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++, here++) {
        const there = (o * inputs + i) * pixels + p;
        if (direction === "read") out[here] = data[there]!;
        else out[there] = data[here]!;
      }
    }
  }
  return out;
}

/** Columns of a matrix in parts of those widths. */
function parted(data: Float32Array, columns: readonly number[]): Float32Array[] {
  if (columns.length === 1) return [data];
  const width = columns.reduce((sum, n) => sum + n, 0);
  const rows = data.length / width;
  let from = 0;
  return columns.map((n) => {
    const part = new Float32Array(rows * n);
    for (let row = 0; row < rows; row++) {
      part.set(data.subarray(row * width + from, row * width + from + n), row * n);
    }
    from += n;
    return part;
  });
}

/** The way back. */
function joined(parts: readonly Float32Array[], columns: readonly number[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const width = columns.reduce((sum, n) => sum + n, 0);
  const rows = parts[0]!.length / columns[0]!;
  const out = new Float32Array(sizeOf([rows, width]));
  let from = 0;
  for (const [i, part] of parts.entries()) {
    const n = columns[i]!;
    for (let row = 0; row < rows; row++) {
      out.set(part.subarray(row * n, (row + 1) * n), row * width + from);
    }
    from += n;
  }
  return out;
}
