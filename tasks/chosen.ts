import { choose, type Registry, splitChoices, type Tunable } from "../core/mod.ts";

/** The plugins that a text chooses, or all of them in place of the name "all"; each once. */
export function chosen<T extends Tunable<T>>(table: Registry<T>, text: string): T[] {
  if (text === "all") return table.list();
  // Two names may be those of one.
  return [...new Set(splitChoices(text).map((part) => choose(table, part)))];
}
