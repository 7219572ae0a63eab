/**
 * The command `generate`: a language model goes on with a text.
 *
 * @module
 */

import { backends, currentPoints, disposeStates } from "../core/mod.ts";
import { generateTokens } from "../layers/mod.ts";
import { openModel } from "./language/open_model.ts";
import { openBackend } from "./open_backend.ts";
import { parseOptions } from "./options.ts";
import { loadPlugins } from "./plugins.ts";
import { type TextSink, textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Options of {@linkcode generate} with their defaults. */
const defaults = {
  prompt: "\n",
  tokens: 200,
  temperature: 0.8, // 0: always the best token
  topK: 0, // 0: all
  topP: 1,
  seed: 1,
  cache: true,
  backend: "auto",
  threads: 0, // 0: all cores
};

const positive = (description: string) => ({ integer: true, min: 1, description });
const count = (description: string) => ({ integer: true, min: 0, description });

const schema = () => ({
  prompt: { description: "text to go on with" },
  tokens: positive("tokens to write"),
  temperature: { min: 0, description: "what scores are divided by, 0 for the best token always" },
  topK: count("best tokens that are drawn from, 0 for all"),
  topP: { above: 0, max: 1, description: "probability of the tokens that are drawn from" },
  seed: count("seed of the draws"),
  cache: { description: "whether keys and values of earlier tokens are kept" },
  backend: { oneOf: ["auto", ...backends.names()], description: "what computes" },
  threads: count("threads, 0 for all cores"),
});

/**
 * Prints a text and what the model writes behind it, then how fast it was.
 *
 * @param args Folder of a run, or of a model of another library, and options.
 * @returns Exit code 0.
 * @throws {UsageError} When there is no language model in the folder, or an option is wrong.
 */
export async function generate(
  args: readonly string[],
  sink: TextSink = textSink(),
): Promise<number> {
  const [folder, ...rest] = await loadPlugins(args);
  if (folder === undefined || folder.startsWith("-")) {
    throw new UsageError(
      'Cannot write a text: expected the folder of a run, as in generate runs/a --prompt "In the "',
    );
  }
  const o = parseOptions(rest, defaults, schema());
  const { engine } = await openBackend(o, sink);
  const { model, states, tokenizer } = await openModel(engine, folder);
  const prompt = tokenizer.encode(o.prompt);
  const room = model.parts.context + 1 - prompt.length;
  if (room < 1) {
    throw new UsageError(
      `Cannot go on with the prompt: expected at most ${model.parts.context} tokens, the context ` +
        `of the model, got ${prompt.length}`,
    );
  }
  const written = generateTokens(engine, model, currentPoints(model, states), prompt, {
    ...{ tokens: Math.min(o.tokens, room), temperature: o.temperature, topP: o.topP },
    ...{ seed: o.seed, cached: o.cache },
    ...(o.topK > 0 ? { topK: o.topK } : {}),
  });
  const ids = [...prompt];
  const begun = performance.now();
  let next = await written.next();
  while (!next.done) {
    ids.push(next.value);
    next = await written.next();
  }
  const seconds = (performance.now() - begun) / 1000;
  disposeStates(states, {});
  const drawn = ids.length - prompt.length;
  const kept = o.cache ? `${next.value.bytesPerToken} bytes of cache a token` : "no cache";
  sink.write(`\n${tokenizer.decode(ids)}\n\n`);
  sink.write(`${drawn} tokens, ${(drawn / seconds).toFixed(1)} a second, ${kept}\n`);
  if (drawn < o.tokens) sink.write(`The context of the model ends after ${drawn} tokens.\n`);
  return 0;
}
