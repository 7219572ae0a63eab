import { createHash } from "node:crypto";
import { basename } from "node:path";
import { checkInteger } from "../../checks.ts";
import { tunable, type Tuned } from "../../tunable.ts";
import type { Examples } from "../examples.ts";
import {
  type LoadSequencesOptions,
  type SequenceData,
  sequenceDatasets,
  type SequenceSource,
} from "../sequences.ts";
import { windowsOf } from "../windows.ts";
import { byteTokenizer } from "./byte_tokenizer.ts";
import { openTokenizer } from "./file_tokenizer.ts";
import { encodeText, splitText } from "./parts.ts";
import { decodeText, readTextFiles } from "./text_files.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Settings of the source of texts. */
export type TextSettings = {
  /** Tokens from the start of one training example to that of the next. */
  readonly stride: number;
  /** Tokens that a measurement predicts, at most. */
  readonly validation: number;
};

/**
 * Texts of the user: a file, or the `.txt` and `.txt.gz` files of a folder. Every tenth block of
 * 16,384 bytes is kept back; a measurement goes through windows of it that do not overlap and lie
 * evenly in it, training takes windows from anywhere in the rest.
 */
export const textSource: Tuned<SequenceSource, TextSettings> = tunable(sequenceDatasets, {
  name: "text",
  description: "the next token of a text: --data FILE or FOLDER",
  defaults: { stride: 1, validation: 65_536 },
  limits: {
    stride: {
      integer: true,
      min: 1,
      description: "tokens from one training example to the next",
    },
    validation: { integer: true, min: 1, description: "tokens that a measurement predicts" },
  },
  make: (settings) => ({ load: (options) => load(settings, options) }),
});

async function load(
  { stride, validation }: TextSettings,
  { path, tokenizer: name, context = 128, trainCount, testCount, signal }: LoadSequencesOptions,
): Promise<SequenceData> {
  checkInteger("load a text", "context", context);
  if (!path) {
    throw new Error("Cannot load a text: expected a file or a folder, name it with --data PATH");
  }
  const whole = await readTextFiles(path);
  signal?.throwIfAborted();
  const tokenizer = await openTokenizer(name || byteTokenizer.name);
  const parts = splitText(whole, tokenizer !== byteTokenizer);
  const ids = (bytes: Uint8Array) => idsOf(path, bytes, tokenizer, signal);
  const [train, kept] = [await ids(parts.train), await ids(parts.validation)];
  requireLength(path, "train on", train, context);
  requireLength(path, "measure on", kept, context);
  const { vocabulary, sha256 } = tokenizer;
  return {
    name: basename(path),
    vocabulary,
    length: context,
    train: windowsOf(train, context, stride, trainCount),
    test: validationWindows(kept, context, testCount ?? Math.floor(validation / context)),
    answers: false,
    tokenizer,
    bytesPerToken: parts.validation.length / kept.length,
    sha256: createHash("sha256").update(whole).update(sha256).digest("hex"),
  };
}

async function idsOf(
  path: string,
  bytes: Uint8Array,
  tokenizer: Tokenizer,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | Int32Array> {
  // Bytes need not be UTF-8, and take a quarter of the room of ids.
  if (tokenizer === byteTokenizer) return bytes;
  return await encodeText(tokenizer, decodeText(path, bytes), signal);
}

function requireLength(path: string, why: string, { length }: ArrayLike<number>, context: number) {
  if (length > context) return;
  throw new RangeError(
    `Cannot use the text ${path}: expected ${
      context + 1
    } tokens or more to ${why} with a context ` +
      `of ${context}, got ${length}`,
  );
}

/** Windows that do not overlap, at most so many, spread over the whole. */
function validationWindows(
  ids: Uint8Array | Int32Array,
  context: number,
  most: number,
): Examples {
  const all = Math.floor((ids.length - 1) / context);
  const count = Math.min(all, Math.max(1, most));
  return windowsOf(ids, context, context * Math.floor(all / count), count);
}
