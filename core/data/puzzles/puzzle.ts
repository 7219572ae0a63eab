import { createHash } from "node:crypto";
import { checkInteger } from "../../checks.ts";
import { Random } from "../../random.ts";
import { type Examples, examplesOf } from "../examples.ts";
import { type LoadSequencesOptions, type SequenceData, UNASKED } from "../sequences.ts";

/** Examples where nobody says how many: those of 400 steps of 64, and enough for a percent. */
const TRAIN_COUNT = 25_600;
const TEST_COUNT = 500;
const MOST = 1_000_000;

/** A puzzle whose examples end with an answer. */
export interface Puzzle {
  /** Registry name. */
  readonly name: string;
  /** Ids are below it. */
  readonly vocabulary: number;
  /** Tokens of an example with its answer. */
  readonly tokens: number;
  /** Tokens of the answer. */
  readonly answer: number;
  /** Draws an example, the answer last. */
  draw(random: Random): readonly number[];
}

/** Draws a puzzle's examples: those to measure on come from a stream of their own. */
export function drawn(
  puzzle: Puzzle,
  { seed, trainCount = TRAIN_COUNT, testCount = TEST_COUNT }: LoadSequencesOptions,
): SequenceData {
  const root = new Random(seed).fork(puzzle.name);
  const part = (name: string, count: number) => {
    const random = root.fork(name);
    return Array.from({ length: checkedCount(count) }, () => puzzle.draw(random));
  };
  return puzzleData(puzzle, part("train", trainCount), part("test", testCount));
}

/** The data of examples that are there, each with its answer at the end. */
export function puzzleData(
  { name, vocabulary, tokens, answer }: Omit<Puzzle, "draw">,
  train: readonly (readonly number[])[],
  test: readonly (readonly number[])[],
): SequenceData {
  const hash = createHash("sha256");
  const parts = [train, test].map((part) => Int32Array.from(part.flat()));
  for (const part of parts) hash.update(`${part.length} `).update(part);
  const [first, second] = parts.map((part) => questions(part, tokens, answer)) as [
    Examples,
    Examples,
  ];
  const length = tokens - 1;
  return {
    name,
    vocabulary,
    length,
    train: first,
    test: second,
    answers: true,
    sha256: hash.digest("hex"),
  };
}

function questions(ids: Int32Array, tokens: number, answer: number): Examples {
  const length = tokens - 1;
  const labels = Int32Array.from({ length: ids.length / tokens * length }, (_, i) => {
    const place = i % length;
    return place < length - answer ? UNASKED : ids[Math.floor(i / length) * tokens + place + 1]!;
  });
  return examplesOf({
    x: { data: ids, shape: [length], stride: tokens },
    y: { data: labels, shape: [length] },
  });
}

/**
 * Lets a sensible number of examples pass.
 *
 * @throws {RangeError} When it is not an integer from 1 to 1,000,000.
 */
export function checkedCount(count: number): number {
  return checkInteger("make a puzzle's examples", "their number", count, { least: 1, most: MOST });
}
