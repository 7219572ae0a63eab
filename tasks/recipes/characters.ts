import {
  decodeText,
  examplesOf,
  type Layer,
  nextToken,
  Random,
  readTextFiles,
  type Run,
  type Task,
} from "../../core/mod.ts";
import { embedding, perceptron } from "../../layers/mod.ts";
import { adam } from "../../optimizers/mod.ts";
import { continuation } from "../characters/continuation.ts";
import { hashOf, sentenceEntropy, sentences } from "../characters/sentences.ts";
import { compareRuns } from "../compare.ts";
import { openBackend } from "../open_backend.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { runSchema } from "../settings.ts";
import { UsageError } from "../usage_error.ts";
import { usualMethod } from "../usual_method.ts";

/** What decides the runs. */
const defaults = {
  seed: 1,
  sentences: 1000, // of a grammar whose entropy is known; the last tenth is kept back
  context: 16, // characters that the network sees: enough to know its place in a sentence
  features: 12, // numbers for each of them
  width: 128, // neurons of both hidden layers
  rank: 32, // at the start; the integrator adapts it
  tolerance: 0.15, // of the truncation, relative
  epochs: 4,
  batch: 128,
  learningRate: 4e-3, // of Adam on cores and on what is not factorised
  baselineLearningRate: 1e-3, // of Adam on the dense twin
  data: "",
  backend: "auto",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { seed, rank, tolerance, epochs, batch, backend, threads, out, resume } = runSchema();
  const positive = (description: string) => ({ integer: true, min: 1, description });
  return {
    ...{ seed, rank, tolerance, epochs, batch, backend, threads, out, resume },
    sentences: positive("sentences that the recipe makes where no text is given"),
    context: positive("characters from which the next one is predicted"),
    features: positive("numbers that stand for a character"),
    width: positive("neurons of both hidden layers"),
    learningRate: { above: 0, description: "step size of the low-rank network" },
    baselineLearningRate: { above: 0, description: "step size of the dense twin" },
    data: { description: "text to learn from, a file or a folder, default the sentences" },
  };
}

/** A recipe with a task, a network and a loop of its own: the next character of a text. */
export const characters: Recipe = recipe({
  name: "characters",
  description: "predicts the next character of a text, low rank next to dense; seconds",
  defaults,
  parallel: true,
  schema,
  job: learn,
});

async function learn(o: Options, context: RecipeContext): Promise<number> {
  const text = await textOf(o, context);
  const letters = [...new Set(text)];
  const task = taskOf(text, letters, o);
  const { engine, backend } = await openBackend(o, context.sink, context.processes?.comm);
  const method = await usualMethod(engine, adam.create(), { tolerance: o.tolerance });
  const dataset = { name: o.data || "sentences", sha256: hashOf(text) };
  const shared = { recipe: "characters", settings: o, task, dataset, method, backend };
  return await compareRuns({ ...shared, loop: (run) => loop(run, letters, o) }, [
    { label: "low rank", network: networkOf(letters, "low-rank", o), rate: o.learningRate },
    { label: "dense", network: networkOf(letters, "dense", o), rate: o.baselineLearningRate },
  ], context);
}

/** The text that is named, or sentences of which it is known how well they can be predicted. */
async function textOf({ data, seed, sentences: count }: Options, { sink }: RecipeContext) {
  if (data !== "") return decodeText(data, await readTextFiles(data));
  sink.write(`No model needs fewer than ${sentenceEntropy().toFixed(4)} bits a character\n`);
  return sentences(count, new Random(seed).fork("sentences"));
}

/** Windows of characters, each with the one that follows; the last tenth is there to measure on. */
function taskOf(text: string, letters: readonly string[], { context, batch, data }: Options): Task {
  const number = new Map(letters.map((letter, i) => [letter, i]));
  const ids = Int32Array.from([...text], (letter) => number.get(letter)!);
  const least = Math.ceil(Math.max((context + batch) / 0.9, 10 * (context + 1)));
  if (ids.length < least) {
    throw new UsageError(
      `Cannot learn from ${data || "the sentences"}: expected ${least} characters or more for ` +
        `--context ${context} and --batch ${batch}, got ${ids.length}`,
    );
  }
  const cut = Math.floor(0.9 * ids.length);
  const windows = (tokens: Int32Array) =>
    examplesOf({
      x: { data: tokens, shape: [context], stride: 1 },
      y: { data: tokens, shape: [], stride: 1, offset: context },
    });
  return nextToken({ train: windows(ids.subarray(0, cut)), test: windows(ids.subarray(cut)) });
}

/** Vectors of all characters in view, side by side, through a perceptron (Bengio et al., 2003). */
function networkOf(letters: readonly string[], format: string, o: Options): Layer {
  const inputs = o.context * o.features;
  const vectors = embedding({ name: "letters", vocabulary: letters.length, size: o.features });
  const sizes = [inputs, o.width, o.width, letters.length];
  const hidden = perceptron({ sizes, format, rank: o.rank });
  return {
    weights: [...vectors.weights, ...hidden.weights],
    forward(pass, ids) {
      const rows = vectors.forward(pass, ids);
      return hidden.forward(pass, pass.engine.reshape(rows, [ids.shape[0]!, inputs]));
    },
  };
}

/** What `train` does, and after each epoch a few words of the network's own. */
async function loop(run: Run, letters: readonly string[], { context }: Options): Promise<void> {
  while (!run.over) {
    for await (const batch of run.batches()) {
      const outcome = await run.step(batch);
      if (outcome) run.log(outcome);
    }
    if (run.reason) break;
    await run.measure();
    await run.save();
    const text = `writes: ${await continuation(run, letters, context)}`;
    run.options.listener?.({ type: "message", level: "info", text });
  }
}
