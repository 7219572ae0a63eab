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

/**
 * Reads a history.
 *
 * @param path A file of JSON lines; one that is not there is an empty history.
 * @throws {SyntaxError} When a line is not JSON; names the line.
 */
export async function readHistory(path: string | URL): Promise<Entry[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").flatMap((line, i) =>
    line.trim() === "" ? [] : [parse(line, path, i + 1)]
  );
}

function parse(line: string, path: string | URL, number: number): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    throw new SyntaxError(`Cannot read ${path}: line ${number} must be JSON; repair or remove it`);
  }
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
