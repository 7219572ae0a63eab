/** Running recipes within the process of the test. */

import { recipes, type TextSink } from "../../tasks/mod.ts";

/** A sink of 80 columns that is no terminal, and what was written to it. */
export function recorder(): { sink: TextSink; text: () => string } {
  let written = "";
  const write = (s: string): void => void (written += s);
  const sink = { isTerminal: false, color: false, columns: () => 80, write };
  return { sink, text: () => written };
}

/** Runs a recipe; the exit code and what was written. */
export async function runRecipe(
  name: string,
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<{ code: number; text: string }> {
  const { sink, text } = recorder();
  const code = await recipes.get(name).run(args, { sink, signal });
  return { code, text: text() };
}
