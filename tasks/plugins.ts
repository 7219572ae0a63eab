/**
 * Loading plugins of the user: `--plugin ./mine.ts`.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
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

/** Files that were loaded, by absolute path in the order of loading. */
const loaded = new Set<string>();

/** What a run's config.json says of the plugins that were loaded; empty where there were none. */
export function pluginRecord(): { readonly plugins?: readonly string[] } {
  return loaded.size === 0 ? {} : { plugins: [...loaded] };
}

/**
 * Refuses to go on with a run whose plugins are not loaded. A file that was moved counts as loaded
 * where its name is that of one that is.
 *
 * @param action What cannot be done otherwise, such as "resume runs/a".
 * @param folder Of the run; one that cannot be read is left to whoever opens it.
 * @throws {UsageError} Naming the files that are missing.
 */
export async function requirePluginsOf(action: string, folder: string): Promise<void> {
  const here = new Set([...loaded].map((path) => basename(path)));
  const missing = (await pluginsOf(folder)).filter((path) => !here.has(basename(path)));
  if (missing.length === 0) return;
  const flags = missing.map((path) => `--plugin ${path}`).join(" ");
  throw new UsageError(`Cannot ${action}: the run was made with other plugins, add ${flags}`);
}

async function pluginsOf(folder: string): Promise<string[]> {
  try {
    const { plugins } = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
    return Array.isArray(plugins) ? plugins.filter((path) => typeof path === "string") : [];
  } catch {
    return [];
  }
}

/**
 * The one line about an error that the code of a loaded plugin threw, or that what it called threw;
 * undefined for errors from elsewhere.
 */
export function faultOfPlugin(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const own = frames.findIndex((line) => fileIn(line) !== undefined);
  // Deeper frames only led to the call: a recipe of a plugin calls everything.
  if (own < 0 || (own > 0 && /^\s+at async /.test(frames[own]!))) return undefined;
  const line = /:(\d+):\d+\)?$/.exec(frames[own]!)?.[1];
  const [message] = error.message.split("\n");
  return `Cannot use plugin ${fileIn(frames[own]!)}: line ${line}: ${error.name}: ${message}`;
}

/** The plugin file that a frame of a stack is in. */
function fileIn(frame: string): string | undefined {
  return [...loaded].find((path) => frame.includes(`${pathToFileURL(path).href}:`));
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
  loaded.add(path);
}
