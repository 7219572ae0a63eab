/**
 * Where Deno keeps the engine package.
 *
 * @module
 */

import { PACKAGE_VERSION } from "./addon_folder.ts";

/** Name of the engine package, without its version. */
export const PACKAGE_NAME = "@tensorflow/tfjs-node-gpu";

/**
 * Fetches the engine package where it is not cached and finds its folder. Its list of download
 * paths is the one light module in it that knows its own place. The specifier is computed so that
 * Deno does not fetch the package for everybody who never uses this backend.
 */
export async function packageFolder(): Promise<string> {
  const specifier = `npm:${PACKAGE_NAME}@${PACKAGE_VERSION}/scripts/deps-constants.js`;
  const { default: paths } = await import(specifier);
  return (paths.depsPath as string).replace(/[\\/]deps$/, "");
}
