/**
 * Trained closures as folders: what they are, and their weights.
 *
 * @module
 */

import { join } from "node:path";
import {
  aBoolean,
  aNumber,
  aRecord,
  aText,
  checked,
  type Engine,
  type Expectation,
  makeFolder,
  readRecord,
  writeRecord,
} from "../../../core/mod.ts";
import { load, type TrainedModel } from "../../library/mod.ts";
import type { Ordinates } from "../ordinates.ts";
import { NetworkClosure } from "./network_closure.ts";
import { closureNetworks, type ClosureShape } from "./networks.ts";
import { type MomentChoice, momentSystem } from "./system.ts";

/** What a trained closure is. */
export interface ClosureDescription extends MomentChoice {
  /** Registry name of its kind. */
  readonly kind: string;
  /** γ. */
  readonly gamma: number;
  /** Whether moments are turned onto the axis, see {@linkcode NetworkClosure}. */
  readonly rotated: boolean;
  /** Neurons of a hidden layer. */
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
  /** Format of the weights between them; empty for what suits the network. */
  readonly format: string;
  /** Rank at the start of the training; 0 where there is none. */
  readonly rank: number;
  /** Mean squared errors on samples that it was not trained on. */
  readonly errors: ClosureErrors;
}

/** Mean squared errors. */
export interface ClosureErrors {
  /** Of the entropy; NaN where the network has none. */
  readonly entropy: number;
  /** Of the multipliers. */
  readonly multipliers: number;
  /** Of the moments that belong to them. */
  readonly moments: number;
}

/** What files hold of {@linkcode ClosureErrors}. */
export const someErrors: Expectation<ClosureErrors> = aRecord<ClosureErrors>({
  entropy: aNumber,
  multipliers: aNumber,
  moments: aNumber,
});

const description: Expectation<ClosureDescription> = aRecord<ClosureDescription>({
  kind: aText,
  dimension: aNumber as Expectation<1 | 2>,
  degree: aNumber,
  functions: aText as Expectation<MomentChoice["functions"]>,
  gamma: aNumber,
  rotated: aBoolean,
  width: aNumber,
  depth: aNumber,
  format: aText,
  rank: aNumber,
  errors: someErrors,
});

const ABOUT = "closure.safetensors";
const WEIGHTS = "network.safetensors";

/** The shape of the network of a description. */
export function shapeOf(d: Omit<ClosureDescription, "errors">, inputs: number): ClosureShape {
  return {
    inputs,
    width: d.width,
    depth: d.depth,
    ...(d.format && { format: d.format }),
    ...(d.rank && { rank: d.rank }),
  };
}

/** Writes a trained closure into a folder, which is made. */
export async function saveClosure(
  folder: string,
  about: ClosureDescription,
  model: TrainedModel,
): Promise<void> {
  await makeFolder(folder);
  await model.save(join(folder, WEIGHTS));
  await writeRecord(join(folder, ABOUT), about);
}

/** A trained closure; dispose its model. */
export interface LoadedClosure {
  /** What it is. */
  readonly about: ClosureDescription;
  /** For a solver. */
  readonly closure: NetworkClosure;
  /** The network with its weights. */
  readonly model: TrainedModel;
}

/**
 * Reads a trained closure.
 *
 * @param ordinates Directions at which it is to close; those of its training or finer ones.
 * @param backend What is to run it; default the fastest.
 * @param threads Most threads that share cells, default 1.
 * @throws {Error} When the folder is missing or damaged, holds another thing, or the kind of the
 * network is not known.
 */
export async function loadClosure(
  folder: string,
  ordinates: Ordinates,
  backend?: Engine | string,
  threads?: number,
): Promise<LoadedClosure> {
  const path = join(folder, ABOUT);
  const about = checked(description, await readRecord(path), path);
  const kind = closureNetworks.get(about.kind);
  const system = momentSystem(about, ordinates);
  const network = kind.network(shapeOf(about, system.count - 1));
  const model = await load(network, join(folder, WEIGHTS), { backend });
  const closure = new NetworkClosure(system, {
    ...about,
    kind,
    model,
    ...(threads && { threads }),
  });
  return { about, closure, model };
}
