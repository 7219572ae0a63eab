/**
 * Sentences of a small grammar: a text of which it is known how well it can be predicted.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Random } from "../../core/mod.ts";

/** What a sentence is made of: fixed words, and lists of which one is drawn. */
const GRAMMAR: readonly (string | readonly string[])[] = [
  "the ",
  ["patient", "stubborn", "curious", "quiet", "eager", "weary", "nimble", "grave"],
  " ",
  ["baker", "sailor", "weaver", "doctor", "farmer", "painter", "hunter", "judge"],
  " ",
  ["finds", "mends", "hides", "draws", "buys", "loses", "weighs", "guards"],
  " a ",
  ["copper", "wooden", "broken", "silver", "narrow", "painted", "heavy", "little"],
  " ",
  ["kettle", "ladder", "mirror", "basket", "violin", "anchor", "window", "lantern"],
  ".\n",
];

/**
 * Some sentences, one a line.
 *
 * @param count How many.
 * @param random Where the draws come from.
 */
export function sentences(count: number, random: Random): string {
  const draw = (words: readonly string[]): string => words[random.integer(words.length)]!;
  const one = (): string => GRAMMAR.map((w) => typeof w === "string" ? w : draw(w)).join("");
  return Array.from({ length: count }, one).join("");
}

/**
 * Entropy of these sentences in bits per character: what a model that knows the grammar needs, and
 * none falls below. Draws are independent and uniform, so it is Σ log₂ nᵢ over the mean length.
 */
export function sentenceEntropy(): number {
  const lists = GRAMMAR.map((w) => typeof w === "string" ? [w] : w);
  const bits = lists.reduce((sum, words) => sum + Math.log2(words.length), 0);
  const length = lists.reduce((sum, w) => sum + w.join("").length / w.length, 0);
  return bits / length;
}

/** SHA-256 of a text, in hex. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
