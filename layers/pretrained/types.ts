/**
 * Networks whose weights lie in the files of other libraries.
 *
 * @module
 */

import { type Layer, type ModuleNaming, type Plugin, Registry } from "../../core/mod.ts";
import type { WeightOptions } from "../weights.ts";
import type { Config } from "./config.ts";

/** Where a tensor of a file belongs. */
export interface Place {
  /** Its name there. */
  readonly theirs: string;
  /** Weights of ours; several are one tensor there, columns side by side. */
  readonly ours: readonly string[];
  /**
   * How it lies there: as here; outputs×inputs; or a kernel outputs×inputs×height×width. Default
   * "same".
   */
  readonly layout?: "same" | "turned" | "kernel";
  /** Extents of 1 before those that it has here; default 0. */
  readonly leading?: number;
}

/**
 * A network, and how files know it.
 *
 * @example Where a file has the weights of a network of one's own
 * ```ts
 * import {
 *   type Config, type Layer, linear, type Place, type Pretrained,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network: Layer = linear({ name: "map", inputs: 2, outputs: 1, bias: false });
 * const config: Config = { model_type: "own" };
 * const place: Place = { theirs: "fc.weight", ours: ["map.weight"], layout: "turned" };
 * const pretrained: Pretrained = { network, config, places: [place] };
 * assertEquals(pretrained.places[0]!.ours, network.weights.map((w) => w.name));
 * ```
 */
export interface Pretrained<N extends Layer = Layer> {
  /** The network. */
  readonly network: N;
  /** What `config.json` says of it. */
  readonly config: Config;
  /** Where its weights are. */
  readonly places: readonly Place[];
  /** Names of tensors that are in files of some versions and mean nothing. */
  readonly ignored?: RegExp;
  /** Says how their names differ in some files, from what is there. */
  readonly alias?: (theirs: string) => string;
}

/** A kind of models, under the name that `model_type` has in `config.json`. */
export interface PretrainedFamily extends Plugin {
  /** How its modules are stored and named for adapters; default: outputs×inputs, as in the file. */
  readonly naming?: ModuleNaming;
  /**
   * The network that a config means.
   *
   * @param matrices How the matrices of blocks are to be stored; default in full.
   * @param joined Whether what is one tensor in the file is one weight here, as adapters need;
   * default false.
   * @throws {RangeError} When it says something that no network here does; the message names it.
   */
  read(config: Config, matrices?: WeightOptions, joined?: boolean): Pretrained;
}

/** Kinds of models by name. */
export const pretrainedFamilies: Registry<PretrainedFamily> = new Registry("model type");

/**
 * The network that the config of a model folder means.
 *
 * @param matrices How the matrices of blocks are to be stored; default in full.
 * @param joined Whether what is one tensor in the file is one weight here, as adapters need; default
 * false.
 * @throws {RangeError} When there is no such kind of models, or it says something that no network
 * here does.
 */
export function pretrainedOf(
  config: Config,
  matrices?: WeightOptions,
  joined: boolean = false,
): Pretrained {
  const { model_type: type, quantization_config: quantised } = config;
  if (typeof type !== "string") {
    throw new RangeError(
      `Cannot read a model: expected "model_type" in its config to be one of ` +
        `${pretrainedFamilies.names().sort().join(", ")}, got ${JSON.stringify(type) ?? "none"}`,
    );
  }
  if (quantised !== undefined && quantised !== null) {
    throw new RangeError(
      `Cannot read a model of type "${type}": expected numbers as floats, ` +
        `got "quantization_config"`,
    );
  }
  return pretrainedFamilies.get(type).read(config, matrices, joined);
}
