/**
 * Models of texts, of runs and of other libraries, and what they learn from.
 *
 * @module
 */

import {
  classification,
  denseNetwork,
  type ModelFolder,
  openTokenizer,
  readLabelledTexts,
  readModelFolder,
  type TrainingMethod,
} from "../../core/mod.ts";
import { isLanguageModel, type LanguageModel, pretrainedOf } from "../../layers/mod.ts";
import { isOfLibrary, languageRun } from "../language/open_model.ts";
import type { RecipeContext } from "../recipe.ts";
import { openSequences, sequenceDefaults } from "../sequences.ts";
import { UsageError } from "../usage_error.ts";
import { libraryClassifier, libraryModel } from "./library.ts";
import { storedWeights } from "./stored.ts";
import { requireContext, requireVocabulary, type Subject, type Trained } from "./subject.ts";

/** What decides it. */
export interface TextChoice {
  /** Folder of the model. */
  readonly model: string;
  /** The text to learn, or of encoders a file of texts with labels. */
  readonly data: string;
  /** What it knew before, in the same form; empty for the text of a run, and none for others. */
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

/** A language model before its texts are opened. */
interface Opened extends Trained {
  readonly network: LanguageModel;
  readonly tokenizer: string;
  /** The text that it knew, where it says so. */
  readonly old: string;
}

/** Opens a model and its texts; the tokenizer is that of the model. */
export async function textSubject(
  o: TextChoice,
  method: TrainingMethod,
  context: RecipeContext,
): Promise<Subject> {
  if (!await isOfLibrary(o.model)) return await onText(o, await ofRun(o.model, method), context);
  const model = await readModelFolder(o.model);
  if (!isLanguageModel(pretrainedOf(model.config).network)) {
    return await onLabels(o, method, model, context);
  }
  const trained = libraryModel(method, o.model, model);
  const network = trained.network as LanguageModel;
  return await onText(o, { ...trained, network, tokenizer: o.model, old: "" }, context);
}

async function ofRun(folder: string, method: TrainingMethod): Promise<Opened> {
  const { model, tokenizer, data } = await languageRun(folder, "fine-tune");
  const states = () => storedWeights(method, model, folder);
  const { targets, full } = { targets: "block*.weight", full: [] };
  return { network: model, tokenizer, old: data, states, targets, full };
}

/** The next token. */
async function onText(
  o: TextChoice,
  { tokenizer, old, ...trained }: Opened,
  context: RecipeContext,
): Promise<Subject> {
  const { network } = trained;
  requireContext(o.model, o.context, network.parts.context);
  const open = (data: string) =>
    openSequences({ ...sequenceDefaults, ...o, data, tokenizer }, context);
  const { task, dataset, data } = await open(o.data);
  requireVocabulary(o.model, network.parts.vocabulary, data.vocabulary);
  const before = o.old === "" ? old : o.old;
  return {
    ...{ ...trained, network: denseNetwork(network), task, dataset },
    ...(before === "" ? {} : { old: (await open(before)).task }),
  };
}

/** The class of a whole text. */
async function onLabels(
  o: TextChoice,
  method: TrainingMethod,
  model: ModelFolder,
  { sink }: RecipeContext,
): Promise<Subject> {
  const { seed, context, trainCount, testCount } = o;
  const counts = {
    ...(trainCount > 0 ? { trainCount } : {}),
    ...(testCount > 0 ? { testCount } : {}),
  };
  const { input, ...classifier } = libraryClassifier(method, o.model, model, { seed, sink });
  if ("image" in input) {
    throw new UsageError(
      `Cannot fine-tune ${o.model} on a text: expected a model of texts, got one of type ` +
        `"${model.config.model_type}"; name images with --dataset`,
    );
  }
  if (o.data === "") {
    throw new UsageError(
      "Cannot learn labels of texts: expected --data FILE of lines such as " +
        '{"text": "…", "label": "good"}, got none',
    );
  }
  requireContext(o.model, context, input.context);
  const tokenizer = await openTokenizer(o.model);
  requireVocabulary(o.model, input.vocabulary, tokenizer.vocabulary);
  const options = { tokenizer, context, classNames: classifier.classNames };
  const found = await readLabelledTexts(o.data, { ...options, ...counts });
  const { name, sha256, train, test, classNames } = found;
  const trained = await classifier.withHead(classNames);
  const taskOf = (data: Pick<typeof found, "train" | "test">) =>
    classification({ ...data, classes: classNames.length });
  return {
    ...{ ...trained, task: taskOf({ train, test }), dataset: { name, sha256 } },
    ...await oldTexts(),
  };

  async function oldTexts(): Promise<Pick<Subject, "old">> {
    if (o.old === "") return {};
    const old = await readLabelledTexts(o.old, { ...options, classNames });
    if (old.classNames !== classNames) {
      throw new UsageError(
        `Cannot measure what is forgotten of ${o.old}: expected labels ${classNames.join(", ")}, ` +
          `got ${old.classNames.join(", ")}`,
      );
    }
    return { old: taskOf({ train: old.train, test: old.test }) };
  }
}
