/**
 * Language models, of runs and of other libraries, and texts.
 *
 * @module
 */

import {
  denseNetwork,
  NamedTensors,
  readModelFolder,
  type SequenceData,
  type TrainingMethod,
} from "../../core/mod.ts";
import {
  isLanguageModel,
  type LanguageModel,
  pretrainedBase,
  pretrainedOf,
  pretrainedStates,
} from "../../layers/mod.ts";
import { isOfLibrary, languageRun } from "../language/open_model.ts";
import type { RecipeContext } from "../recipe.ts";
import { openSequences, sequenceDefaults } from "../sequences.ts";
import { UsageError } from "../usage_error.ts";
import { storedWeights } from "./stored.ts";
import type { Subject } from "./subject.ts";

/** What decides it. */
export interface TextChoice {
  /** Folder of the model. */
  readonly model: string;
  /** The text to learn. */
  readonly data: string;
  /** A text that it knew before; empty for that of a run, and none for others. */
  readonly old: string;
  /** Tokens in an example. */
  readonly context: number;
  /** Examples to train on, 0 for all. */
  readonly trainCount: number;
  /** Examples to measure on, 0 for all. */
  readonly testCount: number;
  /** Seed of what is drawn. */
  readonly seed: number;
}

/** A model before its texts are opened. */
interface Opened extends Pick<Subject, "states" | "file"> {
  readonly network: LanguageModel;
  readonly tokenizer: string;
  /** The text that it knew, where it says so. */
  readonly old: string;
}

/** Opens the model and its texts; the tokenizer is that of the model. */
export async function textSubject(
  o: TextChoice,
  method: TrainingMethod,
  context: RecipeContext,
): Promise<Subject> {
  const opened = await (await isOfLibrary(o.model) ? ofLibrary : ofRun)(o.model, method);
  const { network, tokenizer, states, file } = opened;
  const most = network.parts.context;
  if (o.context > most) {
    throw new UsageError(
      `Cannot fine-tune ${o.model}: expected --context of at most ${most}, got ${o.context}`,
    );
  }
  const open = (data: string) =>
    openSequences({ ...sequenceDefaults, ...o, data, tokenizer }, context);
  const { task, dataset, data } = await open(o.data);
  requireVocabulary(o.model, network.parts.vocabulary, data);
  const before = o.old === "" ? opened.old : o.old;
  return {
    ...{ network: denseNetwork(network), task, dataset, states },
    ...{ targets: "block*.weight", full: [] },
    ...(before === "" ? {} : { old: (await open(before)).task }),
    ...(file ? { file } : {}),
  };
}

async function ofLibrary(folder: string, method: TrainingMethod): Promise<Opened> {
  const { config, tensors } = await readModelFolder(folder);
  const pretrained = pretrainedOf(config, undefined, true);
  const { network } = pretrained;
  if (!isLanguageModel(network)) {
    throw new UsageError(
      `Cannot fine-tune ${folder} on a text: expected a language model, got one of type ` +
        `"${config.model_type}"`,
    );
  }
  return {
    ...{ network, tokenizer: folder, old: "" },
    states: () => pretrainedStates(method, pretrained, new NamedTensors(tensors, folder)),
    file: { pretrained, base: pretrainedBase({ config, tensors }) },
  };
}

async function ofRun(folder: string, method: TrainingMethod): Promise<Opened> {
  const { model, tokenizer, data } = await languageRun(folder, "fine-tune");
  const states = () => storedWeights(method, model, folder);
  return { network: model, tokenizer, old: data, states };
}

function requireVocabulary(model: string, own: number, { vocabulary }: SequenceData): void {
  if (vocabulary <= own) return;
  throw new UsageError(
    `Cannot fine-tune ${model}: expected a tokenizer of at most ${own} tokens, as its table has, ` +
      `got ${vocabulary}`,
  );
}
