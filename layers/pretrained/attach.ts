/**
 * Adapters out of files on networks of ours.
 *
 * @module
 */

import {
  type AdaptedModule,
  adaptedNetwork,
  type AdapterBase,
  type AdapterContents,
  type AdapterRecord,
  adapters,
  attachedOf,
  codecFor,
  compressStates,
  disposeStates,
  type Layer,
  type Matrix,
  NamedTensors,
  type PeftCodec,
  recordOf,
  type Tensor,
  type TrainingMethod,
  tune,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import { pretrainedStates } from "./states.ts";
import type { Pretrained } from "./types.ts";

/** A network with adapters, and its weights. */
export interface AttachedNetwork<N extends Layer = Layer> {
  /** The network: what is adapted, what trains in full, what stands still. */
  readonly network: N;
  /** Its weights; the caller disposes them. */
  readonly states: WeightStates;
}

/**
 * A network with the adapter of a file active: the weights of the base are not touched, and what the
 * adapter trains goes on training.
 *
 * @param pretrained The network, read with `joined`.
 * @param base Tensors of the base.
 * @param contents The adapter, as {@linkcode adapterContents} sorts it.
 * @param dense Weights of the base, which several adapters can stand on: to switch between them is to
 * use other states. They stay as they are; default: those of `base`.
 * @throws {Error} When no adapter here is what the file says, or a module has no weight of its own.
 */
export async function attachedAdapter<N extends Layer>(
  method: TrainingMethod,
  pretrained: Pretrained<N>,
  base: AdapterBase,
  contents: AdapterContents,
  dense?: WeightStates,
): Promise<AttachedNetwork<N>> {
  const codec = codecFor(contents.config);
  if (!codec) {
    throw new Error(
      `Cannot attach ${contents.config.source}: expected a type of adapter that trains here, got ` +
        `${contents.config.type}; merge it into its base instead`,
    );
  }
  const modules = new Map(
    contents.modules.map((m) => [ownWeight(pretrained, m, contents), m] as const),
  );
  const own = dense ? await savedStates(method, pretrained, contents) : await pretrainedStates(
    method,
    pretrained,
    new NamedTensors({ ...base.tensors, ...contents.saved }, contents.config.source),
  );
  const start = { ...dense, ...own };
  try {
    const full = fullWeights(pretrained, contents).filter((name) => !modules.has(name));
    const network = adaptedNetwork(pretrained.network, {
      groups: [...modules].map(([name, adapted]) => ({
        match: ({ name: own }) => own === name,
        adapter: codec.adapter,
        settings: codec.settings(adapted, contents.config),
      })),
      ...(full.length > 0 ? { full: [({ name }) => full.includes(name)] } : {}),
    }) as N;
    const states = await method.engine.scope(async () => {
      const { states: attached } = await compressStates(method, network, start);
      const filled: Record<string, WeightState> = { ...attached };
      const held: HeldMatrix[] = [];
      for (const spec of network.weights) {
        const adapted = modules.get(spec.name);
        const state = attached[spec.name]!;
        if (adapted) filled[spec.name] = withParts(method, codec, spec, state, adapted, held);
      }
      return filled;
    });
    return { network, states };
  } finally {
    disposeStates(own, {});
  }
}

/** The weight that a module is. */
function ownWeight(
  { places }: Pretrained,
  { module }: AdaptedModule,
  { config: { source } }: AdapterContents,
): string {
  const weight = `${module.name}.weight`;
  const place = places.find(({ theirs }) => theirs === weight || weight.endsWith(`.${theirs}`)) ??
    places.find(({ theirs }) => theirs.endsWith(`.${weight}`));
  if (place?.ours.length === 1) return place.ours[0]!;
  throw new Error(
    `Cannot attach ${source}: expected a weight of its own for "${module.name}", got ` +
      `${place ? `${place.ours.join(", ")}; read the model joined` : "none"}`,
  );
}

/** The weights that the file keeps whole. */
async function savedStates(
  method: TrainingMethod,
  pretrained: Pretrained,
  contents: AdapterContents,
): Promise<WeightStates> {
  const { saved, config: { source } } = contents;
  const names = new Set(fullWeights(pretrained, contents));
  const places = pretrained.places.filter(({ ours }) => ours.some((name) => names.has(name)));
  return await pretrainedStates(method, { ...pretrained, places }, new NamedTensors(saved, source));
}

/** Names of the weights that the file keeps whole. */
function fullWeights({ places }: Pretrained, { saved }: AdapterContents): string[] {
  const names = Object.keys(saved);
  return places
    .filter(({ theirs }) => names.some((n) => n === theirs || theirs.endsWith(`.${n}`)))
    .flatMap(({ ours }) => [...ours]);
}

/** A frozen matrix of a file on the engine. */
interface HeldMatrix {
  readonly matrix: Matrix;
  readonly tensor: Tensor;
}

/**
 * A weight with the matrices of a file in place of those that it was attached with.
 *
 * @param held Frozen matrices of the weights before, which bring one tensor each; this one adds.
 */
function withParts(
  { engine, algebra }: TrainingMethod,
  codec: PeftCodec,
  spec: WeightSpec,
  state: WeightState,
  adapted: AdaptedModule,
  held: HeldMatrix[],
): WeightState {
  const { trained, frozen = {} } = codec.read(adapted);
  const record = state as WeightState & AdapterRecord;
  const upload = ({ data, rows, cols }: Matrix) =>
    engine.tensor(Float32Array.from(data), [rows, cols]);
  const once = (matrix: Matrix): Tensor => {
    const known = held.find((h) => isSame(h.matrix, matrix))?.tensor;
    const tensor = known ?? upload(matrix);
    if (!known) held.push({ matrix, tensor });
    return tensor;
  };
  const each = (values: Readonly<Record<string, Matrix>>, put: (m: Matrix) => Tensor) =>
    Object.fromEntries(Object.entries(values).map(([name, m]) => [name, put(m)] as const));
  const filled = {
    ...record,
    trained: { ...record.trained, ...each(trained, upload) },
    frozen: { ...record.frozen, ...each(frozen, once) },
    ...record.numbers?.rank === undefined
      ? {}
      : { numbers: { ...record.numbers, rank: adapted.rank } },
  };
  const adapter = tune(adapters, adapters.get(codec.adapter), spec.settings ?? {});
  if (!adapter.derive) return filled;
  const at = adapter.derive(algebra, attachedOf(algebra, spec.shape, filled));
  return { ...recordOf(engine, spec.shape, at, filled), format: state.format };
}

function isSame(x: Matrix, y: Matrix): boolean {
  if (x.rows !== y.rows || x.cols !== y.cols) return false;
  return x.data.every((value, i) => value === y.data[i]);
}
