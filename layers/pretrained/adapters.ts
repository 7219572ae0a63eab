/**
 * Models of other libraries as the adapters beside them see them.
 *
 * @module
 */

import {
  type AdapterBase,
  adapterBase,
  type AdapterFolder,
  type ModelFolder,
} from "../../core/mod.ts";
import { pretrainedFamilies } from "./types.ts";

/**
 * The modules of a model under the names that adapters know. Of a kind of models that has no network
 * here, adapters can be merged all the same: how it stores its maps is what the adapter says then.
 *
 * @example A map of GPT-2 by its name in memory
 * ```ts
 * import { pretrainedBase } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const map = { shape: [2, 6], data: new Float32Array(12) };
 * const model = { config: { model_type: "gpt2" }, tensors: { "h.0.attn.c_attn.weight": map } };
 * assertEquals(pretrainedBase(model).find("transformer.h.0.attn.c_attn")?.kind, "conv1d");
 * ```
 */
export function pretrainedBase(model: ModelFolder, adapter?: AdapterFolder): AdapterBase {
  const { model_type: type } = model.config;
  if (typeof type === "string" && pretrainedFamilies.has(type)) {
    return adapterBase(model, pretrainedFamilies.get(type).naming);
  }
  return adapterBase(model, { turned: adapter?.config.values.fan_in_fan_out === true });
}
