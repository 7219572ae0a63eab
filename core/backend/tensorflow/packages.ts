/**
 * The npm packages of this backend: loaded when they are asked for and not before.
 *
 * @module
 */

import { importPackage } from "../../import_package.ts";
import { PACKAGE_VERSION } from "./addon_folder.ts";

/** Name of the engine package, without its version. */
export const PACKAGE_NAME = "@tensorflow/tfjs-node-gpu";

/**
 * Imports a file of the engine package. Neither deno.json nor deno.lock names the package: what
 * they name is fetched, with a warning about its installer, for everybody who never uses this
 * backend.
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
  const module = await importPackage<{ default?: Record<string, unknown> }>(specifier);
  return module.default ?? module;
}
