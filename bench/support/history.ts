import { fileURLToPath } from "node:url";
import {
  aBoolean,
  aNumber,
  aRecord,
  aText,
  byName,
  checked,
  type Expectation,
  oneOf,
  optional,
  plainJson,
  readText,
  unlessMissing,
} from "../../core/io/mod.ts";
import type { Machine, Revision } from "./machine.ts";

/** One measured quantity of a bench. */
export interface Figure {
  /** Middle value. */
  readonly median: number;
  /** Three quarters are at most this; absent for quantities that are measured once. */
  readonly p75?: number;
  /** Smallest value; absent for quantities that are measured once. */
  readonly min?: number;
  /** Unit of the values. */
  readonly unit: "s" | "B";
}

/** One line of the history: one bench in one run. */
export interface Entry extends Revision {
  /** Time of the run, ISO 8601. */
  readonly date: string;
  /** Where it ran. */
  readonly machine: Machine;
  /** Version of Deno. */
  readonly deno: string;
  /** Name of the bench. */
  readonly bench: string;
  /** Backend that was asked for; absent: those of the bench. */
  readonly backend?: string;
  /** Whether it was a quick run, whose figures are rough. */
  readonly quick: boolean;
  /** Results by variant; names of variants carry backend and threads. */
  readonly figures: Readonly<Record<string, Figure>>;
}

const entry: Expectation<Entry> = aRecord<Entry>({
  date: aText,
  commit: aText,
  dirty: aBoolean,
  machine: aRecord<Machine>({ cpu: aText, cores: aNumber, os: aText }),
  deno: aText,
  bench: aText,
  backend: optional(aText),
  quick: aBoolean,
  figures: byName(aRecord<Figure>({
    median: aNumber,
    p75: optional(aNumber),
    min: optional(aNumber),
    unit: oneOf("s", "B"),
  })),
});

/**
 * Reads a history.
 *
 * @param path A file of JSON lines; one that is not there is an empty history.
 * @throws {Error} "Cannot read PATH line N: expected …" when a line is no entry.
 */
export async function readHistory(path: string | URL): Promise<Entry[]> {
  const file = typeof path === "string" ? path : fileURLToPath(path);
  const text = await unlessMissing(() => readText(file)) ?? "";
  return text.split("\n").flatMap((line, i) => {
    const source = `${file} line ${i + 1}`;
    return line.trim() === "" ? [] : [checked(entry, plainJson(line, source), source)];
  });
}

/** Appends one line. */
export async function appendHistory(path: string | URL, entry: Entry): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(entry)}\n`, { append: true });
}

/** The last entry of the same bench, machine, backend and kind of run; undefined: the first one. */
export function previousOf(history: readonly Entry[], entry: Entry): Entry | undefined {
  const key = (e: Entry): string =>
    JSON.stringify([e.bench, e.backend, e.quick, e.machine.cpu, e.machine.cores, e.machine.os]);
  return history.findLast((e) => key(e) === key(entry));
}
