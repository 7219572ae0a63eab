import { createHash } from "node:crypto";
import { basename } from "node:path";
import { aRecord, aText, checked, type Expectation, plainJson } from "../../io/mod.ts";
import { type Examples, examplesOf } from "../examples.ts";
import { decodeText, readTextFiles } from "./text_files.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Of so many lines in a row the last one is kept back to measure on. */
const LINES = 10;

/** Texts, each with a label. */
export interface LabelledTexts {
  /** Name of the file. */
  readonly name: string;
  /** Names of the classes, in their order. */
  readonly classNames: readonly string[];
  /**
   * What to train on: `x` has ids, as many as the longest text and 0 behind shorter ones, `mask` 1
   * where there is a token, `y` the class.
   */
  readonly train: Examples;
  /** What to measure on: every tenth line. */
  readonly test: Examples;
  /** SHA-256 of texts and tokenizer, hexadecimal. */
  readonly sha256: string;
}

/** How {@linkcode readLabelledTexts} reads. */
export interface LabelledTextsOptions {
  /** Makes ids. */
  readonly tokenizer: Tokenizer;
  /** Tokens of an example at most, the marks around a text included: longer ones lose their end. */
  readonly context: number;
  /** Classes that a model knows: kept where all labels are among them, or numbers of them. */
  readonly classNames: readonly string[];
  /** Examples to train on, the first ones; default: all. */
  readonly trainCount?: number;
  /** Examples to measure on, the first ones; default: all. */
  readonly testCount?: number;
}

type Line = { readonly text: string; readonly label: string | number };

const aLabel: Expectation<string | number> = {
  what: "a text or a whole number ≥ 0",
  fault(value, path) {
    if (typeof value === "string" || Number.isSafeInteger(value) && value as number >= 0) return;
    return `expected a text or a whole number ≥ 0 "${path}", got ${
      JSON.stringify(value) ?? "none"
    }`;
  },
};
const aLine = aRecord<Line>({ text: aText, label: aLabel });

/**
 * Reads texts with labels as other libraries write them line by line: `{"text": "…", "label": …}`,
 * a name or a number.
 *
 * @param path JSON lines, plain or gzip.
 * @throws {Error} When a line is something else, there are fewer than two, or all have one label.
 *
 * @example Two texts of two kinds
 * ```ts
 * import { byteTokenizer, readLabelledTexts } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"text": "ab", "label": "good"}\n{"text": "c", "label": "bad"}\n');
 * const options = { tokenizer: byteTokenizer, context: 8, classNames: [] };
 * const { classNames, train, test } = await readLabelledTexts(path, options);
 * assertEquals([classNames, train.count, test.count], [["bad", "good"], 1, 1]);
 * await Deno.remove(path);
 * ```
 */
export async function readLabelledTexts(
  path: string,
  { tokenizer, context, classNames: known, ...counts }: LabelledTextsOptions,
): Promise<LabelledTexts> {
  const whole = await readTextFiles(path);
  const lines = linesOf(path, decodeText(path, whole));
  const classNames = classesOf(lines, known);
  if (classNames.length < 2) {
    throw new Error(`Cannot learn labels of ${path}: expected two or more, got "${classNames}"`);
  }
  const ids = lines.map(({ text }) => idsOf(tokenizer, text, context));
  const length = Math.max(...ids.map((own) => own.length));
  const part = (isTest: boolean, count: number | undefined): Examples => {
    const places = lines.flatMap((_, i) => isKept(i, lines.length) === isTest ? [i] : []);
    if (count !== undefined && count > places.length) {
      throw new RangeError(
        `Cannot take ${count} texts of ${path} to ${isTest ? "measure" : "train"} on: ` +
          `expected at most ${places.length}`,
      );
    }
    const taken = places.slice(0, count);
    const [x, mask] = [
      new Int32Array(taken.length * length),
      new Uint8Array(taken.length * length),
    ];
    taken.forEach((place, i) => {
      x.set(ids[place]!, i * length);
      mask.fill(1, i * length, i * length + ids[place]!.length);
    });
    const y = Int32Array.from(taken, (place) => classOf(lines[place]!.label, classNames));
    return examplesOf({
      x: { data: x, shape: [length] },
      mask: { data: mask, shape: [length] },
      y: { data: y, shape: [] },
    });
  };
  return {
    ...{ name: basename(path), classNames },
    ...{ train: part(false, counts.trainCount), test: part(true, counts.testCount) },
    sha256: createHash("sha256").update(whole).update(tokenizer.sha256).digest("hex"),
  };
}

function linesOf(path: string, text: string): readonly Line[] {
  const lines = text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const source = `${path}, line ${i + 1}`;
    return [checked(aLine, plainJson(line, source, 'JSON, {"text": …, "label": …}'), source)];
  });
  if (lines.length >= 2) return lines;
  throw new Error(
    `Cannot learn labels of ${path}: expected two lines or more, got ${lines.length}`,
  );
}

/** Every tenth line, or the last one where there are fewer. */
function isKept(line: number, lines: number): boolean {
  return lines < LINES ? line === lines - 1 : line % LINES === LINES - 1;
}

function classesOf(lines: readonly Line[], known: readonly string[]): readonly string[] {
  const labels = [...new Set(lines.map(({ label }) => label))];
  const numbers = labels.filter((label) => typeof label === "number");
  if (numbers.length === labels.length) {
    const count = Math.max(...numbers) + 1;
    return count <= known.length ? known : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
  }
  const names = labels.map(String);
  return names.every((name) => known.includes(name)) ? known : names.sort();
}

function classOf(label: string | number, names: readonly string[]): number {
  return typeof label === "number" && label < names.length ? label : names.indexOf(String(label));
}

/** Ids with marks around; of a long text as many as there is room for, with the marks behind it. */
function idsOf(tokenizer: Tokenizer, text: string, context: number): Int32Array {
  const ids = tokenizer.encode(text, { special: true });
  if (ids.length <= context) return ids;
  const plain = tokenizer.encode(text);
  const marks = ids.length - plain.length;
  const before =
    Array.from({ length: marks + 1 }, (_, n) => n).find((n) =>
      plain.every((id, i) => id === ids[n + i])
    ) ?? marks;
  const behind = ids.subarray(before + plain.length);
  return Int32Array.of(...ids.subarray(0, context - behind.length), ...behind);
}
