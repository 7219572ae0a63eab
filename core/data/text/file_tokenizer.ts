/**
 * Tokenizers from a `tokenizer.json`, run by the package `@huggingface/tokenizers` (Apache-2.0).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { importPackage } from "../../import_package.ts";
import { brief, fileInfo, isRecord, plainJson, readText, shorten } from "../../io/mod.ts";
import { byteTokenizer } from "./byte_tokenizer.ts";
import type { EncodeOptions, Tokenizer } from "./tokenizer.ts";

type Package = typeof import("@huggingface/tokenizers");
type Model = InstanceType<Package["Tokenizer"]>;

/** Types of models that the package runs; it takes others for something that they are not. */
const MODELS = ["BPE", "WordPiece", "Unigram"];
/** Name of the file in folders of models. */
const FILE = "tokenizer.json";

/**
 * A tokenizer by its name.
 *
 * @param name "bytes", or a `tokenizer.json`, or the folder of one.
 * @throws {Error} When the file is missing, damaged or asks for what is not supported, or the package
 * that runs it cannot be had.
 */
export async function openTokenizer(name: string): Promise<Tokenizer> {
  if (name === byteTokenizer.name) return byteTokenizer;
  const path = (await fileInfo(name)).isDirectory ? join(name, FILE) : name;
  const text = await readText(path);
  const json = plainJson(text, path);
  requireKnownModel(json, path);
  const { Tokenizer } = await importPackage<Package>("npm:@huggingface/tokenizers@0.2.0");
  const sha256 = createHash("sha256").update(text).digest("hex");
  try {
    return new FileTokenizer(path, sha256, new Tokenizer(json as object, {}));
  } catch (error) {
    const reason = shorten(error instanceof Error ? error.message : String(error));
    throw new Error(
      `Cannot read ${path}: expected a tokenizer of a type that @huggingface/tokenizers knows, ` +
        `got one that it refuses (${reason})`,
      { cause: error },
    );
  }
}

function requireKnownModel(json: unknown, path: string): void {
  const model = isRecord(json) ? json.model : undefined;
  // Files of the first versions leave the type to be seen from the rest.
  const type = isRecord(model) ? model.type ?? MODELS[0] : undefined;
  if (MODELS.some((known) => known === type)) return;
  const got = type === undefined ? "none" : brief(type);
  throw new Error(
    `Cannot read ${path}: expected a model of type ${MODELS.join(", ")}, got ${got}`,
  );
}

class FileTokenizer implements Tokenizer {
  readonly name: string;
  readonly sha256: string;
  readonly vocabulary: number;
  readonly #model: Model;

  constructor(name: string, sha256: string, model: Model) {
    this.name = name;
    this.sha256 = sha256;
    this.#model = model;
    this.vocabulary = [...model.get_vocab().values()].reduce((n, id) => Math.max(n, id + 1), 0);
  }

  encode(text: string, { special = false }: EncodeOptions = {}): Int32Array {
    const { ids, tokens } = this.#model.encode(text, { add_special_tokens: special });
    return Int32Array.from(ids, (id, i) => {
      if (Number.isInteger(id) && id >= 0) return id;
      throw new RangeError(
        `Cannot encode with ${this.name}: expected a token for all of the text, ` +
          `got none for ${shorten(JSON.stringify(tokens[i]))}`,
      );
    });
  }

  decode(ids: ArrayLike<number>): string {
    const list = Array.from(ids);
    const unknown = list.find((id) => this.#model.id_to_token(id) === undefined);
    if (unknown !== undefined) {
      throw new RangeError(`Cannot decode token ${unknown}: ${this.name} has none of that number`);
    }
    // The package refuses an empty list, and by default joins punctuation that the decoder kept apart.
    if (list.length === 0) return "";
    return this.#model.decode(list, { clean_up_tokenization_spaces: false });
  }
}
