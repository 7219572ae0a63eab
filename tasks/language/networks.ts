/**
 * The GPTs of recipes, as options say, and what they keep of a token.
 *
 * @module
 */

import { choose } from "../../core/mod.ts";
import { type AttentionLayer, attentions, gpt, type LanguageModel } from "../../layers/mod.ts";
import { methods } from "../methods.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";

/** Defaults of what decides a network. */
export const gptDefaults = {
  width: 128,
  heads: 4,
  blocks: 4,
  attention: "mha",
  positions: "rotary", // learnt ones are far behind in short runs
  bias: false,
  dropout: 0,
  format: "dense", // of all matrices in blocks
  rank: 32, // at the start
};

/** What decides a network. */
export type GptChoice = ParsedOptions<typeof gptDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function gptSchema(): Required<OptionSchema<typeof gptDefaults>> {
  const count = (description: string) => ({ integer: true, min: 1, description });
  return {
    width: count("entries of a token"),
    heads: count("heads; divide the width"),
    blocks: count("blocks"),
    attention: { choiceOf: attentions, description: "kind of attention" },
    positions: { oneOf: ["rotary", "learned", "none"], description: "how a token knows its place" },
    bias: { description: "whether maps and norms add something, too" },
    dropout: { min: 0, below: 1, description: "share of entries that dropout sets to zero" },
    format: {
      oneOf: formats(),
      description: "form of all matrices in blocks; the table of tokens is full",
    },
    rank: count("their rank at the start"),
  };
}

/** Forms that methods give to matrices alone, and others make of kernels. */
function formats(): string[] {
  const all = methods.list().filter(({ afterwards }) => !afterwards).map(({ format }) => format);
  return [...new Set(all)].filter((format) => !format.includes("tucker"));
}

/** The network that options mean. */
export function gptOf(
  o: GptChoice,
  { vocabulary, length }: { readonly vocabulary: number; readonly length: number },
): LanguageModel {
  const { width, heads, blocks, bias, dropout, format, rank, positions } = o;
  return gpt({
    ...{ vocabulary, context: length, width, heads, blocks, bias, dropout },
    attention: choose(attentions, o.attention),
    positions: positions === "rotary" ? {} : positions as "learned" | "none",
    matrices: { format, ...(format === "dense" ? {} : { rank }) },
  });
}

/** Bytes that a cache keeps of a token: in all blocks, float32. */
export function cacheBytes({ parts: { blocks } }: LanguageModel, o: GptChoice): number {
  const layer: AttentionLayer = choose(attentions, o.attention).create({
    ...{ name: "attention", width: o.width, heads: o.heads },
  });
  return 4 * blocks.length * layer.kept;
}
