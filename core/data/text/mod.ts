/**
 * Texts as data sets: files, tokenizers, windows.
 *
 * @module
 */

export { byteTokenizer } from "./byte_tokenizer.ts";
export { openTokenizer } from "./file_tokenizer.ts";
export { type LabelledTexts, type LabelledTextsOptions, readLabelledTexts } from "./labelled.ts";
export { decodeText, readTextFiles } from "./text_files.ts";
export { type TextSettings, textSource } from "./text_source.ts";
export type { EncodeOptions, Tokenizer } from "./tokenizer.ts";
