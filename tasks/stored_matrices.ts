/**
 * The matrices that runs have stored, whatever their recipes.
 *
 * @module
 */

import {
  type Engine,
  type Matrix,
  matrix,
  openEngine,
  readCheckpoint,
  readRun,
  representationOf,
  restoreState,
  type WeightSpec,
  type WeightState,
} from "../core/mod.ts";
import { zeros } from "../layers/mod.ts";
import { weightOf } from "./classification/identity.ts";
import { stillMethod } from "./language/open_model.ts";

/** Matrices by the names of weights, inputs×outputs; kernels have height·width·in rows. */
export type StoredMatrices = ReadonlyMap<string, Matrix>;

/**
 * Reads the matrices and kernels of a run and puts them together, with what adapters add.
 *
 * @throws {Error} When there is no run, it tells of no weights, or files are missing or damaged.
 */
export async function storedMatrices(folder: string): Promise<StoredMatrices> {
  const { config } = await readRun(folder);
  const weights: WeightSpec[] = Object.entries(config.weights ?? {}).flatMap(([name, text]) => {
    const found = weightOf(name, text);
    return found ? [{ ...found, initialiser: zeros }] : [];
  });
  if (weights.length === 0) {
    throw new Error(
      `Cannot read weights of ${folder}: expected a run of a network, got one of none`,
    );
  }
  const { engine } = await openEngine("auto");
  const { record, fixed } = await readCheckpoint(folder);
  const network = { weights, forward: (_: unknown, x: never) => x };
  return await engine.scope(async () => {
    const { states } = restoreState(engine, network, record, fixed);
    const out = new Map<string, Matrix>();
    for (const spec of weights) {
      const whole = await wholeMatrix(engine, spec, states[spec.name]!);
      if (whole) out.set(spec.name, whole);
    }
    return out;
  });
}

async function wholeMatrix(
  engine: Engine,
  spec: WeightSpec,
  state: WeightState,
): Promise<Matrix | undefined> {
  const representation = representationOf(spec);
  if (spec.shape.length < 2 || representation.anchor === undefined) return undefined;
  const whole = representation.toDense?.(stillMethod(engine), spec, state);
  if (!whole) return undefined;
  const data = Float64Array.from(await engine.read(whole));
  const columns = spec.shape.length === 3 ? data.length / spec.shape[0]! : spec.shape.at(-1)!;
  return matrix(data, data.length / columns, columns);
}
