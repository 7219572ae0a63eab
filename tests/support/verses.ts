/** A text for tests, made from a seed: numbered lines of words that follow each other by habit. */

import { Random } from "../../core/mod.ts";

const SUBJECTS = ["the king", "the shepherd", "a prophet", "the people", "she"];
const VERBS = ["said unto", "went up to", "beheld", "gave bread to"];
const OBJECTS = ["the city", "his brother", "the elders", "the sea", "them"];

/** That many lines. */
export function verses(seed: number, lines: number): string {
  const random = new Random(seed);
  const of = (words: readonly string[]) => words[random.integer(words.length)]!;
  const line = (_: unknown, i: number) =>
    `${1 + i % 40} And ${of(SUBJECTS)} ${of(VERBS)} ${of(OBJECTS)}, and ${of(VERBS)} ${
      of(OBJECTS)
    }.\n`;
  return Array.from({ length: lines }, line).join("");
}
