/**
 * Puzzles: sequences with an answer, made exactly and from a seed, that show what a network of
 * attention has learnt.
 *
 * @module
 */

export { addition } from "./addition.ts";
export { brackets } from "./brackets.ts";
export { copying } from "./copying.ts";
export { needle } from "./needle.ts";
export { recall, type RecallSettings } from "./recall.ts";
export { sorting } from "./sorting.ts";
