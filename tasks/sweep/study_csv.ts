/**
 * The results of a sweep over a recipe that trains nothing, as one table for whoever fits models to
 * them.
 *
 * @module
 */

import type { CellResult } from "./results.ts";

/** Parts of a summary that say how it was computed and not what came out. */
const NOT_FOUND = new Set(["recipe", "seed", "backend", "seconds"]);

/** Whether results are those of a study: there are some, and none tells how networks did. */
export function areStudies(results: readonly CellResult[]): boolean {
  const summaries = results.flatMap(({ summary }) => summary ? [summary] : []);
  return summaries.length > 0 && summaries.every(({ measures }) => measures === undefined);
}

/**
 * Comma-separated values: a row for each run, first what was varied, then every number that its
 * summary holds, by its path there. Cells are empty where a run has no such number.
 */
export function studyCsv(results: readonly CellResult[]): string {
  const found = results.map(({ summary }) => new Map(numbersIn(summary ?? {}, [])));
  const varied = [...new Set(results.flatMap(({ values }) => Object.keys(values)))];
  const paths = [...new Set(found.flatMap((numbers) => [...numbers.keys()]))];
  const rows = results.map(({ values }, k) => [
    ...varied.map((option) => quoted(values[option] ?? "")),
    ...paths.map((path) => String(found[k]!.get(path) ?? "")),
  ]);
  const heads = [...varied, ...paths].map(quoted);
  return [heads, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function numbersIn(value: unknown, path: readonly string[]): [path: string, value: number][] {
  if (typeof value === "number") return [[path.join("."), value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !NOT_FOUND.has(key))
    .flatMap(([key, inner]) => numbersIn(inner, [...path, key]));
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
