/**
 * A text in parts: what is kept back to measure on, and sections that a tokenizer takes at once.
 *
 * @module
 */

import { joined } from "./joined.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Bytes of a block; of ten in a row the last one is kept back. */
const BLOCK = 16_384;
const BLOCKS = 10;
/** Characters that a tokenizer gets at once: some recurse as deeply as a text is long. */
const SECTION = 50_000;

/** The two parts of a text. */
export interface TextParts {
  /** What to train on. */
  readonly train: Uint8Array;
  /** What is kept back. */
  readonly validation: Uint8Array;
}

/**
 * Cuts a text into blocks of 16,384 bytes, or a tenth of it where that is less, and keeps every
 * tenth one back: both parts see all of a long text, whatever its structure.
 *
 * @param whole Bytes of UTF-8, when characters count.
 * @param characters Never cut within a character; default false.
 */
export function splitText(whole: Uint8Array, characters = false): TextParts {
  const size = Math.max(1, Math.min(BLOCK, Math.floor(whole.length / BLOCKS)));
  const cut = (at: number): number => {
    let end = Math.min(at, whole.length);
    while (characters && end < whole.length && whole[end]! >> 6 === 0b10) end++;
    return end;
  };
  const parts: { train: Uint8Array[]; validation: Uint8Array[] } = { train: [], validation: [] };
  for (let i = 0; i * size < whole.length; i++) {
    const part = i % BLOCKS === BLOCKS - 1 ? parts.validation : parts.train;
    part.push(whole.subarray(cut(i * size), cut((i + 1) * size)));
  }
  const { train, validation } = parts;
  return { train: joined(Uint8Array, train), validation: joined(Uint8Array, validation) };
}

/**
 * The ids of a long text, section by section: a section ends after a line, where there is one, so
 * that most tokenizers find the tokens that they find in the whole. Each section counts as a text of
 * its own where a tokenizer adds something in front.
 *
 * @param signal Ends it between two sections.
 * @throws {RangeError} As {@linkcode Tokenizer.encode} does.
 */
export async function encodeText(
  tokenizer: Tokenizer,
  text: string,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const sections: Int32Array[] = [];
  for (let start = 0; start < text.length;) {
    // Long texts take many seconds: timers and signals must come through.
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    const end = sectionEnd(text, start);
    sections.push(tokenizer.encode(text.slice(start, end)));
    start = end;
  }
  return joined(Int32Array, sections);
}

/** Where a section may end, the best kind first: after a line, between words, between characters. */
const ENDS = [/\S\n(?=\S)/g, /\n/g, /(?=\s)/g, /(?=[^])/gu];

function sectionEnd(text: string, start: number): number {
  if (text.length - start <= SECTION) return text.length;
  const section = text.slice(start, start + SECTION);
  for (const pattern of ENDS) {
    const last = [...section.matchAll(pattern)].at(-1);
    const end = last ? last.index + last[0].length : 0;
    if (end > 0) return start + end;
  }
  return start + SECTION;
}
