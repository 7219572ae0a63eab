/**
 * Models in the folders of other libraries.
 *
 * @module
 */

import {
  NamedTensors,
  readModelFolder,
  writeModelFolder,
  type WriteModelOptions,
} from "../../core/mod.ts";
import {
  forImagesOf,
  type Pretrained,
  pretrainedOf,
  pretrainedStates,
  pretrainedTensors,
  type WeightOptions,
} from "../../layers/mod.ts";
import { History } from "./history.ts";
import { methodOf, type RunsOn } from "./options.ts";
import { inTurn } from "./passes.ts";
import { TrainedModel } from "./trained_model.ts";

/**
 * Settings of {@linkcode loadPretrained}.
 *
 * @example Blocks are turned into factors while they are read
 * ```ts
 * import type { LoadPretrainedOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: LoadPretrainedOptions = {
 *   backend: "cpu",
 *   matrices: { format: "low-rank", rank: 16 },
 * };
 * assertEquals(options.matrices!.rank, 16);
 * ```
 */
export interface LoadPretrainedOptions extends RunsOn {
  /** How the matrices of blocks are to be stored; default in full. */
  readonly matrices?: WeightOptions;
  /**
   * Height and width of the images that a vision transformer is to see; default: of those that it
   * has learnt from. Places of patches are interpolated.
   */
  readonly imageSize?: number;
}

/**
 * Reads a model that Hugging Face's `transformers` wrote: GPT-2, Llama, ViT or BERT.
 *
 * @param folder Folder with `config.json` and `model.safetensors`, or several such files.
 * @returns The model; dispose it, or declare it with `using`.
 * @throws {RangeError} When the config says something that no network here does; it is named.
 * @throws {Error} When a file is missing or damaged, or a tensor has no place.
 *
 * @example What was written is what is read
 * ```ts
 * import { fit, gptAsGpt2, loadPretrained, nextToken, savePretrained, windowsOf } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const pretrained = gptAsGpt2({ vocabulary: 3, context: 4, width: 8, heads: 2, blocks: 1 });
 * const tokens = windowsOf(Int32Array.from({ length: 61 }, (_, i) => i % 3), 4);
 * const task = nextToken({ train: tokens, test: tokens });
 * using model = await fit(pretrained.network, task, { epochs: 1, backend: "cpu" });
 * const folder = await Deno.makeTempDir();
 * await savePretrained(`${folder}/model`, pretrained, model);
 * using again = await loadPretrained(`${folder}/model`, { backend: "cpu" });
 * const [own, other] = [await model.generate([0, 1]), await again.generate([0, 1])];
 * assertEquals(own.ids, other.ids);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function loadPretrained(
  folder: string,
  { matrices, imageSize, ...options }: LoadPretrainedOptions = {},
): Promise<TrainedModel> {
  const read = await readModelFolder(folder);
  const { config, tensors } = imageSize === undefined ? read : forImagesOf(imageSize, read);
  const pretrained = pretrainedOf(config, matrices);
  const method = await methodOf(options);
  const { network } = pretrained;
  const states = await inTurn(() =>
    pretrainedStates(method, pretrained, new NamedTensors(tensors, folder))
  );
  return new TrainedModel({ network, method, states, history: new History([], []) });
}

/**
 * Writes a model as Hugging Face's `transformers` reads it; factors are multiplied out.
 *
 * @param folder A new folder, or an empty one.
 * @param pretrained The network, and how files know it.
 * @param model Its weights.
 * @throws {Error} When the folder has files, or a weight has no place in such files.
 *
 * @example A vision transformer
 * ```ts
 * import { asVit, savePretrained } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const pretrained = asVit({ image: [8, 8, 3], patch: 4, classes: 2 });
 * assertEquals(pretrained.config.patch_size, 4);
 * assertEquals(typeof savePretrained, "function");
 * ```
 */
export async function savePretrained(
  folder: string,
  pretrained: Pretrained,
  model: TrainedModel,
  options: WriteModelOptions = {},
): Promise<void> {
  const method = await methodOf({ backend: model.engine });
  const tensors = await inTurn(() => pretrainedTensors(method, pretrained, model.states));
  await writeModelFolder(folder, { config: pretrained.config, tensors }, options);
}
