/**
 * Texts that a language model writes, token by token.
 *
 * @module
 */

import {
  checkInteger,
  checkNumber,
  type Engine,
  NonFiniteError,
  Pass,
  type Points,
  Random,
} from "../core/mod.ts";
import { AttentionMemory } from "./attention/memory.ts";
import type { LanguageModel } from "./networks/language_model.ts";

/** How tokens are drawn. */
export interface SamplingOptions {
  /** What scores are divided by: 0 takes the best token, 1 draws as the model says; default 1. */
  readonly temperature?: number;
  /** Best tokens that are drawn from; default: all. */
  readonly topK?: number;
  /**
   * Probability that the tokens have which are drawn from: the best ones, up to the one that reaches
   * it; default 1.
   */
  readonly topP?: number;
}

/**
 * Settings of {@linkcode generateTokens}.
 *
 * @example Eight tokens, the best one each time
 * ```ts
 * import {
 *   embedding, fit, type Generated, type GenerateOptions, gpt, nextToken, type SamplingOptions,
 *   windowsOf,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network = gpt({ vocabulary: 3, context: 8, width: 4, heads: 1, blocks: 1 });
 * const tokens = windowsOf(Int32Array.from({ length: 60 }, (_, i) => i % 3), 4);
 * const task = nextToken({ train: tokens, test: tokens });
 * using model = await fit(network, task, { epochs: 1, backend: "cpu" });
 * const best: SamplingOptions = { temperature: 0 };
 * const options: GenerateOptions = { ...best, tokens: 4 };
 * const text = await model.generate([0, 1], options);
 * const cost: Generated = text;
 * assertEquals([text.ids.length, cost.bytesPerToken], [4, 32]);
 * ```
 */
export interface GenerateOptions extends SamplingOptions {
  /** Tokens to write; default 64, or as many as the context has room for. */
  readonly tokens?: number;
  /** Seed of the draws; default 1. */
  readonly seed?: number;
  /** Whether keys and values of earlier tokens are kept, and not computed again; default true. */
  readonly cached?: boolean;
}

/** What a text cost. */
export interface Generated {
  /** Bytes that were kept of each token; 0 without a cache. */
  readonly bytesPerToken: number;
}

/**
 * Goes on with a text.
 *
 * @param points Where the model's weights are.
 * @param prompt Ids of the text so far, at least one.
 * @returns Ids, one after the other, then what it cost.
 * @throws {RangeError} When a setting makes no sense, an id is none of the vocabulary, or the text
 * would be longer than the context.
 * @throws {NonFiniteError} When the model's scores are not finite.
 */
export async function* generateTokens(
  engine: Engine,
  model: LanguageModel,
  points: Points,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
): AsyncGenerator<number, Generated> {
  const room = model.parts.context + 1 - prompt.length;
  const { tokens = Math.max(1, Math.min(64, room)), seed = 1, cached = true } = options;
  checkGeneration(model, prompt, { ...options, tokens });
  const random = new Random(seed).fork("generation");
  const ids = Array.from(prompt);
  using memory = new AttentionMemory(engine);
  let bytesPerToken = 0;
  for (let i = 0; i < tokens; i++) {
    const scores = await engine.scope(async () => {
      const pass = new Pass(engine, model, points, { training: false });
      const fresh = Int32Array.from(ids.slice(memory.length));
      const x = engine.tensor(fresh, [1, fresh.length]);
      if (cached) return await engine.read(model.advance(pass, x, memory));
      using brief = new AttentionMemory(engine);
      return await engine.read(model.advance(pass, x, brief));
    });
    bytesPerToken = memory.bytesPerToken;
    const next = drawToken(scores, random, options);
    ids.push(next);
    yield next;
  }
  return { bytesPerToken };
}

/**
 * A token drawn from scores: divided by the temperature, the best `topK` kept, of these the fewest
 * that have the probability `topP`.
 *
 * @throws {NonFiniteError} When a score is not finite.
 *
 * @example The best one
 * ```ts
 * import { Random } from "@rankflow/rankflow/core";
 * import { drawToken } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(drawToken([0, 2, 1], new Random(1), { temperature: 0 }), 1);
 * ```
 */
export function drawToken(
  scores: ArrayLike<number>,
  random: Random,
  { temperature = 1, topK = Infinity, topP = 1 }: SamplingOptions = {},
): number {
  const ranked = Array.from(scores, (score, id) => ({ score, id }));
  const odd = ranked.find(({ score }) => !Number.isFinite(score));
  if (odd) {
    throw new NonFiniteError(
      `Cannot write a token: expected finite scores, the network answers ${odd.score}`,
    );
  }
  // Of equal scores the first one is the best, on every machine.
  ranked.sort((a, b) => b.score - a.score || a.id - b.id);
  const best = ranked[0]!;
  if (temperature === 0) return best.id;
  const weights = ranked.slice(0, topK).map(({ score }) =>
    Math.exp((score - best.score) / temperature)
  );
  const all = weights.reduce((sum, w) => sum + w, 0);
  let [count, share] = [0, 0];
  while (count < weights.length && share < topP * all) share += weights[count++]!;
  let left = random.uniform() * share;
  const drawn = weights.slice(0, count).findIndex((w) => (left -= w) < 0);
  return ranked[drawn < 0 ? count - 1 : drawn]!.id;
}

function checkGeneration(
  { parts: { vocabulary, context } }: LanguageModel,
  prompt: ArrayLike<number>,
  { tokens, temperature = 1, topK, topP = 1, seed = 1 }: GenerateOptions & { tokens: number },
): void {
  const action = "write a text";
  checkInteger(action, "tokens", tokens);
  checkNumber(action, "temperature", temperature, { least: 0 });
  if (topK !== undefined && topK !== Infinity) checkInteger(action, "topK", topK);
  checkNumber(action, "topP", topP, { above: 0, most: 1 });
  checkInteger(action, "seed", seed, { least: 0 });
  if (prompt.length === 0) {
    throw new RangeError(`Cannot ${action}: expected a text to go on with, got an empty one`);
  }
  const odd = Array.from(prompt).find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (odd !== undefined) {
    throw new RangeError(`Cannot ${action}: expected ids from 0 to ${vocabulary - 1}, got ${odd}`);
  }
  // The last token is written, but never looked at.
  if (prompt.length + tokens - 1 <= context) return;
  throw new RangeError(
    `Cannot ${action}: expected at most ${context + 1} tokens, the context of the model and one, ` +
      `got ${prompt.length} to go on with and ${tokens} to write`,
  );
}
