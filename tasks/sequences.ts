/**
 * The options of recipes that learn from sequences of tokens, and the data that they choose.
 *
 * @module
 */

import {
  choose,
  type DatasetIdentity,
  keptBack,
  type SequenceData,
  sequenceDatasets,
  sequenceTask,
  type Task,
  textSource,
} from "../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "./options.ts";
import type { RecipeContext } from "./recipe.ts";
import { UsageError } from "./usage_error.ts";

/** Defaults of what decides the data. */
export const sequenceDefaults = {
  dataset: "text",
  data: "",
  tokenizer: "bytes",
  context: 128, // tokens in an example of a text
  trainCount: 0, // 0: all windows of a text, as many examples of a puzzle as it makes by itself
  testCount: 0,
  heldOut: 0, // training examples to judge on; 0: those to measure on
};

/** What decides the data. */
export type SequenceOptions = ParsedOptions<typeof sequenceDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function sequenceSchema(): Required<OptionSchema<typeof sequenceDefaults>> {
  return {
    dataset: { choiceOf: sequenceDatasets, description: "what is learnt: a text, or a puzzle" },
    data: { description: "the text, a file or a folder of .txt and .txt.gz" },
    tokenizer: { description: "bytes, or a tokenizer.json, or the folder of one" },
    context: { integer: true, min: 1, description: "tokens in an example of a text" },
    trainCount: { integer: true, min: 0, description: "examples to train on, 0 for all" },
    testCount: { integer: true, min: 0, description: "examples to measure on, 0 for its own" },
    heldOut: {
      integer: true,
      min: 0,
      description: "training examples kept back and judged on in place of those, to choose " +
        "settings by; 0 for none",
    },
  };
}

/** Sequences with what they ask for. */
export interface OpenedSequences {
  /** The examples, the vocabulary, the tokenizer. */
  readonly data: SequenceData;
  /** The task that they set. */
  readonly task: Task;
  /** For the record of a run. */
  readonly dataset: DatasetIdentity;
}

/**
 * Makes or reads the data.
 *
 * @throws {UsageError} When a text is named for a puzzle, or none where one is wanted.
 * @throws {RangeError} When there is not enough of it.
 * @throws {Error} When files are missing or damaged; the reason of the signal when that aborts.
 */
export async function openSequences(
  o: SequenceOptions & { readonly seed: number },
  { sink, signal }: RecipeContext,
): Promise<OpenedSequences> {
  const { seed, data: path, tokenizer, context, trainCount, testCount } = o;
  const source = choose(sequenceDatasets, o.dataset);
  if (source.name === textSource.name && path === "") {
    throw new UsageError(
      "Cannot learn from a text: expected --data FILE or FOLDER, got none; puzzles need none, such " +
        "as --dataset copy",
    );
  }
  // Files of tokens take seconds for each million characters.
  if (path !== "" && tokenizer !== sequenceDefaults.tokenizer) {
    sink.write(`Tokens of ${path} by ${tokenizer} …\n`);
  }
  const loaded = await source.load({
    ...{ seed, tokenizer, context, signal },
    ...(path === "" ? {} : { path }),
    ...(trainCount > 0 ? { trainCount } : {}),
    ...(testCount > 0 ? { testCount } : {}),
  });
  if (!loaded.tokenizer && (path !== "" || tokenizer !== sequenceDefaults.tokenizer)) {
    throw new UsageError(
      `Cannot take --data or --tokenizer for ${o.dataset}: expected neither, as it makes its own ` +
        "examples; leave them out, or name a text with --dataset text",
    );
  }
  const data = o.heldOut > 0 ? judgedOn(loaded, o.heldOut) : loaded;
  const { name, sha256 } = data;
  return { data, task: sequenceTask(data), dataset: { name, sha256 } };
}

/** The same with training examples in place of those to measure on. */
function judgedOn(data: SequenceData, count: number): SequenceData {
  const { train, kept: test } = keptBack(data.train, count);
  return { ...data, train, test };
}
