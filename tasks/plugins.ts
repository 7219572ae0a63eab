/**
 * Loading plugins of the user: `--plugin ./mine.ts`.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./usage_error.ts";

/**
 * Takes every `--plugin FILE` out of the arguments and imports the files, which register what they
 * bring when they are loaded.
 *
 * @param args Arguments as typed.
 * @returns The other arguments.
 * @throws {UsageError} When a file is missing or fails to load; the message says why.
 */
export async function loadPlugins(args: readonly string[]): Promise<string[]> {
  const rest: string[] = [];
  const files: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--plugin") files.push(args[++i] ?? "");
    else if (arg.startsWith("--plugin=")) files.push(arg.slice("--plugin=".length));
    else rest.push(arg);
  }
  for (const file of files) await loadPlugin(file);
  return rest;
}

/** What is wrong and where, without the source excerpt between. */
function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [what, ...rest] = text.split("\n").map((line) => line.trim());
  const where = rest.find((line) => line.startsWith("at "));
  return where === undefined ? what! : `${what} ${where}`;
}

async function loadPlugin(file: string): Promise<void> {
  if (file === "") throw new UsageError("Cannot load a plugin: expected --plugin FILE");
  const path = resolve(file);
  try {
    await Deno.stat(path);
  } catch {
    throw new UsageError(`Cannot load plugin ${file}: there is no such file`);
  }
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UsageError(`Cannot load plugin ${file}: ${oneLine(error)}`, { cause: error });
  }
}
