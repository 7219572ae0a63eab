/**
 * The files of packages that a kit must carry.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file and where it goes within a folder `node_modules`. */
export interface PackageFile {
  /** Where it is. */
  readonly from: string;
  /** Such as `long/src/long.js`. */
  readonly to: string;
}

/** What is loaded as data and not as a module. */
const ASSETS = /\.wasm$/;

/**
 * The place of a file of a package in Deno's cache, `…/npm/<registry>/<name>/<version>/<path>`.
 *
 * @returns The folder of the package, its name, and the path within.
 * @throws {Error} When the path is no such place.
 */
export function placeOf(file: string): { root: string; name: string; path: string } {
  const found = /^(.*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/\d[^/]*)\/(.*)$/.exec(
    file.replaceAll("\\", "/"),
  );
  if (found) return { root: found[1]!, name: found[2]!, path: found[3]! };
  throw new Error(`Cannot pack "${file}": expected a file of a package in Deno's cache`);
}

/** What the backends load here: modules, the descriptions of their packages, and data. */
export async function packageFiles(): Promise<PackageFile[]> {
  const script = fileURLToPath(new URL("./loaded.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot load the engine's packages: ${text.decode(stderr).trim()}`);
  const files = JSON.parse(text.decode(stdout).trim().split("\n").at(-1)!) as string[];
  const wanted = new Map<string, string>();
  for (const file of files) {
    const { root, name, path } = placeOf(file);
    wanted.set(`${name}/${path}`, file);
    wanted.set(`${name}/package.json`, join(root, "package.json"));
    for await (const { name: own } of Deno.readDir(dirname(file))) {
      if (ASSETS.test(own)) wanted.set(`${name}/${dirname(path)}/${own}`, join(dirname(file), own));
    }
  }
  return [...wanted].map(([to, from]) => ({ from, to }));
}
