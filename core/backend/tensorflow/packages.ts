/**
 * The npm packages of this backend: loaded when they are asked for and not before.
 *
 * @module
 */

import { PACKAGE_VERSION } from "./addon_folder.ts";

/** Name of the engine package, without its version. */
export const PACKAGE_NAME = "@tensorflow/tfjs-node-gpu";

/**
 * Imports a file of the engine package, fetching the package where it is not cached. The specifier
 * is computed so that Deno does not fetch the package, with its installer and warnings about it,
 * for everybody who never uses this backend.
 *
 * @param path The file within the package.
 * @returns What the file exports.
 */
export async function importFromPackage(path: string): Promise<Record<string, unknown>> {
  return await importDefault(`npm:${PACKAGE_NAME}@${PACKAGE_VERSION}/${path}`);
}

/** Where Deno keeps the engine package, told by the one light module in it that knows its place. */
export async function packageFolder(): Promise<string> {
  const { depsPath } = await importFromPackage("scripts/deps-constants.js");
  return (depsPath as string).replace(/[\\/]deps$/, "");
}

/** Where Deno keeps the C headers of Node's native interface. */
export async function headersFolder(): Promise<string> {
  const { include_dir: folder } = await importDefault("npm:node-api-headers@1.9.0");
  return folder as string;
}

async function importDefault(specifier: string): Promise<Record<string, unknown>> {
  const module = await import(specifier);
  return module.default ?? module;
}
