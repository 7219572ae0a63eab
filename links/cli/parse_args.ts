import type { Args, ParseOptions } from "./types.ts";

export type { Args, ParseOptions } from "./types.ts";

/** The options in the form that parsing needs: every set closed under aliases. */
interface Grammar {
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  readonly booleans: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  readonly negatable: ReadonlySet<string>;
  readonly allBooleans: boolean;
  readonly unknown: (arg: string, key?: string, value?: unknown) => unknown;
}

type Values = Record<string, unknown> & { _: Array<string | number> };

/**
 * Parses a command line into options by name and remaining words.
 *
 * `--key value`, `--key=value`, `--flag`, `--no-flag` (where negatable), `-k value`, `-k=value`,
 * `-abc`; what follows `--` is taken as it is. A value that starts with `-` must be joined by `=`.
 * Values that look like numbers become numbers unless the option is declared a string.
 *
 * @param args The words of the command line.
 * @param options What is declared.
 * @returns Options by name; `_` holds the other words.
 */
export function parseArgs<const O extends ParseOptions = Record<never, never>>(
  args: readonly string[],
  options?: O & ParseOptions,
): Args<O> {
  const o: ParseOptions = options ?? {};
  const grammar = readGrammar(o);
  const values: Values = { _: [] };
  const split = args.indexOf("--");
  const words = split < 0 ? args : args.slice(0, split);
  const rest = split < 0 ? [] : args.slice(split + 1);
  readWords(words, grammar, values, o.stopEarly ?? false);
  fillDefaults(values, grammar, o.default ?? {});
  if (o["--"]) values["--"] = [...rest];
  else values._.push(...rest);
  return values as unknown as Args<O>;
}

function readGrammar(o: ParseOptions): Grammar {
  const aliases = new Map<string, string[]>();
  for (const [key, others] of Object.entries(o.alias ?? {})) {
    const group = [key, ...asList(others)];
    for (const name of group) aliases.set(name, group.filter((n) => n !== name));
  }
  const closed = (names: ParseOptions["string"]): Set<string> =>
    new Set(asList(names).flatMap((n) => [n, ...aliases.get(n) ?? []]));
  return {
    aliases,
    booleans: closed(typeof o.boolean === "boolean" ? [] : o.boolean),
    strings: closed(o.string),
    lists: closed(o.collect),
    negatable: closed(o.negatable),
    allBooleans: o.boolean === true,
    unknown: o.unknown ?? (() => true),
  };
}

function asList(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  return typeof names === "string" ? [names] : names;
}

function readWords(
  words: readonly string[],
  g: Grammar,
  values: Values,
  stopEarly: boolean,
): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const next = words[i + 1];
    if (word.startsWith("--") && word.length > 2) {
      if (readLong(word, next, g, values)) i++;
    } else if (word.startsWith("-") && word.length > 1) {
      if (readShort(word, next, g, values)) i++;
    } else {
      keepWord(word, g, values);
      if (stopEarly) return void values._.push(...words.slice(i + 1));
    }
  }
}

function keepWord(word: string, g: Grammar, values: Values): void {
  if (g.unknown(word) === false) return;
  values._.push(g.strings.has("_") ? word : toNumber(word));
}

/** Reads `--name…`; returns whether the next word was its value. */
function readLong(word: string, next: string | undefined, g: Grammar, values: Values): boolean {
  const equals = word.indexOf("=", 3);
  if (equals > 0 && equals < word.length - 1) {
    const key = word.slice(2, equals);
    const text = word.slice(equals + 1);
    assign(key, g.booleans.has(key) ? text !== "false" : text, word, g, values);
    return false;
  }
  const key = equals > 0 ? word.slice(2, equals) : word.slice(2);
  if (key.startsWith("no-") && g.negatable.has(key.slice(3))) {
    assign(key.slice(3), false, word, g, values);
    return false;
  }
  return readValue(key, next, word, g, values, g.allBooleans);
}

/** Reads `-x…`, where all letters but the last are flags unless a value follows directly. */
function readShort(word: string, next: string | undefined, g: Grammar, values: Values): boolean {
  for (let i = 1; i < word.length - 1; i++) {
    const letter = word[i]!;
    const rest = word.slice(i + 1);
    const joined = /^=(.+)$/s.exec(rest)?.[1] ?? (/^(-?\d|\W)/.test(rest) ? rest : undefined);
    if (joined !== undefined) {
      assign(letter, joined, word, g, values);
      return false;
    }
    assign(letter, g.strings.has(letter) ? "" : true, word, g, values);
  }
  return readValue(word.at(-1)!, next, word, g, values, false);
}

/** Gives an option its next word, or the value of an option without one. */
function readValue(
  key: string,
  next: string | undefined,
  word: string,
  g: Grammar,
  values: Values,
  onlyFlags: boolean,
): boolean {
  const flag = onlyFlags || g.booleans.has(key);
  if (flag && (next === "true" || next === "false")) {
    assign(key, next === "true", word, g, values);
    return true;
  }
  if (!flag && next !== undefined && next !== "" && !next.startsWith("-")) {
    assign(key, next, word, g, values);
    return true;
  }
  assign(key, g.strings.has(key) ? "" : true, word, g, values);
  return false;
}

function assign(
  key: string,
  value: string | boolean,
  word: string,
  g: Grammar,
  values: Values,
): void {
  const declared = g.booleans.has(key) || g.strings.has(key) || g.aliases.has(key) ||
    (g.allBooleans && /^--[^=]+$/.test(word));
  if (!declared && g.unknown(word, key, value) === false) return;
  const kept = typeof value === "string" && !g.strings.has(key) ? toNumber(value) : value;
  for (const name of [key, ...g.aliases.get(key) ?? []]) {
    const before = values[name];
    values[name] = g.lists.has(name) && value !== false
      ? [...(Array.isArray(before) ? before : []), kept]
      : kept;
  }
}

function fillDefaults(
  values: Values,
  g: Grammar,
  defaults: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(defaults)) {
    for (const name of [key, ...g.aliases.get(key) ?? []]) {
      if (!Object.hasOwn(values, name)) values[name] = value;
    }
  }
  for (const name of g.booleans) {
    if (!Object.hasOwn(values, name)) values[name] = g.lists.has(name) ? [] : false;
  }
  for (const name of g.strings) {
    if (g.lists.has(name) && !Object.hasOwn(values, name)) values[name] = [];
  }
}

function toNumber(text: string): string | number {
  const number = /^0x[0-9a-f]+$/i.test(text) ||
    /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text);
  return number ? Number(text) : text;
}
