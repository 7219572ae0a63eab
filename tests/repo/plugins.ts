import { Registry } from "../../core/registry.ts";
import { root, sourceFiles } from "./files.ts";

/** Plugin names with the top-level folder whose module registers them. */
export type PluginNames = ReadonlyMap<string, string>;

/** Modules that may hold registries: the mod.ts files of library folders. */
async function registryModules(): Promise<string[]> {
  const files = await sourceFiles();
  return files.filter((f) => /^(?:core|layers|optimizers|tasks)\/(?:.+\/)?mod\.ts$/.test(f));
}

/** The plugins themselves with their names. */
export type PluginValues = ReadonlyMap<unknown, string>;

/** Loads the library and lists the plugins of every registry it exports. */
export async function readPlugins(): Promise<{ names: PluginNames; values: PluginValues }> {
  const names = new Map<string, string>();
  const values = new Map<unknown, string>();
  for (const path of await registryModules()) {
    for (const value of Object.values(await exportsOf(path))) {
      if (!(value instanceof Registry)) continue;
      for (const name of value.known()) {
        if (!names.has(name)) names.set(name, path.slice(0, path.indexOf("/")));
      }
      for (const plugin of value.list()) values.set(plugin, plugin.name);
    }
  }
  return { names, values };
}

async function exportsOf(path: string): Promise<Record<string, unknown>> {
  return await import(new URL(path, root).href) as Record<string, unknown>;
}

/** Plugins that stand in where a setting is absent, by the driver that takes them. */
export const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  "core/adapters/mover.ts": ["optimizer"],
  "core/adapters/network.ts": ["dense", "frozen"],
  "core/training/compression.ts": ["dense"],
  "core/training/tucker_update.ts": ["augmented-tucker-bug"],
};

/** Bindings that a source text imports to use: their names with the specifier they come from. */
export function importedBindings(text: string): { name: string; from: string }[] {
  const statements = withoutComments(text).matchAll(/^import \{([^}]*)\} from "(\.[^"]+)";/gm);
  return [...statements].flatMap(([, names, from]) =>
    names!.split(",").map((name) => name.trim().split(" as ")[0]!)
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => ({ name, from: from! }))
  );
}

/**
 * Plugins that a file takes as values.
 *
 * @param path Of the file, relative to the root.
 * @param text Its source.
 */
export async function importedPlugins(
  path: string,
  text: string,
  values: PluginValues,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name, from } of importedBindings(text)) {
    const target = new URL(from, new URL(path, root)).href.slice(root.href.length);
    // What opens an engine is loaded when it is used; backends register in their mod.ts.
    if (target.startsWith("core/backend/") && !target.endsWith("/mod.ts")) continue;
    const plugin = values.get((await exportsOf(target))[name]);
    if (plugin !== undefined) found.push(plugin);
  }
  return found;
}

/** Plugin names that are also plain words of core/, with what else they mean there. */
export const PLAIN_WORDS: Readonly<Record<string, string>> = {
  attention: "an operation of the engine, of that name in the literature",
  bias: "what is added behind a linear map",
  none: "nothing is there, in messages",
  plain: "kernels without more, in the names of LAPACK's blocks",
  shape: "the extents of an array",
  step: "one update of the weights, in events and metrics",
};

/**
 * Whether a file is a driver: it runs plugins of a kind it must know nothing about. These are the
 * trainer and the files of core/integrators/; the modules that register plugins are left out.
 */
export function isDriver(path: string): boolean {
  return /^core\/(?:training|integrators)\/.+\.ts$/.test(path) && !path.endsWith("/mod.ts");
}

/**
 * Names of the plugins that a source text defines: values with a literal `name`, or made by a
 * call whose first arguments are the name and the description.
 */
export function definedPlugins(text: string): string[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/\bname: "([a-z0-9-]+)"/g),
    ...code.matchAll(/\(\s*"([a-z0-9-]+)",\s*"[^"]* /g),
  ];
  return found.map((m) => m[1]!);
}

/** Source without comments: what drivers may mention in their documentation is not code. */
export function withoutComments(text: string): string {
  const token =
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*.*?\*\//gs;
  return text.replace(token, (_, literal?: string) => literal ?? "");
}

/**
 * Plugin names that a source text spells out as a text literal.
 *
 * @param text The source.
 * @param names Names to look for.
 */
export function namedPlugins(text: string, names: Iterable<string>): string[] {
  const code = withoutComments(text);
  return [...names].filter((name) => new RegExp(`(["'\`])${name}\\1`).test(code));
}

/** Uses of `instanceof` on anything but an error or a typed array, which a driver has no need of. */
export function typeQuestions(text: string): string[] {
  const found = withoutComments(text).match(/\binstanceof\s+\w+/g) ?? [];
  return found.filter((f) => !/instanceof\s+(?:\w*Error|\w+Array|ArrayBuffer)$/.test(f));
}
