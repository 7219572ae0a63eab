/**
 * Language models out of folders: of runs, and of models of other libraries.
 *
 * @module
 */

import { join } from "node:path";
import {
  augmentedBug,
  type Engine,
  engineAlgebra,
  NamedTensors,
  openTokenizer,
  optimizerStepper,
  readCheckpoint,
  readModelFolder,
  readRun,
  readText,
  relativeFrobenius,
  restoreState,
  type Tokenizer,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import {
  isLanguageModel,
  type LanguageModel,
  pretrainedOf,
  pretrainedStates,
} from "../../layers/mod.ts";
import { sgd } from "../../optimizers/mod.ts";
import { UsageError } from "../usage_error.ts";
import { gptDefaults, gptOf } from "./networks.ts";

/** A language model with its weights, and how it reads and writes text. */
export interface OpenedModel {
  /** The network. */
  readonly model: LanguageModel;
  /** Its weights; the caller disposes them. */
  readonly states: WeightStates;
  /** Between text and ids. */
  readonly tokenizer: Tokenizer;
  /** Whether positions turn queries and keys. */
  readonly rotary: boolean;
}

/**
 * Opens a language model.
 *
 * @param folder Folder of a run of a GPT on a text, or of a model of another library with its
 * `tokenizer.json`.
 * @throws {UsageError} When there is no language model in it.
 * @throws {Error} When files are missing or damaged.
 */
export async function openModel(engine: Engine, folder: string): Promise<OpenedModel> {
  return await isOfLibrary(folder) ? await ofLibrary(engine, folder) : await ofRun(engine, folder);
}

/**
 * Whether a folder is that of another library's model, and not of a run.
 *
 * @throws {Error} When there is no `config.json`, or it is damaged.
 */
export async function isOfLibrary(folder: string): Promise<boolean> {
  return "model_type" in (JSON.parse(await readText(join(folder, "config.json"))) as object);
}

async function ofRun(engine: Engine, folder: string): Promise<OpenedModel> {
  const { model, tokenizer, positions } = await languageRun(folder, "write by");
  const { record, fixed } = await readCheckpoint(folder);
  const { states } = restoreState(engine, model, record, fixed);
  const opened = await openTokenizer(tokenizer);
  return { model, states, tokenizer: opened, rotary: positions === "rotary" };
}

/** What a run of a GPT on a text says of itself. */
export interface LanguageRun {
  /** The network, in the formats of the run. */
  readonly model: LanguageModel;
  /** Its tokenizer, as an option says it. */
  readonly tokenizer: string;
  /** How tokens know their places. */
  readonly positions: string;
  /** Where its text is; empty where that has a name of its own. */
  readonly data: string;
}

/**
 * Reads what a run of a GPT on a text says of itself, without its weights.
 *
 * @param purpose Verb of the sentence that refuses other runs, such as "write by".
 * @throws {UsageError} When it is another run.
 * @throws {Error} When files are missing or damaged.
 */
export async function languageRun(folder: string, purpose: string): Promise<LanguageRun> {
  const { config } = await readRun(folder);
  const settings = config.settings as Record<string, unknown>;
  const known = Object.keys(gptDefaults).every((key) => key in settings);
  if (!known || settings.dataset !== "text" && !String(settings.dataset).startsWith("text:")) {
    throw new UsageError(
      `Cannot ${purpose} ${folder}: expected the run of a GPT on a text, got one of recipe ` +
        `"${config.recipe}"${known ? ` on "${settings.dataset}"` : ""}`,
    );
  }
  const { positions, data = "" } = settings;
  const tokenizer = String(settings.tokenizer);
  const { vocabulary } = await openTokenizer(tokenizer);
  const model = gptOf(settings as typeof gptDefaults, {
    ...{ vocabulary, length: Number(settings.context) },
  });
  return { model, tokenizer, positions: String(positions), data: String(data) };
}

async function ofLibrary(engine: Engine, folder: string): Promise<OpenedModel> {
  const { config, tensors } = await readModelFolder(folder);
  const pretrained = pretrainedOf(config);
  const { network: model } = pretrained;
  if (!isLanguageModel(model)) {
    throw new UsageError(
      `Cannot write by ${folder}: expected a language model, got one of type "${config.model_type}"`,
    );
  }
  const tokenizer = await openTokenizer(folder);
  const names = new NamedTensors(tensors, folder);
  const states = await pretrainedStates(stillMethod(engine), pretrained, names);
  return { model, states, tokenizer, rotary: config.model_type === "llama" };
}

/** A method for what does not move. */
export function stillMethod(engine: Engine): TrainingMethod {
  const rule = sgd.create();
  return {
    engine,
    algebra: engineAlgebra(engine),
    rule,
    stepper: optimizerStepper(rule),
    integrator: augmentedBug,
    truncation: { rule: relativeFrobenius, tolerance: 0 },
  };
}
