/**
 * Language models of other libraries, and texts.
 *
 * @module
 */

import {
  NamedTensors,
  readModelFolder,
  type SequenceData,
  type TrainingMethod,
} from "../../core/mod.ts";
import {
  isLanguageModel,
  pretrainedBase,
  pretrainedOf,
  pretrainedStates,
} from "../../layers/mod.ts";
import type { RecipeContext } from "../recipe.ts";
import { openSequences, sequenceDefaults } from "../sequences.ts";
import { UsageError } from "../usage_error.ts";
import type { Subject } from "./subject.ts";

/** What decides it. */
export interface TextChoice {
  /** Folder of the model. */
  readonly model: string;
  /** The text to learn. */
  readonly data: string;
  /** A text that it knew before; empty for none. */
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

/** Opens the model and its texts; the tokenizer is that of the model. */
export async function textSubject(
  o: TextChoice,
  method: TrainingMethod,
  context: RecipeContext,
): Promise<Subject> {
  const { config, tensors } = await readModelFolder(o.model);
  const pretrained = pretrainedOf(config, undefined, true);
  const { network } = pretrained;
  if (!isLanguageModel(network)) {
    throw new UsageError(
      `Cannot fine-tune ${o.model} on a text: expected a language model, got one of type ` +
        `"${config.model_type}"`,
    );
  }
  const most = network.parts.context;
  if (o.context > most) {
    throw new UsageError(
      `Cannot fine-tune ${o.model}: expected --context of at most ${most}, got ${o.context}`,
    );
  }
  const open = (data: string) =>
    openSequences({ ...sequenceDefaults, ...o, data, tokenizer: o.model }, context);
  const { task, dataset, data } = await open(o.data);
  requireVocabulary(o.model, network.parts.vocabulary, data);
  const old = o.old === "" ? undefined : (await open(o.old)).task;
  return {
    ...{ network, task, dataset, targets: "block*.weight", full: [] },
    states: () => pretrainedStates(method, pretrained, new NamedTensors(tensors, o.model)),
    ...(old ? { old } : {}),
    file: { pretrained, base: pretrainedBase({ config, tensors }) },
  };
}

function requireVocabulary(model: string, own: number, { vocabulary }: SequenceData): void {
  if (vocabulary <= own) return;
  throw new UsageError(
    `Cannot fine-tune ${model}: expected a tokenizer of at most ${own} tokens, as its table has, ` +
      `got ${vocabulary}`,
  );
}
