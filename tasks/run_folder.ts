/**
 * Opening the folder of a run where people read along.
 *
 * @module
 */

import { type RunConfig, RunFolder, type RunFolderOptions } from "../core/mod.ts";
import type { TextSink } from "./terminal/mod.ts";

/** {@linkcode RunFolder.open}, with its warnings written to a sink. */
export async function openRunFolder(
  sink: TextSink,
  path: string,
  config: RunConfig,
  options: RunFolderOptions = {},
): Promise<RunFolder> {
  const folder = await RunFolder.open(path, config, options);
  for (const text of folder.warnings) sink.write(`Warning: ${text}\n`);
  return folder;
}
